"""The Agents service on paper: what it fills in, how it updates, and what a later version of it may add by itself.

The emulator is the careful one; this one can be a version of the service that nobody has seen yet.
"""

import json
from collections.abc import Mapping
from typing import Any

import httpx2

from asstctl.providers.agents.provider import Provider
from asstctl.providers.agents.wire import LIST_LAG

_TOP: dict[str, Any] = {
    "name": None,
    "instructions": None,
    "metadata": {},
    "tools": [],
    "service_tier": "auto",
    "multi_agent": {"enabled": False, "max_concurrent_subagents": None},
    "compaction": {"async": False},
    "experimental": {"time_awareness": False},
    "reasoning": {"effort": None, "summary": None},
    "text": {"format": {"type": "text"}, "verbosity": "medium"},
}
_TOOLS: dict[str, dict[str, Any]] = {
    "function": {"defer_loading": False},
    "programmatic_tool_calling": {"enabled": True},
    "computer_use": {"include_screenshots": False},
    "mcp": {
        "allowed_tools": None,
        "connection_origin": "service",
        "credential_id": None,
        "request_metadata": {},
        "required": False,
    },
    "web_search": {"mode": "live", "context_size": "medium", "allowed_domains": None, "location": None},
}
_PLACE = dict.fromkeys(("city", "country", "region", "timezone"))


def filled(body: Mapping[str, Any]) -> dict[str, Any]:
    """What the service makes of a body."""
    return {"model": None, **{key: _filled(key, body.get(key)) for key in _TOP}, **_unknown(body)}


def updated(there: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    """An agent after an update: what is given is replaced whole, but for `experimental`."""
    changed = {key: _filled(key, value) if key in _TOP else value for key, value in body.items()}
    if "experimental" in body:
        changed["experimental"] = {**there["experimental"], **body["experimental"]}
    return {**there, **changed}


def _unknown(body: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key not in _TOP}


def _filled(key: str, value: Any) -> Any:
    if value is None:
        return json.loads(json.dumps(_TOP[key]))
    if key == "tools":
        return [_tool(tool) for tool in value]
    if key == "multi_agent":
        return {"max_concurrent_subagents": 6, **value} if value["enabled"] else _TOP[key]
    if isinstance(_TOP[key], dict) and key != "metadata":
        return {**_TOP[key], **{part: one for part, one in value.items() if one is not None}}
    return value


def _tool(tool: Mapping[str, Any]) -> dict[str, Any]:
    made = {**_TOOLS.get(tool["type"], {}), **tool}
    if made["type"] == "mcp" and made["transport"]["type"] == "http":
        made["transport"] = {"headers": {}, **made["transport"]}
    if made.get("location") is not None:
        made["location"] = {**_PLACE, **made["location"]}
    return made


class Paper:
    """One account. `adds` is laid over every agent that it gives back, `adds_tools` are put beside its tools; nothing
    of them may be sent to it. `seen` are all requests, `bodies` those of writes."""

    def __init__(self, adds: Mapping[str, Any] | None = None, adds_tools: tuple[Any, ...] = ()) -> None:
        self.agents: dict[str, dict[str, Any]] = {}
        self.seen: list[httpx2.Request] = []
        self.bodies: list[dict[str, Any]] = []
        self._adds = dict(adds or {})
        self._adds_tools = adds_tools

    def provider(self, list_lag: float = LIST_LAG) -> Provider:
        """A provider of this account."""
        transport = httpx2.MockTransport(self._answer)
        return Provider("https://example.org/v1", transport, place="example.org", key="sesame-open", list_lag=list_lag)

    def _shown(self, agent: Mapping[str, Any]) -> dict[str, Any]:
        shown = {**agent, "tools": [*agent["tools"], *self._adds_tools]}
        for key, value in self._adds.items():
            shown[key] = {**shown[key], **value} if isinstance(shown.get(key), dict) else value
        return shown

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        self.seen.append(request)
        path = request.url.path.removeprefix("/v1")
        if path.startswith("/vector_stores"):
            return httpx2.Response(200, json={"object": "list", "data": [], "has_more": False})
        id = path.removeprefix("/agents").strip("/")
        if id and id not in self.agents:
            error = {"type": "x", "code": "not_found_error", "message": f"No agent {id}"}
            return httpx2.Response(404, json={"error": error})
        if request.method == "DELETE":
            del self.agents[id]
            return httpx2.Response(200, json={"id": id, "object": "agent.deleted", "deleted": True})
        if request.method == "POST":
            body = json.loads(request.content)
            self.bodies.append(body)
            if id:
                self.agents[id] = {**updated(self.agents[id], body), "updated_at": len(self.seen)}
            else:
                id = f"agent_{len(self.agents)}"
                made = {"id": id, "object": "agent", "created_at": len(self.seen), "updated_at": len(self.seen)}
                self.agents[id] = {**filled(body), **made}
        if id:
            answered = 201 if path == "/agents" else 200
            return httpx2.Response(answered, json=self._shown(self.agents[id]), headers={"x-request-id": f"req_{id}"})
        after = request.url.params.get("after")
        ids = sorted(self.agents, key=lambda one: self.agents[one]["created_at"])
        ids = ids[ids.index(after) + 1 :] if after else ids
        limit = int(request.url.params["limit"])
        page = [self._shown(self.agents[one]) for one in ids[:limit]]
        return httpx2.Response(200, json={"object": "list", "data": page, "has_more": len(ids) > limit})
