"""Suite: a whole run of conversations, and what is told of it while it goes on."""

from collections.abc import Callable
from dataclasses import dataclass

from asstctl.core.comparison import Comparing, Totals, totals
from asstctl.core.conversation import CaseResult, Status
from asstctl.core.coverage import Coverage
from asstctl.core.diagnostic import Where
from asstctl.core.exit_codes import ExitCode
from asstctl.core.plan import TargetInfo


@dataclass(frozen=True, slots=True)
class CaseBegan:
    """A conversation has begun. `index` is its place in the run and stands for it in what follows."""

    index: int
    assistant: str
    id: str
    turns: int
    playing: int = 1


@dataclass(frozen=True, slots=True)
class TurnBegan:
    """One of its turns has begun; those before it used so many tokens, as far as they were counted."""

    index: int
    number: int
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class Calling:
    """The assistant asked for this function, and its stub is working."""

    index: int
    function: str


@dataclass(frozen=True, slots=True)
class CaseEnded:
    """It has ended, all its playings included."""

    index: int
    result: CaseResult


@dataclass(frozen=True, slots=True)
class Slowed:
    """The provider asked for patience: so many conversations go on at once from here on."""

    width: int
    wait: float


Moment = CaseBegan | TurnBegan | Calling | CaseEnded | Slowed
Hear = Callable[[Moment], None]


def nobody(moment: Moment) -> None:
    """A Hear that tells no one."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A conversation that was chosen."""

    assistant: str
    id: str
    where: Where
    name: str = ""
    tags: tuple[str, ...] = ()

    @property
    def node(self) -> str:
        """What names it on the command line: `FILE::ID`."""
        return f"{self.where.path}::{self.id}"


@dataclass(frozen=True, slots=True)
class Chosen:
    """The conversations that a run would play. `selection` says in words how they were chosen, and `empty_is_fine` that
    choosing none of them is a result.
    """

    target: TargetInfo
    planned: tuple[Planned, ...]
    selection: str = ""
    empty_is_fine: bool = False

    @property
    def exit_code(self) -> ExitCode:
        """1 where there is nothing to test."""
        return ExitCode.DONE if self.planned or self.empty_is_fine else ExitCode.FAILED


@dataclass(frozen=True, slots=True)
class SuiteBegan:
    """A run as it begins. `shard` is its part, as `I/N`; `planned` are the conversations of all parts, so that whoever
    joins them knows which of them nobody played.
    """

    target: TargetInfo
    planned: tuple[Planned, ...] = ()
    mode: str = "live"
    candidate: bool = False
    shard: str = ""
    deployed: bool = False
    comparing: Comparing | None = None


@dataclass(frozen=True, slots=True)
class Spend:
    """What a run used, assistants and judges apart. Costs are in US dollars, None where a price is unknown; what is
    known of them all the same is `known_cost` and `judge_known_cost`.
    """

    tokens: int = 0
    cost: float | None = None
    judge_tokens: int = 0
    judge_cost: float | None = None
    known_cost: float = 0.0
    judge_known_cost: float = 0.0


@dataclass(frozen=True, slots=True)
class SuiteResult:
    """All conversations of a run, in the order of files. `replies` says where the answers came from.

    `instructions_exercised` is False where replies were scripted or echoed: the assistant's own instructions
    had no part in them. `warnings` are sentences, `left_behind` names what could not be deleted. `run` is the run's
    id, `mode` where the conversations came from: live, record, replay or auto. `candidate`: copies were talked to;
    `deployed`: what is deployed, whatever the files say. `stopped` is why not all were begun, where nobody interrupted
    it, or which limit could not be kept: a run that was stopped has no verdict but failures. `selection` says in words
    how the conversations were chosen, `everything` that all of the project were, and `empty_is_fine` that choosing none
    is a result. `comparing` says with what they were compared, and each of them what came of it.
    """

    cases: tuple[CaseResult, ...]
    target: TargetInfo
    replies: str
    instructions_exercised: bool
    seconds: float = 0.0
    interrupted: bool = False
    warnings: tuple[str, ...] = ()
    left_behind: tuple[str, ...] = ()
    run: str = ""
    mode: str = "live"
    candidate: bool = False
    stopped: str = ""
    selection: str = ""
    empty_is_fine: bool = False
    no_skips: bool = False
    spend: Spend = Spend()
    coverage: Coverage | None = None
    deployed: bool = False
    everything: bool = False
    comparing: Comparing | None = None

    def count(self, status: Status) -> int:
        """How many conversations ended so."""
        return sum(c.status is status for c in self.cases)

    @property
    def compared(self) -> Totals:
        """What comparing them came to."""
        return totals(case.comparisons for case in self.cases)

    @property
    def exit_code(self) -> ExitCode:
        """1 for a failure or nothing to test, 3 where something has no verdict (DESIGN section 5)."""
        if self.interrupted:
            return ExitCode.INTERRUPTED
        nothing = not self.cases and not self.empty_is_fine
        skips = self.no_skips and self.count(Status.SKIPPED)
        uncovered = self.coverage is not None and not self.coverage.enough
        if nothing or skips or uncovered or self.count(Status.FAILED) or self._unlike:
            return ExitCode.FAILED
        undecided = (Status.ERROR, Status.STALE, Status.MISSING, Status.NOT_RUN)
        open_ = self.stopped or any(map(self.count, undecided)) or self._uncompared
        return ExitCode.INCONCLUSIVE if open_ else ExitCode.DONE

    @property
    def _unlike(self) -> bool:
        """Whether differences were to be failures, and there are some, or there was nothing to look for them in."""
        if self.comparing is None or not self.comparing.fails or not self.cases:
            return False
        open_ = any(one.undecided for case in self.cases for one in case.comparisons)
        found = self.compared
        return found.alike < found.conversations or (not found.conversations and not open_)

    @property
    def _uncompared(self) -> bool:
        """Whether differences were to be failures, and trouble stood in the way of finding them all."""
        fails = self.comparing is not None and self.comparing.fails
        return fails and any(one.undecided for case in self.cases for one in case.comparisons)
