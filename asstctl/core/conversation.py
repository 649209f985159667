"""Conversation results: what was said (transcript), what was expected, and how it ended (verdict).

The conversations themselves (what a user writes) are models of the `conversation` package; these are the
values that it returns and that `render` shows. Those of a whole run are in `core.suite`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from asstctl.core.comparison import Comparison
from asstctl.core.diagnostic import Where
from asstctl.core.json_types import EMPTY, Json
from asstctl.core.thread import Citation, CodeRun, Passage, Usage


class Status(StrEnum):
    """How a conversation or one turn of it ended; `worst` merges."""

    PASSED = "passed"
    SKIPPED = "skipped"
    NOT_RUN = "not_run"
    STALE = "stale"  # its tape was made with other files; no verdict
    MISSING = "missing"  # it has no tape, or the tape lacks a request; no verdict
    FAILED = "failed"  # an expectation was not met
    ERROR = "error"  # no verdict: the provider or the time limit ended it

    @staticmethod
    def worst(*statuses: "Status") -> "Status":
        """The most serious of them; PASSED for none."""
        order = list(Status)
        return max(statuses, key=order.index, default=Status.PASSED)


class FailureKind(StrEnum):
    """Why a turn did not pass; stable for machines. The last group leaves no verdict (`is_error`)."""

    TEXT = "text"
    JSON = "json"
    CALL_MISSING = "call_missing"
    CALL_ARGS = "call_args"
    CALL_UNEXPECTED = "call_unexpected"
    CALL_ORDER = "call_order"
    RETRIEVAL = "retrieval"
    CODE = "code"
    LATENCY = "latency"
    BUDGET = "budget"
    RUN_STATUS = "run_status"
    JUDGE_NO = "judge_no"
    SAVE = "save"
    STUB_ERROR = "stub_error"
    JUDGE_INVALID = "judge_invalid"
    TIMEOUT = "timeout"
    COST_LIMIT = "cost_limit"  # the thread reached its own limit; `budget` is a turn that cost more than it should
    TAPE_STALE = "tape_stale"
    TAPE_MISSING = "tape_missing"
    TAPE_REFUSED = "tape_refused"
    PROVIDER_ERROR = "provider_error"

    @property
    def status(self) -> Status:
        """What a turn with such a failure is."""
        return _STATUSES.get(self, Status.FAILED)

    @property
    def is_error(self) -> bool:
        """Whether it leaves no verdict."""
        return self.status is not Status.FAILED


_STATUSES = {
    FailureKind.JUDGE_INVALID: Status.ERROR,
    FailureKind.TIMEOUT: Status.ERROR,
    FailureKind.COST_LIMIT: Status.ERROR,
    FailureKind.PROVIDER_ERROR: Status.ERROR,
    FailureKind.TAPE_REFUSED: Status.ERROR,
    FailureKind.TAPE_STALE: Status.STALE,
    FailureKind.TAPE_MISSING: Status.MISSING,
}


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One place where a value is not what was expected: `path` in dots inside it, both sides as text."""

    path: str
    expected: str
    actual: str


@dataclass(frozen=True, slots=True)
class Failure:
    """One expectation not met: kind, one sentence, both sides, and the line in the file that expected it.

    `call` is the index (from 0) of the call in the turn's transcript that it speaks of, where it speaks of one.
    """

    kind: FailureKind
    message: str
    mismatches: tuple[Mismatch, ...] = ()
    where: Where | None = None
    call: int | None = None


@dataclass(frozen=True, slots=True)
class CallMade:
    """One function call as it happened: arguments as JSON text, and what the stub answered (None: nothing).

    `matched`: it is what the turn expected.
    """

    name: str
    arguments: str
    output: str | None = None
    matched: bool = False


@dataclass(frozen=True, slots=True)
class TurnResult:
    """One turn: what the user said (None: the turn waits for the assistant), the calls, the reply.

    `files` names the images and attachments that went with it, as their paths in the project. `seconds` is the whole
    turn, `first_token` the seconds until the first text came, where that was measured; both are of the recording
    where the case is `recorded`. `cost` is in US dollars, None where no price is known.
    """

    number: int
    status: Status
    user: str | None = None
    calls: tuple[CallMade, ...] = ()
    reply: str = ""
    failures: tuple[Failure, ...] = ()
    seconds: float = 0.0
    where: Where | None = None
    files: tuple[str, ...] = ()
    usage: Usage | None = None
    cost: float | None = None
    first_token: float | None = None
    citations: tuple[Citation, ...] = ()
    passages: tuple[Passage, ...] = ()
    code: tuple[CodeRun, ...] = ()
    saved: Mapping[str, Json] = field(default_factory=lambda: EMPTY)

    @property
    def tokens(self) -> int | None:
        """All tokens of the turn; None where the provider does not count them."""
        return self.usage.total_tokens if self.usage else None


