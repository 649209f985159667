"""Progress: outcomes as they come, who hears of them, and what follows for the changes that are still to come."""

from collections.abc import Callable
from enum import StrEnum
from functools import partial

from asstctl.core.address import Address
from asstctl.core.change import Action, Change
from asstctl.core.outcome import ApplyReport, Outcome, OutcomeStatus, Progress
from asstctl.core.plan import Plan
from asstctl.engine.applying.absences import Absences
from asstctl.engine.applying.requests import Requests
from asstctl.engine.applying.written import Written
from asstctl.engine.planning.order import needs_of


class OnError(StrEnum):
    """What a failure means for what does not depend on it."""

    CONTINUE = "continue"
    STOP = "stop"  # nothing is begun after the first one


class Outcomes:
    """The outcomes of one apply, told to its listeners."""

    def __init__(
        self,
        plan: Plan,
        requests: Requests,
        absences: Absences,
        on_outcome: Callable[[Outcome], None],
        on_progress: Callable[[Progress], None],
        on_error: OnError,
    ) -> None:
        self.by_address: dict[Address, Outcome] = {}
        self._plan = plan
        self._needs = needs_of(plan.changes)
        self._requests = requests
        self._absences = absences
        self._on_outcome = on_outcome
        self._on_progress = on_progress
        self._on_error = on_error
        self._ids = {change.address: change.remote_id for change in plan.changes}
        self._warnings: dict[str, None] = {}
        self._failed: Address | None = None
        self._deaf: Exception | None = None

    def end(self, change: Change, written: Written, seconds: float = 0.0) -> None:
        """A change has ended, as far as is known now."""
        outcome = Outcome(
            change.address,
            change.action,
            written.status,
            written.remote_id,
            seconds,
            written.detail,
            written.hint,
            written.request_id,
            refresh=change.action is Action.KEEP and change.block is None,
        )
        known = self.by_address.get(change.address)
        self.by_address[change.address] = outcome
        self.warn(*written.warnings)
        if written.status in (OutcomeStatus.FAILED, OutcomeStatus.UNKNOWN):
            self._failed = self._failed or change.address
        silent = outcome.refresh and outcome.status is OutcomeStatus.APPLIED
        if not silent and outcome != known:
            self._tell(partial(self._on_outcome, outcome))

    def sent(self, address: Address, path: str, sent: int, total: int) -> None:
        """So much of a file has been sent."""
        self._tell(partial(self._on_progress, Progress(address, path, sent, total)))

    def warn(self, *sentences: str) -> None:
        """Something that the report is to say, once."""
        self._warnings.update(dict.fromkeys(sentences))

    def id_of(self, address: Address) -> str | None:
        """The id of what bears an address, made in this run or before it."""
        outcome = self.by_address.get(address)
        return outcome.remote_id if outcome else self._ids.get(address)

    def report(self) -> ApplyReport:
        """All outcomes in the plan's order. Raises what a listener raised, now that nothing is in flight."""
        if self._deaf:
            raise self._deaf
        ordered = tuple(self.by_address[c.address] for c in self._plan.changes if c.address in self.by_address)
        return ApplyReport(ordered, tuple(self._warnings), interrupted=self._requests.stopped)

    def why_not(self, change: Change) -> str:
        """Why a change is not even attempted, or nothing."""
        if self._deaf:
            return "interrupted before it was started"
        if why := self._requests.why_no_more:
            return why
        if self._failed and self._on_error is OnError.STOP:
            return f"not begun after {self._failed} failed"
        for address in self._needs[change.address]:
            if address in self.by_address and self.by_address[address].status is not OutcomeStatus.APPLIED:
                return f"{address}, which it needs, was not applied"
        return self._absences.why_not(change) if change.action is Action.CREATE else ""

    def _tell(self, listener: Callable[[], None]) -> None:
        try:
            listener()
        except Exception as error:
            # a listener must not tear the writes of others apart: start nothing more, drain, then say so
            self._deaf = self._deaf or error
