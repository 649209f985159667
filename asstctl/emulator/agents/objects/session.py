"""The session, its turns and their items: what requests may say of a session, and how each looks.

Usage is the one thing that shows later than it is known: see `quirks.py`.
"""

from collections.abc import Mapping
from typing import Any

from asstctl.emulator.agents.objects.agent import CONFIGURATION, TIERS
from asstctl.emulator.agents.objects.environment import ENVIRONMENT
from asstctl.emulator.agents.objects.input import INPUT
from asstctl.emulator.agents.objects.tools import Tools
from asstctl.emulator.objects.base import IDENTITY, Collection, Field
from asstctl.emulator.objects.shared import EFFORTS, METADATA
from asstctl.emulator.services import Services
from asstctl.emulator.shapes import Array, Choice, Flag, Member, Null, Record, Text, Whole

Json = Any
Body = dict[str, Json]

_BOTH = ("create", "update")
_MAX_ID = 64

_TOOLS = Tools(of_session=True)
_AGENT = Record(
    tuple(
        Member(
            field.name,
            _TOOLS if field.name == "tools" else field.shape,
            null=field.null,
            null_default=field.default,
        )
        for field in CONFIGURATION
        if field.shape is not None and field.name != "name"
    )
)
"""An agent that a request describes, or what it says of a saved one for this session alone. It has no name."""

_CHANGES = Record(
    (
        Member("model", next(field.shape for field in CONFIGURATION if field.name == "model" and field.shape)),
        Member("reasoning", Record((Member("effort", EFFORTS, null=Null.KEPT),))),
        Member("service_tier", TIERS, null=Null.DEFAULT, null_default="auto"),
        Member("tools", _TOOLS, null=Null.DEFAULT, null_default=[]),
    )
)
"""What may change of the agent of a session that is under way."""

_SPEND = Record((Member("limit", Whole(1), required=True, null=Null.KEPT),))
_CACHE = Record((Member("ttl", Choice(("30m", "12h")), default="30m"),))
_STREAM_OPTIONS = Record((Member("include_obfuscation", Flag(), default=True, null=Null.IGNORED),))

SESSION = Collection(
    noun="session",
    prefix="sess_",
    object="agent.session",
    table="agent_sessions",
    columns=("status",),
    id_param="session_id",
    fields=(
        *IDENTITY,
        Field("last_active_at"),
        Field("agent_id", Text(_MAX_ID), takes=("create",), null=Null.IGNORED, shown=False),
        Field("agent", _AGENT, takes=("create",), null=Null.IGNORED),
        Field("environment", ENVIRONMENT, takes=("create",), required=("create",)),
        Field("input", INPUT, takes=("create",), null=Null.IGNORED, shown=False),
        Field("status", default="idle"),
        Field("required_actions", default=[]),
        Field("error"),
        Field("usage"),
        Field("metadata", METADATA, default={}, takes=_BOTH, null=Null.DEFAULT),
        Field("vault_ids", Array(Text()), default=[], takes=("create",), null=Null.DEFAULT),
        Field("spend_control", _SPEND, default={"limit": None}, takes=_BOTH, null=Null.DEFAULT),
        Field("review", Choice(("none", "auto_review")), default="none", takes=_BOTH),
        Field("prompt_cache_options", _CACHE, takes=_BOTH, null=Null.KEPT),
        Field("stream", Flag(), takes=("create",), null=Null.IGNORED, shown=False),
        Field("stream_options", _STREAM_OPTIONS, takes=("create",), null=Null.IGNORED, shown=False),
    ),
)

CHANGES = Record(
    (
        Member("agent", _CHANGES),
        *(
            Member(field.name, field.shape, null=field.null, null_default=field.default)
            for field in SESSION.fields
            if field.shape is not None and "update" in field.takes
        ),
    )
)
"""The body of an update."""

TURN = Collection(
    noun="turn",
    prefix="turn_",
    object="agent.session.turn",
    table="agent_turns",
    columns=("session_id",),
    id_param="turn_id",
    fields=(
        *IDENTITY,
        Field("session_id"),
        Field("agent_id"),
        Field("subagent_id"),
        Field("status", default="queued"),
        Field("started_at"),
        Field("completed_at"),
        Field("error"),
        Field("usage"),
        Field("prompt_cache_options"),
    ),
)

ITEM = Collection(
    noun="item", prefix="item_", object="agent.session.item", table="agent_items", columns=("turn_id",), fields=IDENTITY
)
"""Items are of many types, which `turns/items.py` makes; the table is all that they have in common."""

_WHEN_SET = {"review": "none", "prompt_cache_options": None}
"""Members that are left out as long as they say nothing."""


def show_session(services: Services, session: Mapping[str, Json]) -> Body:
    shown = SESSION.show(session)
    at_rest = session["status"] in ("idle", "budget_reached")
    shown["usage"] = _usage(services, session) if at_rest else None
    shown["spend_control"] = {**shown["spend_control"], "consumed": session["_spent"]}
    return {name: value for name, value in shown.items() if name not in _WHEN_SET or value != _WHEN_SET[name]}


def show_turn(services: Services, turn: Mapping[str, Json]) -> Body:
    return {**TURN.show(turn), "usage": _usage(services, turn)}


def _usage(services: Services, of: Mapping[str, Json]) -> Json:
    ended = of["_ended"]
    return None if ended is None or services.clock() < ended + services.quirks.late_usage else of["usage"]


def session_agent(agent: Mapping[str, Json]) -> Body:
    """An agent as a session shows it: without what only saved agents have, and without any secret."""
    names = ("id", *(field.name for field in CONFIGURATION))
    shown = {name: agent[name] for name in names}
    return {**shown, "tools": [_shown_tool(tool) for tool in shown["tools"] if tool["type"] != "tool_search"]}


def _shown_tool(tool: Json) -> Json:
    if tool["type"] != "mcp":
        return tool
    hidden = ("headers", "authorization", "env")
    return {**tool, "transport": {name: value for name, value in tool["transport"].items() if name not in hidden}}