@dataclass(frozen=True, slots=True)
class Rate:
    """How often a repeated conversation passed. It stops as soon as the verdict is certain, so `ran` <= `planned`."""

    passed: int
    ran: int
    needed: int
    planned: int


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One conversation: `id` is unique per assistant, `turns` are all its turns, those not run included.

    `id` ends with the cell of a matrix in brackets: `refund-ok[de-small]`. `closing` are the expectations of `finally`
    that were not met. `not_run` is why it was never begun, or not gone on with (a budget, the first failure, Ctrl-C).
    `rate` and `repeats` (each playing) are there for a repeated one, whose turns and failures are those of the first
    playing that did not pass. `retries` counts playings begun anew after trouble with the infrastructure. `deployed` is
    the same conversation with what is deployed, where this one was had with a candidate, and `comparison` holds one
    playing against what it was, or against the same on another target. `began` is in seconds since
    the run began. `tape` is the file that was replayed (`recorded`) or recorded. `judged` is what judges used,
    `judge_cost` in US dollars.
    """

    assistant: str
    id: str
    where: Where
    turns: tuple[TurnResult, ...]
    seconds: float = 0.0
    skipped: str = ""  # why, when it was
    failure: Failure | None = None  # what stopped it outside of any turn (the thread could not be opened)
    name: str = ""
    tags: tuple[str, ...] = ()
    not_run: str = ""
    closing: tuple[Failure, ...] = ()
    thread: str = ""
    kept: bool = False  # the thread was left where it is, as asked
    rate: Rate | None = None
    repeats: "tuple[CaseResult, ...]" = ()
    retries: int = 0
    deployed: "CaseResult | None" = None
    began: float = 0.0
    tape: str = ""
    recorded: bool = False
    judged: Usage | None = None
    judge_cost: float | None = None
    comparison: Comparison | None = None

    @property
    def node(self) -> str:
        """What names it on the command line: `FILE::ID`."""
        return f"{self.where.path}::{self.id}"

    @property
    def playings(self) -> "tuple[CaseResult, ...]":
        """Each time that it was had."""
        return self.repeats or (self,)

    @property
    def comparisons(self) -> tuple[Comparison, ...]:
        """Those of all playings that were held against something."""
        return tuple(one.comparison for one in self.playings if one.comparison is not None)

    @property
    def status(self) -> Status:
        """How it ended; NOT_RUN where it was not gone on with, or no turn was run and nothing went wrong.

        Of a repeated one: by its rate. Errors fail nobody: without enough passes and without enough failures to rule
        them out, the worst of the playings stands.
        """
        if self.skipped:
            return Status.SKIPPED
        if self.rate is not None:
            return self._by_rate(self.rate)
        if self.not_run:
            return Status.NOT_RUN
        own = () if self.failure is None else (self.failure.kind.status,)
        closing = (failure.kind.status for failure in self.closing)
        ran = (*own, *closing, *(t.status for t in self.turns if t.status is not Status.NOT_RUN))
        return Status.worst(*ran) if ran else Status.NOT_RUN

    def _by_rate(self, rate: Rate) -> Status:
        if rate.passed >= rate.needed:
            return Status.PASSED
        failed = sum(one.status is Status.FAILED for one in self.repeats)
        if rate.planned - failed < rate.needed:
            return Status.FAILED
        return Status.worst(*(one.status for one in self.repeats if one.status is not Status.FAILED))

    @property
    def first_bad_turn(self) -> TurnResult | None:
        """The turn that did not pass."""
        return next((t for t in self.turns if t.status not in {Status.PASSED, Status.NOT_RUN}), None)

    @property
    def kind(self) -> FailureKind | None:
        """The kind of its first failure."""
        bad = self.first_bad_turn
        failures = (self.failure, *(bad.failures if bad else ()), *self.closing)
        return next((failure.kind for failure in failures if failure), None)

    @property
    def usage(self) -> Usage | None:
        """What its turns used, all playings counted; None where nobody counts."""
        counted = [one.usage for case in self.playings for one in case.turns if one.usage]
        return sum(counted, start=Usage(0, 0)) if counted else None

    @property
    def cost(self) -> float | None:
        """What its turns cost in US dollars, all playings counted; None where the price of any of them is unknown."""
        ran = [turn for case in self.playings for turn in case.turns if turn.status is not Status.NOT_RUN]
        costs = [turn.cost for turn in ran]
        return None if not ran or None in costs else sum(cost for cost in costs if cost is not None)
