"""Pipelines: what `asstctl ci` leaves behind for people and for later runs, as values.

The record is how an approved plan travels from a pull request to its merge; the reports are what comments, summaries
and pages show. Where they are kept is for `forges`, how they look for `render`, what they mean for `workspace.ci`.
"""

from dataclasses import dataclass, field

from asstctl.core.approval import Approved
from asstctl.core.errors import Refused
from asstctl.core.outcome import Applied
from asstctl.core.plan import Plan
from asstctl.core.plans import Contrast, Plans
from asstctl.core.suite import SuiteResult

FORMAT = 1
"""The version of a record's form."""


@dataclass(frozen=True, slots=True)
class Record:
    """A plan that was made for a pull request, bound to the commits that it was made of. `label` tells the plans of one
    pull request apart; `run` made it."""

    label: str
    target: str
    head: str
    base: str
    run: str
    digest: str
    approved: Approved
    format: int = FORMAT


@dataclass(frozen=True, slots=True)
class Outdated:
    """An approval that no longer fits: it was of a commit whose plan had another digest; "" where there was none."""

    author: str
    commit: str
    digest: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a report comes from: what it is told apart by, which commits, and where all of it is to be seen. `artifact`
    is the name under which the run leaves its files."""

    label: str = ""
    head: str = ""
    base: str = ""
    run_url: str = ""
    artifact: str = ""


@dataclass(frozen=True, slots=True)
class PlanReport:
    """A plan as a pull request shows it. `outdated` is every approval that it went beyond."""

    plan: Plan
    place: Place = field(default_factory=Place)
    outdated: tuple[Outdated, ...] = ()


@dataclass(frozen=True, slots=True)
class SuiteReport:
    """Conversations as a pull request shows them."""

    suite: SuiteResult
    place: Place = field(default_factory=Place)


@dataclass(frozen=True, slots=True)
class AppliedReport:
    """What was applied, or why nothing was: `refusal` is the sentence, `way_on` the command. `contrasts` are what the
    plan of now would do beside or instead of the approved one."""

    applied: Applied | None
    place: Place = field(default_factory=Place)
    refusal: str = ""
    way_on: str = ""
    contrasts: tuple[Contrast, ...] = ()


@dataclass(frozen=True, slots=True)
class DriftReport:
    """What a nightly check found: the drift of each target."""

    drifts: Plans
    place: Place = field(default_factory=Place)


class MovedOn(Refused):
    """There is something to do, and it would take back what a later commit brought."""

    code = "moved-on"


class NotApproved(Refused):
    """There is something to do, and nobody is known to have agreed to it."""

    code = "not-approved"

    def __init__(self, *, detail: str, hint: str, present: str) -> None:
        """`present` is the digest of the plan of now."""
        super().__init__("nobody is known to have approved this plan", detail=detail, hint=hint)
        self.present = present
