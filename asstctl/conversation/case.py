"""Case: one conversation as it will be played, after files, shared stubs and checks of what was typed.

Frozen values without pydantic, so that playing stays light. Each part remembers its line, which a failure
shows. What a user types is in `models`, how it becomes these values in `cases`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from asstctl.conversation.stubs.kind import StubRule
from asstctl.core.diagnostic import Where
from asstctl.core.json_types import EMPTY, Json, JsonObject
from asstctl.core.ports import Said


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


@dataclass(frozen=True, slots=True)
class ExpectedCall:
    """One entry of `calls`.

    `args` is a pattern; `exact` matches it exactly after `ignore` took argument names away on both sides and
    `defaults` filled in what a call may leave out. `times` None: at least one call of its own; a number: so
    many and no more; 0 forbids.
    """

    name: str
    where: Where
    args: JsonObject = field(default_factory=lambda: EMPTY)
    exact: bool = False
    ignore: frozenset[str] = frozenset()
    defaults: JsonObject = field(default_factory=lambda: EMPTY)
    times: int | None = None


@dataclass(frozen=True, slots=True)
class Expectation:
    """One operator of `expect` with one value; a list of texts to contain is one of these per text."""

    operator: str
    value: Json
    where: Where


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn: what the user says (None: the assistant just runs) and what must come of it."""

    where: Where
    user: str | None = None
    calls: tuple[ExpectedCall, ...] = ()
    call_mode: CallMode = CallMode.ANY_ORDER
    expect: tuple[Expectation, ...] = ()

    @property
    def expects_something(self) -> bool:
        return bool(self.calls or self.expect or self.call_mode.closed)


@dataclass(frozen=True, slots=True)
class Case:
    """One conversation. `stubs` holds the rules of every function, own rules before shared ones."""

    assistant: str
    id: str
    where: Where
    turns: tuple[Turn, ...]
    name: str = ""
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    messages: tuple[Said, ...] = ()
    stubs: Mapping[str, tuple[StubRule, ...]] = field(default_factory=lambda: EMPTY)

    @property
    def runs_code(self) -> bool:
        """Whether a stub of it executes code of the project, which `--no-code` forbids."""
        return any(rule.answer.runs_code for rules in self.stubs.values() for rule in rules)
