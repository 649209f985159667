"""The agent: what a request may say of it, and what the service fills in.

The members of `CONFIGURATION` are also those of an agent that a session is given or overrides.
"""

from dataclasses import dataclass
from typing import Any

from asstctl.emulator.agents import refusals
from asstctl.emulator.agents.objects.tools import Tools, filled, nullable, wrong_root
from asstctl.emulator.agents.quirks import Quirks
from asstctl.emulator.objects.base import IDENTITY, Collection, Field
from asstctl.emulator.objects.shared import EFFORTS, METADATA
from asstctl.emulator.refusals import empty_string
from asstctl.emulator.shapes import (
    AnyObject,
    Choice,
    Flag,
    Member,
    Null,
    Record,
    Rules,
    Shape,
    Text,
    Variants,
    Whole,
)

Json = Any

_WRITES = ("create", "update")
_MAX_TEXT = 1_048_576
_MAX_NAME = 128
_MOST_SUBAGENTS = 4_294_967_295
_SUBAGENTS = 6
"""At once, where an agent has them and does not say how many."""

TIERS = Choice(("auto", "default", "flex", "priority", "fast", "ultrafast"))
REASONING = Record((nullable("effort", EFFORTS), nullable("summary", Choice(("concise", "detailed", "auto")))))


@dataclass(frozen=True, slots=True)
class _Schema(Shape):
    """What the text of an answer must match."""

    expected = "an object"

    def read(self, value: Json, path: str, rules: Rules) -> dict[str, Json]:
        schema = AnyObject().read(value, path, rules)
        root = wrong_root(schema)
        if root is not None and not rules.lenient:
            raise refusals.schema_of_text(root)
        return schema


@dataclass(frozen=True, slots=True)
class _MultiAgent(Shape):
    """How many subagents there may be is null where there are none."""

    expected = "an object"

    def read(self, value: Json, path: str, rules: Rules) -> dict[str, Json]:
        given = _MULTI_AGENT.read(value, path, rules)
        most = given.get("max_concurrent_subagents", _SUBAGENTS) if given["enabled"] else None
        return {"enabled": given["enabled"], "max_concurrent_subagents": most}


_MULTI_AGENT = Record(
    (Member("enabled", Flag(), required=True), Member("max_concurrent_subagents", Whole(1, _MOST_SUBAGENTS)))
)
_PLAIN = {"type": "text"}
_FORMAT = Variants({"text": Record(()), "json_schema": Record((Member("schema", _Schema(), required=True),))})
_TEXT = Record((filled("format", _FORMAT, _PLAIN), filled("verbosity", Choice(("low", "medium", "high")), "medium")))
_NO_EFFORT = {"effort": None, "summary": None}
_NO_SUBAGENTS = {"enabled": False, "max_concurrent_subagents": None}


@dataclass(frozen=True, slots=True)
class _Model(Shape):
    """Any name: which ones there are is for the reply backend to know."""

    expected = "a string"

    def read(self, value: Json, path: str, rules: Rules) -> str:
        name = Text(_MAX_TEXT).read(value, path, rules)
        if not name and not rules.lenient:
            raise empty_string(path)
        return name


CONFIGURATION = (
    Field("model", _Model(), takes=_WRITES, required=("create",)),
    Field("name", Text(_MAX_NAME), takes=_WRITES, null=Null.KEPT),
    Field("instructions", Text(_MAX_TEXT), takes=_WRITES, null=Null.KEPT),
    Field("tools", Tools(), default=[], takes=_WRITES, null=Null.DEFAULT),
    Field("reasoning", REASONING, default=_NO_EFFORT, takes=_WRITES, null=Null.DEFAULT),
    Field("text", _TEXT, default={"format": _PLAIN, "verbosity": "medium"}, takes=_WRITES, null=Null.DEFAULT),
    Field("service_tier", TIERS, default="auto", takes=_WRITES, null=Null.DEFAULT),
    Field("multi_agent", _MultiAgent(), default=_NO_SUBAGENTS, takes=_WRITES, null=Null.DEFAULT),
    Field(
        "compaction",
        Record((filled("async", Flag(), False),)),
        default={"async": False},
        takes=_WRITES,
        null=Null.DEFAULT,
    ),
    Field(
        "experimental",
        Record((Member("time_awareness", Flag()),)),
        default={"time_awareness": False},
        takes=_WRITES,
    ),
)

AGENT = Collection(
    noun="agent",
    prefix="agent_",
    object="agent",
    table="agents",
    id_param="agent_id",
    fields=(
        *IDENTITY,
        Field("updated_at"),
        *CONFIGURATION,
        Field("metadata", METADATA, default={}, takes=_WRITES, null=Null.DEFAULT),
    ),
)

_MERGED = ("experimental",)
"""Changed key by key; everything else is replaced whole."""


def overridden(agent: dict[str, Json], given: dict[str, Json], quirks: Quirks) -> dict[str, Json]:
    """An agent with what a request gave in place of what it had: an update, or the start of a session."""
    merged = {name: {**agent[name], **given[name]} for name in _MERGED if name in given}
    changed = {**agent, **given, **merged}
    if changed["reasoning"]["effort"] is None:
        changed["reasoning"] = {**changed["reasoning"], "effort": quirks.reasoning_effort}
    return changed


def new_agent(given: dict[str, Json], now: int, quirks: Quirks) -> dict[str, Json]:
    empty = AGENT.new({}, now, updated_at=now)
    return overridden(empty, given, quirks)
