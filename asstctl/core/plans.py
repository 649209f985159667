"""Plans of several targets side by side, what was changed outside of git alone, and a plan beside the approved one.

The workspace makes these values and `render` shows them.
"""

from dataclasses import dataclass

from asstctl.core.change import Absent, Change
from asstctl.core.errors import AsstctlError, Refused
from asstctl.core.exit_codes import ExitCode
from asstctl.core.json_types import Json
from asstctl.core.plan import Plan, TargetInfo


@dataclass(frozen=True, slots=True)
class Drift:
    """What somebody else changed on a target since the last apply; what the files would change is left out.

    `changes` hold drifted and conflicting fields only, or a mark that cannot be used; `notes` are sentences about
    copies and damaged marks of what is not declared. `checked` counts the objects that were looked at.
    """

    target: TargetInfo
    changes: tuple[Change, ...] = ()
    notes: tuple[str, ...] = ()
    checked: int = 0

    @property
    def is_empty(self) -> bool:
        """Nothing was changed outside of git."""
        return not self.changes and not self.notes


@dataclass(frozen=True, slots=True)
class TargetPlan:
    """What was found on one of several targets, or the error that stands in its place."""

    name: str
    found: Plan | Drift | None = None
    error: AsstctlError | None = None


@dataclass(frozen=True, slots=True)
class Plans:
    """The same question to several targets, in the order they were named."""

    targets: tuple[TargetPlan, ...]

    @property
    def is_empty(self) -> bool:
        """Nothing to do anywhere, and no target without an answer."""
        return all(one.found is not None and one.found.is_empty for one in self.targets)

    @property
    def exit_code(self) -> ExitCode:
        """1 if the files of a target are wrong or a rule forbids it there, else 3 if a target gave no answer."""
        errors = [one.error for one in self.targets if one.error is not None]
        if any(error.exit_code is ExitCode.FAILED for error in errors):
            return ExitCode.FAILED
        return ExitCode.INCONCLUSIVE if errors else ExitCode.DONE


Step = tuple[Json | Absent, Json | Absent]
"""What a plan makes of a value: from this, to that."""


@dataclass(frozen=True, slots=True)
class Contrast:
    """One thing that a plan means to do otherwise than was approved.

    `address` is empty for what holds for the whole plan; `what` is the name of a field or a file, or `action`.
    Each side is a Step where its plan tells the values, words where there are no values, None where it has none.
    """

    address: str
    what: str
    approved: Step | str | None
    present: Step | str | None


class PlanChanged(Refused):
    """What is left to do is not covered by what was approved: nothing was done."""

    code = "plan-changed"

    def __init__(self, contrasts: tuple[Contrast, ...], *, detail: str = "", hint: str = "", present: str = "") -> None:
        """`present` is the digest of the plan of now."""
        super().__init__("the plan is no longer the one that was approved", detail=detail, hint=hint)
        self.contrasts = contrasts
        self.present = present
