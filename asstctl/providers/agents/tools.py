"""Tools of an agent: those of manifests, which have the Assistants v2 shape or words of their own, and those of the
wire. Pure.

What has no neutral form stays as the wire gives it: a type that nobody knows, an MCP server that is reached otherwise
than by its URL alone. Members that this program does not know are left out here; an object's raw form has them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from asstctl.core.errors import Refused
from asstctl.core.json_types import Json, JsonObject
from asstctl.core.suggest import shortened
from asstctl.kinds.canonical import same
from asstctl.providers.agents.wire import (
    EXTENSION_TOOLS,
    NO_PARAMETERS,
    TOOL_DEFAULTS,
    TOOL_MEMBERS,
    TRANSPORT_MEMBERS,
)

_HTTP = "http"
_MCP = ("server_label", "allowed_tools", "credential_id")


def neutral(tool: Mapping[str, Any]) -> JsonObject:
    """A tool of the wire as `tools` of an assistant hold it."""
    match tool.get("type"):
        case "function":
            return {"type": "function", "function": _function(tool)}
        case "mcp" if (url := _url_alone(tool)) is not None:
            kept = {key: tool[key] for key in _MCP if tool.get(key) is not None}
            return {"type": "mcp", "server_url": url, **kept}
        case "web_search":
            search = _without_defaults("web_search", tool)
            return {**search, "location": where} if (where := _location(search.pop("location", None))) else search
    return dict(tool)


def extension(tool: Mapping[str, Any], *, unknown: bool = False) -> JsonObject:
    """A tool of the types that only agents have, without defaults; `unknown` keeps members that nobody knows."""
    known = EXTENSION_TOOLS.get(str(tool.get("type")), {})
    return {
        key: value
        for key, value in tool.items()
        if key == "type" or (not same(value, known[key]) if key in known else unknown)
    }


def halves(tools: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """Tools as the field `tools` and the extension of that name hold them."""
    own, extensions = list[Any](), list[Any]()
    for tool in tools:
        kind = tool.get("type") if isinstance(tool, Mapping) else None
        (extensions if isinstance(kind, str) and kind in EXTENSION_TOOLS else own).append(tool)
    return own, extensions


def one_tool(tool: Any) -> JsonObject:
    """The same tool. Raises Refused for what is no object, and so no tool."""
    if not isinstance(tool, Mapping):
        raise Refused("a tool of an agent is an object", detail=f"it is {tool!r:.80}")
    return dict(tool)


def on_wire(tool: Any) -> JsonObject:
    """A tool of an assistant as an agent holds it. Raises Refused for one that the wire cannot hold."""
    match one_tool(tool).get("type"):
        case "function" if isinstance(tool.get("function"), Mapping):
            return _flat_function(tool["function"])
        case "mcp" if "transport" not in tool:
            wire = {key: value for key, value in tool.items() if key != "server_url" and value is not None}
            return sendable({**wire, "transport": {"type": _HTTP, "server_url": tool.get("server_url")}})
        case "web_search":
            return sendable({key: value for key, value in tool.items() if value is not None})
    return sendable(tool)


def sendable(tool: Any) -> JsonObject:
    """A tool in the shape of the wire, as it may be sent. Raises Refused for one that this program does not know all
    of: the service refuses members that it only gives back."""
    kind = tool.get("type") if isinstance(tool, Mapping) else None
    members = TOOL_MEMBERS.get(kind) if isinstance(kind, str) else None
    if members is None:
        raise Refused(
            f"a tool of type {shortened(str(kind))} cannot be sent to the Agents API",
            detail="this program does not know what an agent may hold of it, and a list of tools is replaced whole",
            hint="Upgrade asstctl, or take that tool off the agent where it was added.",
        )
    transport = tool.get("transport")
    unknown = sorted(str(key) for key in tool.keys() - members - {"type"})
    if isinstance(transport, Mapping):
        known = TRANSPORT_MEMBERS.get(str(transport.get("type")), frozenset())
        unknown += sorted(f"transport.{key}" for key in transport.keys() - known - {"type"})
    if unknown:
        raise Refused(
            f"{shortened(', '.join(unknown))} of a tool of type {kind} cannot be sent to the Agents API",
            detail="this program does not know whether an agent may hold it, and a list of tools is replaced whole",
            hint="Upgrade asstctl, or change this tool where it was added.",
        )
    return dict(tool)


def _function(tool: Mapping[str, Any]) -> JsonObject:
    found = _without_defaults("function", tool)
    return {key: value for key, value in found.items() if key != "type"}


def _flat_function(function: Mapping[str, Any]) -> JsonObject:
    if function.get("strict"):
        raise Refused(
            f"{shortened(str(function.get('name')))} cannot be a strict function",
            detail="the Agents API has no strict functions",
            hint="Leave out `strict` for this target, or accept the loss: `on_unsupported: {function.strict: drop}`.",
        )
    written = {key: value for key, value in function.items() if key != "strict" and value is not None}
    return sendable({"type": "function", "description": "", "parameters": dict(NO_PARAMETERS), **written})


def _without_defaults(kind: str, tool: Mapping[str, Any]) -> dict[str, Any]:
    """What is known of a tool and is not what the service fills in."""
    filled = TOOL_DEFAULTS[kind]
    return {
        key: value
        for key, value in tool.items()
        if key == "type" or (key in TOOL_MEMBERS[kind] and value is not None and not same(value, filled.get(key)))
    }


def _location(location: Json) -> Json:
    """A place without what is not said of it: the service answers with all four keys."""
    if not isinstance(location, Mapping):
        return location
    return {key: value for key, value in location.items() if value is not None}


def _url_alone(tool: Mapping[str, Any]) -> str | None:
    """The URL of an MCP server of which nothing else is said than a manifest can say; None for any other."""
    transport, filled = tool.get("transport"), TOOL_DEFAULTS["mcp"]
    if not isinstance(transport, Mapping) or transport.get("type") != _HTTP:
        return None
    plain = all(tool.get(key) is None or same(tool[key], value) for key, value in filled.items())
    url = transport.get("server_url")
    return url if plain and not transport.get("headers") and isinstance(url, str) else None
