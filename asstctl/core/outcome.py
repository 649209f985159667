"""Outcome: what became of one change, how far its files are, the report of a whole apply, and that beside its plan."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from asstctl.core.address import Address
from asstctl.core.change import Action
from asstctl.core.exit_codes import ExitCode
from asstctl.core.plan import Plan

if TYPE_CHECKING:
    from asstctl.core.suite import SuiteResult


class OutcomeStatus(StrEnum):
    """How a change ended."""

    APPLIED = "applied"
    FAILED = "failed"  # the provider said no, or a race was lost
    SKIPPED = "skipped"  # not attempted: blocked, changed since the plan, a dependency failed, interrupted
    UNKNOWN = "unknown"  # sent, and nobody can say whether it happened


@dataclass(frozen=True, slots=True)
class Outcome:
    """One change's end. `seconds` is how long the requests took, `detail` why it is not applied."""

    address: Address
    action: Action
    status: OutcomeStatus
    remote_id: str | None = None
    seconds: float = 0.0
    detail: str = ""
    hint: str = ""
    request_id: str | None = None
    refresh: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one file is: so many of its bytes have been sent."""

    address: Address
    path: str
    sent: int
    total: int


@dataclass(frozen=True, slots=True)
class ApplyReport:
    """All outcomes in the plan's order. `warnings` are sentences (a value the provider rewrote, a twin found)."""

    outcomes: tuple[Outcome, ...]
    warnings: tuple[str, ...] = ()
    interrupted: bool = False

    def with_status(self, status: OutcomeStatus) -> tuple[Outcome, ...]:
        """The outcomes that ended so, mark refreshes aside."""
        return tuple(o for o in self.outcomes if o.status is status and not o.refresh)

    @property
    def refreshed(self) -> int:
        """How many stale marks were written again."""
        return sum(o.refresh and o.status is OutcomeStatus.APPLIED for o in self.outcomes)

    @property
    def exit_code(self) -> ExitCode:
        """1 if anything was blocked, failed or skipped, else 3 if an outcome is unknown (DESIGN section 5)."""
        if self.interrupted:
            return ExitCode.INTERRUPTED
        statuses = {o.status for o in self.outcomes}
        if statuses & {OutcomeStatus.FAILED, OutcomeStatus.SKIPPED}:
            return ExitCode.FAILED
        return ExitCode.INCONCLUSIVE if OutcomeStatus.UNKNOWN in statuses else ExitCode.DONE


@dataclass(frozen=True, slots=True)
class Applied:
    """A plan and what came of it; no report where it was not approved. `gate` is how the conversations went that had
    to pass first."""

    plan: Plan
    report: ApplyReport | None
    gate: "SuiteResult | None" = None

    @property
    def is_held(self) -> bool:
        """Whether the gate did not let it through."""
        return self.report is None and self.gate is not None and self.gate.exit_code is not ExitCode.DONE

    @property
    def exit_code(self) -> ExitCode:
        """The report's; that of the gate which held it; 1 where the plan was turned down."""
        if self.is_held and self.gate:
            return self.gate.exit_code
        return ExitCode.FAILED if self.report is None else self.report.exit_code
