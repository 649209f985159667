"""Case: one conversation as it will be played, after files, shared stubs, variables and checks of what was typed.

Frozen values without pydantic, so that playing stays light. Each part remembers its line, which a failure
shows. What a user types is in `models`, how it becomes these values in `cases`. A text that names `saved` is known
only while the conversation is played: it is a `late.Late`, which `late.filled` turns into what it says by then.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from asstctl.conversation.stubs.kind import StubRule
from asstctl.core.diagnostic import Where
from asstctl.core.json_types import EMPTY, Json, JsonObject
from asstctl.core.thread import Need, Tool


class CallMode(StrEnum):
    """How the expected calls of a turn relate to those made."""

    ANY_ORDER = "any-order"  # all expected were made; others may be too
    IN_ORDER = "in-order"  # all expected were made, in this order; others may be between them
    ONLY = "only"  # all expected were made and no others, in any order
    EXACT = "exact"  # exactly the expected, in this order

    @property
    def ordered(self) -> bool:
        return self in {CallMode.IN_ORDER, CallMode.EXACT}

    @property
    def closed(self) -> bool:
        """Whether calls that are not expected are failures."""
        return self in {CallMode.ONLY, CallMode.EXACT}


class Cleanup(StrEnum):
    """When the thread of a conversation, and what was made for it, is deleted."""

    ALWAYS = "always"
    ON_PASS = "on-pass"  # noqa: S105  # passing, not a password
    NEVER = "never"


class Trouble(StrEnum):
    """Trouble with the infrastructure after which a conversation may be played again."""

    RATE_LIMIT = "rate_limit"
    SERVER_ERROR = "server_error"
    CONNECTION = "connection"
    TIMEOUT = "timeout"


@dataclass(frozen=True, slots=True)
class ExpectedCall:
    """One entry of `calls`.

    `args` is a pattern; `exact` matches it exactly after `ignore` took argument names away on both sides and
    `defaults` filled in what a call may leave out. `paths` are patterns for what a JSONPath finds in the arguments.
    `times` None: at least one call of its own; a number: so many and no more; 0 forbids.
    """

    name: str
    where: Where
    args: JsonObject = field(default_factory=lambda: EMPTY)
    exact: bool = False
    ignore: frozenset[str] = frozenset()
    defaults: JsonObject = field(default_factory=lambda: EMPTY)
    times: int | None = None
    paths: tuple[tuple[str, Json], ...] = ()


@dataclass(frozen=True, slots=True)
class Expectation:
    """One operator of `expect` with one value; a list of texts to contain is one of these per text."""

    operator: str
    value: Json
    where: Where


@dataclass(frozen=True, slots=True)
class Save:
    """A value to keep under a name: of the calls, by a path such as `calls.refund[-1].output.id`, or of the reply.

    `source` is `calls` (with `path`), `reply`, `regex` or `json-path` (with `path`, on the reply).
    """

    name: str
    source: str
    where: Where
    path: str = ""


@dataclass(frozen=True, slots=True)
class UserFile:
    """A file that is sent with a message or kept by the thread: of the project, or an image by its URL.

    `shown` is its path in the project, or the URL. `tools` None: an image to look at.
    """

    shown: str
    where: Where
    path: Path | None = None
    url: str = ""
    tools: tuple[Tool, ...] | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """One message that the thread holds before the first turn."""

    role: str
    text: str
    where: Where
    files: tuple[UserFile, ...] = ()


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn: what the user says (None: the assistant just runs) and what must come of it."""

    where: Where
    user: str | None = None
    calls: tuple[ExpectedCall, ...] = ()
    call_mode: CallMode = CallMode.ANY_ORDER
    expect: tuple[Expectation, ...] = ()
    files: tuple[UserFile, ...] = ()
    save: tuple[Save, ...] = ()
    was: str | None = None  # what an earlier assistant replied, for comparison

    @property
    def expects_something(self) -> bool:
        return bool(self.calls or self.expect or self.call_mode.closed)


@dataclass(frozen=True, slots=True)
class Closing:
    """`finally`: what must hold of the whole conversation, after its last turn."""

    where: Where
    calls: tuple[ExpectedCall, ...] = ()
    call_mode: CallMode = CallMode.ANY_ORDER
    expect: tuple[Expectation, ...] = ()


@dataclass(frozen=True, slots=True)
class Repeat:
    """How often a conversation is played, and how often it must pass."""

    runs: int = 1
    needed: int = 1


@dataclass(frozen=True, slots=True)
class Retry:
    """How often a conversation is begun anew after trouble with the infrastructure, and after which."""

    most: int = 0
    after: frozenset[Trouble] = frozenset()


@dataclass(frozen=True, slots=True)
class Budget:
    """What the conversations of one file may use together, judges apart. `file` names the purse, `where` its cost."""

    file: str
    cost: float | None = None  # US dollars
    tokens: int | None = None
    where: Where | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Case:
    """One conversation. `stubs` holds the rules of every function, own rules before shared ones; those of `"*"`
    answer calls that no other rule answers.

    `id` ends with its cell of the matrix in brackets. `values` are what templates may name (`vars`, `matrix`), for
    texts that are filled late. Timeouts are in seconds, None for the run's. `overrides` are fields of each run
    (`RunOptions.overrides`). `needs` is what the wire has to be able to do. `typed` is the conversation as JSON, as it
    was written with its variables filled in and everything shared beside it: what a tape is a tape of. `schemas` are
    the parameters of the assistant's functions as JSON Schema, for explanations; `returns` is what their outputs must
    be, for those that say so.
    """

    assistant: str
    id: str
    where: Where
    turns: tuple[Turn, ...]
    name: str = ""
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    messages: tuple[Message, ...] = ()
    files: tuple[UserFile, ...] = ()
    stubs: Mapping[str, tuple[StubRule, ...]] = field(default_factory=lambda: EMPTY)
    closing: Closing | None = None
    values: Mapping[str, Json] = field(default_factory=lambda: EMPTY)
    repeat: Repeat = Repeat()
    retry: Retry = Retry()
    budget: Budget | None = None
    turn_timeout: float | None = None
    timeout: float | None = None
    overrides: Mapping[str, Json] = field(default_factory=lambda: EMPTY)
    cleanup: Cleanup = Cleanup.ALWAYS
    needs: frozenset[Need] = frozenset()
    typed: Json = None
    schemas: Mapping[str, JsonObject] = field(default_factory=lambda: EMPTY)
    returns: Mapping[str, JsonObject] = field(default_factory=lambda: EMPTY)

    @property
    def runs_code(self) -> bool:
        """Whether a stub of it executes code of the project, which `--no-code` forbids."""
        return any(rule.answer.runs_code for rules in self.stubs.values() for rule in rules)

    def why_unable(self, cannot: Mapping[str, str]) -> str:
        """Why it cannot be had on a wire that cannot do all of this, with the capability's name; "" where it can."""
        lacking = (need for need in sorted(self.needs) if need in cannot)
        return next((f"{cannot[need]} ({need})" for need in lacking), "")

    @property
    def node(self) -> str:
        """What names it on the command line: `FILE::ID`."""
        return f"{self.where.path}::{self.id}"
