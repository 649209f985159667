"""A server of the Agents wire that says what it was told to, one answer after the other for each request."""

import asyncio
import json
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeVar

import httpx2

from asstctl.providers.agents.provider import Provider
from tests.conversation.fakes import VirtualLoop

T = TypeVar("T")

SESSION = "/agents/sessions/sess_1"
AT_ONCE = {"openai-poll-after-ms": "0"}

Said = httpx2.Response | Mapping[str, Any] | Exception


def session(status: str = "idle", *actions: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    agent = {"id": "agent_1", "model": "gpt-5.4", "instructions": "long", "tools": []}
    common = {"id": "sess_1", "object": "agent.session", "agent": agent, "metadata": {}, "error": None}
    return {**common, "status": status, "required_actions": list(actions), **more}


def turn(id: str = "turn_1", status: str = "completed", usage: object = (3, 4), **more: Any) -> dict[str, Any]:
    """A turn; `usage` None where it is not known yet."""
    counted = {"input_tokens": usage[0], "output_tokens": usage[1]} if isinstance(usage, tuple) else usage
    return {"id": id, "object": "agent.session.turn", "status": status, "error": None, "usage": counted, **more}


def call(
    id: str = "call_1", name: str = "get_weather", arguments: object = None, turn: str = "turn_1"
) -> dict[str, Any]:
    return {"type": "function_call", "turn_id": turn, "call_id": id, "name": name, "arguments": arguments or {}}


def message(text: str, role: str = "assistant", **more: Any) -> dict[str, Any]:
    kind = "output_text" if role == "assistant" else "input_text"
    parts = [{"type": kind, "text": text}]
    return {"id": f"msg_{text}", "type": "message", "role": role, "status": "completed", "content": parts, **more}


def page(*items: Mapping[str, Any], more: bool = False, last: str | None = None) -> dict[str, Any]:
    ids = [item.get("id") for item in items]
    last_id = last or (ids[-1] if ids else None)
    return {"object": "list", "data": list(items), "has_more": more, "first_id": None, "last_id": last_id}


def refused(status: int, text: str) -> httpx2.Response:
    code = {409: "conflict_error", 404: "not_found_error"}.get(status, "invalid_request_error")
    error = {"type": code, "code": code, "message": text, "param": None}
    return httpx2.Response(status, json={"error": error})


ACCEPTED = httpx2.Response(202)


class Server:
    """Answers `POST /agents/sessions` and the rest of a conversation; the last answer to a request goes on for ever.

    `log` is what was asked, without the looks that repeat what was asked just before.
    """

    def __init__(self, **answers: list[Said]) -> None:
        usual: dict[str, list[Said]] = {
            "open": [session("in_progress")],
            "events": [ACCEPTED],
            "delete": [{"deleted": True}],
        }
        self._answers = {name: list(said) for name, said in {**usual, **answers}.items()}
        self.asked: list[httpx2.Request] = []
        self.bodies: list[Any] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request)
        self.bodies.append(json.loads(request.content) if request.content else None)
        waiting = self._answers[self._name(request)]
        said = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if isinstance(said, Exception):
            raise said
        if isinstance(said, httpx2.Response):
            return httpx2.Response(said.status_code, content=said.content, headers={**said.headers, **AT_ONCE})
        return httpx2.Response(200, json=said, headers=AT_ONCE)

    def _name(self, request: httpx2.Request) -> str:
        path = request.url.path.removeprefix("/v1")
        if request.method == "DELETE":
            return "delete"
        if request.method == "POST":
            return "open" if path == "/agents/sessions" else "events" if path == f"{SESSION}/events" else path
        return {SESSION: "session", f"{SESSION}/turns": "turns"}.get(path) or path.rpartition("/")[2]

    @property
    def events(self) -> list[Mapping[str, Any]]:
        """All events that came, in their order."""
        return [one for body in self.bodies if body and "events" in body for one in body["events"]]

    @property
    def log(self) -> list[str]:
        lines = [f"{one.method} {one.url.path.removeprefix('/v1').replace(SESSION, '.')}" for one in self.asked]
        return [line for before, line in zip(["", *lines], lines, strict=False) if line != before]

    def count(self, line: str) -> int:
        return sum(
            f"{one.method} {one.url.path.removeprefix('/v1').replace(SESSION, '.')}" == line for one in self.asked
        )


def provider(handler: Callable[[httpx2.Request], httpx2.Response], **settings: Any) -> Provider:
    return Provider("https://example.org/v1", httpx2.MockTransport(handler), place="example.org", **settings)


def unhurried(work: Coroutine[Any, Any, T]) -> T:
    """What it comes to, on a clock that is advanced instead of waited for."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work)
