"""Codec of the Agents wire: agent -> Live, fields -> request body. Pure.

Fields have the shapes of the Assistants v2 object. The field table in `capabilities` says where each lies; what has no
field is an extension, without what the service fills in (`wire`). Some keys of the wire hold a field and an extension
(`reasoning`, `text`, `tools`), and the wire replaces them whole: who changes one half has to send the other too, as it
is. Members of them that this program does not know are in an object's raw form alone; they are never sent back.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from asstctl.core.errors import BadAnswer, Refused
from asstctl.core.json_types import Json
from asstctl.core.resource import EXTENSION, FILLED_BY_SERVER, Live, sharing
from asstctl.core.suggest import shortened
from asstctl.kinds.canonical import same
from asstctl.providers.agents.capabilities import AGENT_FIELDS, AGENTS_V1, COMPOSITE
from asstctl.providers.agents.tools import extension, halves, neutral, on_wire, one_tool, sendable
from asstctl.providers.agents.wire import AGENT_DEFAULTS, SUBAGENTS
from asstctl.providers.assistants.codecs import MISSING, NEWER, check_shape, live_of, value_at

KIND = "assistant"
SCHEMA_NAME = "response"
"""What the schema of a reply is called in manifests: agents keep no name of it."""

_FIELD_KEYS = frozenset(one.path[0] for one in AGENT_FIELDS.values())
_KNOWN = _FIELD_KEYS | AGENT_DEFAULTS.keys()
_TOOLS = "tools"
_SHAPES = {"model": str, "tools": list, "text": dict, "reasoning": dict}
_FORMAT_MEMBERS = {"text": {"type"}, "json_schema": {"type", "schema"}}


def decode(raw: Mapping[str, Any]) -> Live:
    """What an agent says; raises BadAnswer for anything else."""
    check_shape(raw, "agent", _SHAPES)
    if not all(isinstance(tool, Mapping) and isinstance(tool.get("type"), str) for tool in raw[_TOOLS]):
        raise BadAnswer(
            "the server sent something that is not an agent",
            detail=f"{raw['id']!r:.80}: a tool of it has no type",
            hint=NEWER,
        )
    fields = _fields(raw)
    return live_of(raw, KIND, {**fields, "metadata": fields.get("metadata") or {}})


def encode_create(fields: Mapping[str, Json]) -> dict[str, Any]:
    """The body that makes an agent; a field that is None is left to the service's default."""
    return _body({name: value for name, value in fields.items() if value is not None}, {})


def encode_update(fields: Mapping[str, Json], live: Mapping[str, Any]) -> dict[str, Any]:
    """The body that changes these fields alone; None becomes the wire's reset value.

    `live` is the agent as it is, where `is_half` says that it is needed. Raises Refused where something of it would
    have to be sent back that this program does not know.
    """
    return _body(fields, live)


def is_half(fields: Iterable[str]) -> bool:
    """Whether some of these fields share a key of the wire with others that are not among them."""
    names = frozenset(fields)
    return names != sharing(names, KIND, AGENTS_V1)


def normal(kind: str, fields: Mapping[str, Json]) -> Mapping[str, Json]:
    """Fields in the form in which the wire gives them back; what it cannot hold is left as it is."""
    return {name: _normal(name, value) for name, value in fields.items()} if kind == KIND else fields


def _normal(name: str, value: Json) -> Json:
    try:
        body = encode_create({name: value})
    except (Refused, ValueError):
        return value
    return _fields(body, unknown=True).get(name)


# What an agent says


def _fields(raw: Mapping[str, Any], *, unknown: bool = False) -> dict[str, Json]:
    """Fields of an agent, or of a part of one. `unknown` keeps members that nobody knows."""
    fields: dict[str, Json] = {}
    for name, one in AGENT_FIELDS.items():
        value = value_at(raw, one.path)
        if value is not MISSING:
            fields[name] = _format(value) if name == "response_format" else value
    own, others = halves(raw.get(_TOOLS) or ())
    if _TOOLS in raw:
        fields[_TOOLS] = [neutral(tool) for tool in own]
    if others:
        # the service refuses a second one of a type, so that their order means nothing
        found = [extension(tool, unknown=unknown) for tool in others]
        fields[EXTENSION + _TOOLS] = sorted(found, key=lambda tool: str(tool["type"]))
    for key in raw.keys() & AGENT_DEFAULTS.keys():
        value = _rest(key, raw[key], unknown)
        if value is not None and value != {}:
            fields[EXTENSION + key] = value
    for key in raw.keys() - _KNOWN - FILLED_BY_SERVER:
        fields[EXTENSION + key] = raw[key]
    return fields


def _rest(key: str, value: Json, unknown: bool) -> Json:
    """What an extension holds of a key: neither what is a field, nor what the service fills in."""
    filled = AGENT_DEFAULTS[key]
    if not isinstance(value, Mapping) or not isinstance(filled, Mapping):
        return None if value == filled else value
    if key == "multi_agent" and "enabled" in value:
        # how many there may be is settled by whether there are any
        most = SUBAGENTS if value["enabled"] is True else value.get("max_concurrent_subagents")
        filled = {**filled, "max_concurrent_subagents": most}
    fields = _parts(key)
    return {
        member: one
        for member, one in value.items()
        if member not in fields and one is not None and (not same(one, filled[member]) if member in filled else unknown)
    }


def _format(value: Json) -> Json:
    if not isinstance(value, Mapping):
        return value
    match value.get("type"):
        case "text":
            return None
        case "json_schema":
            return {"type": "json_schema", "json_schema": {"name": SCHEMA_NAME, "schema": value.get("schema")}}
    return dict(value)


# What is sent


