"""Conversation results: what was said (transcript), what was expected, and how it ended (verdict).

The conversations themselves (what a user writes) are models of the `conversation` package; these are the
values that it returns and that `render` shows.
"""

from dataclasses import dataclass
from enum import StrEnum

from asstctl.core.diagnostic import Where
from asstctl.core.exit_codes import ExitCode
from asstctl.core.plan import TargetInfo


class Status(StrEnum):
    """How a conversation or one turn of it ended; `worst` merges."""

    PASSED = "passed"
    SKIPPED = "skipped"
    NOT_RUN = "not_run"
    FAILED = "failed"  # an expectation was not met
    ERROR = "error"  # no verdict: the provider or the time limit ended it

    @staticmethod
    def worst(*statuses: "Status") -> "Status":
        """The most serious of them; PASSED for none."""
        order = list(Status)
        return max(statuses, key=order.index, default=Status.PASSED)


class FailureKind(StrEnum):
    """Why a turn did not pass; stable for machines. The last group are errors, not failures."""

    TEXT = "text"
    CALL_MISSING = "call_missing"
    CALL_ARGS = "call_args"
    CALL_UNEXPECTED = "call_unexpected"
    CALL_ORDER = "call_order"
    RUN_STATUS = "run_status"
    STUB_ERROR = "stub_error"
    TIMEOUT = "timeout"
    PROVIDER_ERROR = "provider_error"

    @property
    def is_error(self) -> bool:
        """Whether it leaves no verdict."""
        return self in {FailureKind.TIMEOUT, FailureKind.PROVIDER_ERROR}


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
    """One function call as it happened: arguments as JSON text, and what the stub answered (None: nothing)."""

    name: str
    arguments: str
    output: str | None = None


@dataclass(frozen=True, slots=True)
class TurnResult:
    """One turn: what the user said (None: the turn waits for the assistant), the calls, the reply."""

    number: int
    status: Status
    user: str | None = None
    calls: tuple[CallMade, ...] = ()
    reply: str = ""
    failures: tuple[Failure, ...] = ()
    seconds: float = 0.0
    tokens: int | None = None
    where: Where | None = None


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One conversation: `id` is unique per assistant, `turns` are all its turns, those not run included."""

    assistant: str
    id: str
    where: Where
    turns: tuple[TurnResult, ...]
    seconds: float = 0.0
    skipped: str = ""  # why, when it was
    failure: Failure | None = None  # what stopped it outside of any turn (the thread could not be opened)

    @property
    def status(self) -> Status:
        """The worst of its turns; NOT_RUN where none was run and nothing went wrong."""
        if self.skipped:
            return Status.SKIPPED
        own = () if self.failure is None else (Status.ERROR if self.failure.kind.is_error else Status.FAILED,)
        ran = (*own, *(t.status for t in self.turns if t.status is not Status.NOT_RUN))
        return Status.worst(*ran) if ran else Status.NOT_RUN

    @property
    def first_bad_turn(self) -> TurnResult | None:
        """The turn that failed."""
        return next((t for t in self.turns if t.status in {Status.FAILED, Status.ERROR}), None)


@dataclass(frozen=True, slots=True)
class SuiteResult:
    """All conversations of a run, in the order of files. `replies` says where the answers came from.

    `instructions_exercised` is False where replies were scripted or echoed: the assistant's own instructions
    had no part in them. `warnings` are sentences, `left_behind` ids of threads that could not be deleted.
    """

    cases: tuple[CaseResult, ...]
    target: TargetInfo
    replies: str
    instructions_exercised: bool
    seconds: float = 0.0
    interrupted: bool = False
    warnings: tuple[str, ...] = ()
    left_behind: tuple[str, ...] = ()

    def count(self, status: Status) -> int:
        """How many conversations ended so."""
        return sum(c.status is status for c in self.cases)

    @property
    def exit_code(self) -> ExitCode:
        """1 for a failure or nothing to test, 3 for errors alone (DESIGN section 5)."""
        if self.interrupted:
            return ExitCode.INTERRUPTED
        if not self.cases or self.count(Status.FAILED):
            return ExitCode.FAILED
        return ExitCode.INCONCLUSIVE if self.count(Status.ERROR) else ExitCode.DONE