def _body(fields: Mapping[str, Json], live: Mapping[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = {}
    for name, value in fields.items():
        key = _key(name)
        if key not in COMPOSITE:
            body[key] = _value(name, key, value)
        elif key not in body:
            body[key] = _all_tools(fields, live) if key == _TOOLS else _whole(key, fields, live)
    return body


def _key(name: str) -> str:
    """The key of the wire that holds a field."""
    if name in AGENT_FIELDS:
        return AGENT_FIELDS[name].path[0]
    key = name.removeprefix(EXTENSION)
    if key == name:
        raise ValueError(f"the Agents wire has no field {name}")
    if key in FILLED_BY_SERVER or (key in _FIELD_KEYS and key not in COMPOSITE):
        # An extension could otherwise write our mark, or a field past its digest.
        raise Refused(f"extensions cannot hold {key}", detail=f"the server fills it in, or {key} is a field of its own")
    return key


def _value(name: str, key: str, value: Json) -> Json:
    """What is sent under a key of its own."""
    if key == "experimental":
        # merged by key, so that what is not named has to be reset by name
        return {**_object(key, AGENT_DEFAULTS[key]), **_object(key, value)}
    if value is not None:
        return value
    if name not in AGENT_FIELDS:
        return None
    if not AGENT_FIELDS[name].resettable:
        raise Refused(f"{name} cannot be reset", detail="this wire has no default for it", hint="Declare a value.")
    return AGENT_FIELDS[name].reset


def _whole(key: str, fields: Mapping[str, Json], live: Mapping[str, Any]) -> dict[str, Any] | None:
    """All of an object: what of it is among the fields, and the rest as it is. None: nothing but defaults."""
    there = _object(key, live.get(key))
    whole: dict[str, Any] = {}
    for part, name in _parts(key).items():
        value = _part(name, fields[name]) if name in fields else _sent_back(f"{key}.{part}", there.get(part))
        if value is not None:
            whole[part] = value
    if EXTENSION + key in fields:
        rest = _object(key, fields[EXTENSION + key])
        if named := sorted(rest.keys() & _parts(key).keys()):
            raise Refused(f"extensions cannot hold {key}.{named[0]}", detail=f"it is the field {_parts(key)[named[0]]}")
    else:
        rest = {part: value for part, value in there.items() if part not in _parts(key)}
        filled = _object(key, AGENT_DEFAULTS[key])
        if unknown := sorted(rest.keys() - filled.keys()):
            raise _not_sent_back(f"{key}.{unknown[0]}", f"extensions.openai.{key}")
    return {**whole, **{part: value for part, value in rest.items() if value is not None}} or None


def _part(name: str, value: Json) -> Json:
    """One field that is a part of an object."""
    if value is None:
        return AGENT_FIELDS[name].reset
    return _text_format(value) if name == "response_format" else value


def _text_format(value: Json) -> Json:
    """The format of replies. Raises Refused for what agents cannot hold of it."""
    if value == "auto":
        return {"type": "text"}
    kind = value.get("type") if isinstance(value, Mapping) else None
    if kind == "text":
        return {"type": "text"}
    named = value.get("json_schema") if kind == "json_schema" and isinstance(value, Mapping) else None
    if not isinstance(named, Mapping):
        raise Refused(
            "the format of replies cannot be sent to the Agents API",
            detail=f"{shortened(str(kind or value))}: agents reply with text, or with JSON that fits a schema",
            hint="Write `type: json_schema` with a schema.",
        )
    for part in ("strict", "description"):
        if named.get(part):
            raise Refused(
                f"`{part}` of a schema cannot be sent to the Agents API",
                detail="it keeps the schema of a reply, and nothing else of it",
                hint=f"Leave out `{part}` for this target, or accept the loss: "
                f"`on_unsupported: {{assistant.response_format.{part}: drop}}`.",
            )
    return {"type": "json_schema", "schema": named.get("schema")}


def _all_tools(fields: Mapping[str, Json], live: Mapping[str, Any]) -> list[Any]:
    """Both halves of the tools: as the fields have them, or as they are."""
    own, others = halves(live.get(_TOOLS) or ())
    wanted = map(on_wire, _list(fields[_TOOLS])) if _TOOLS in fields else map(sendable, own)
    if EXTENSION + _TOOLS in fields:
        others = list(map(one_tool, _list(fields[EXTENSION + _TOOLS])))
    else:
        others = [sendable(tool) for tool in others]
    return [*wanted, *others]


def _sent_back(path: str, value: Json) -> Json:
    """A part that goes back as it is. Raises Refused for a format with members that this program does not know."""
    if path == "text.format" and isinstance(value, Mapping):
        known = _FORMAT_MEMBERS.get(str(value.get("type")), set())
        if unknown := sorted(value.keys() - known):
            raise _not_sent_back(f"{path}.{unknown[0]}", "response_format")
    return value


def _not_sent_back(path: str, field: str) -> Refused:
    key = path.partition(".")[0]
    return Refused(
        f"{shortened(path)} cannot be sent back to the Agents API",
        detail=f"this program does not know it, {key} is replaced whole, and without it the agent would be another",
        hint=f"Declare `{field}`, so that the files say all of it, or upgrade asstctl.",
    )


def _parts(key: str) -> dict[str, str]:
    """The members of an object that are fields, with their names."""
    return {one.path[1]: name for name, one in AGENT_FIELDS.items() if one.path[0] == key and len(one.path) > 1}


def _object(key: str, value: Json) -> Mapping[str, Any]:
    if value is None or isinstance(value, Mapping):
        return value or {}
    raise Refused(f"{key} of an agent is an object", detail=f"it is {value!r:.80}", hint=f"Write `{key}:` as a map.")


def _list(value: Json) -> Iterable[Any]:
    return value if isinstance(value, list | tuple) else []
