"""Sessions as tests open and follow them: as plain JSON, as streams, and with the package's own helpers."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx2

from asstctl.emulator import Emulator, open_emulator
from asstctl.emulator.replies.values import Part, ReplyRequest, TextDelta, ToolCall
from asstctl.net.asgi import AsgiTransport
from tests.emulator.agents.world import ASK, BETA, AgentsApi
from tests.emulator.harness import Backend

Json = Any

SESSIONS = "/agents/sessions"
NONE, HOSTED = {"type": "none"}, {"type": "openai_hosted"}
REST = ("idle", "requires_action", "failed", "budget_reached")


def message(*texts: str) -> Json:
    said = [{"role": "user", "content": [{"type": "input_text", "text": text}]} for text in texts]
    return {"type": "agent.session.input.message", "input": said}


CANCEL: Json = {"type": "agent.session.input.cancel"}


def result(action: Json, output: Json = None, *, success: bool = True, **said: Json) -> Json:
    """The result of a call as it is listed among the required actions."""
    about = {"turn_id": action["turn_id"], "call_id": action["call_id"]}
    return {"type": "agent.session.input.tool_result", **about, "success": success, "output": output, **said}


def asking(*queries: str, before: str = "") -> Backend:
    """Asks the database at first, then says what it answered."""

    def answer(request: ReplyRequest) -> list[Part]:
        if request.outputs:
            return [TextDelta(" ".join(call.output for call in request.outputs))]
        said: list[Part] = [TextDelta(before)] if before else []
        return said + [ToolCall("ask_database", json.dumps({"query": query})) for query in queries]

    return Backend(answer=answer)


def held(*texts: str, hold_after: int = 0) -> Backend:
    """Says nothing, or just the first pieces, until its gate opens."""
    backend = Backend(*(TextDelta(text) for text in texts))
    backend.gate.clear()
    backend.hold_after = hold_after
    return backend


async def until(ready: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not ready():  # noqa: ASYNC110 - what is waited for raises no event
            await asyncio.sleep(0.001)


class Sessions:
    """The sessions of one server."""

    def __init__(self, api: AgentsApi) -> None:
        self.api = api

    async def open(self, said: str | None = "hello", **fields: Json) -> Json:
        """A session of an agent of its own, unless the fields name one."""
        fields = {"environment": NONE, **fields}
        if "agent_id" not in fields:
            fields.setdefault("agent", {"model": "gpt-5", "tools": [ASK]})
        if said is not None:
            fields["input"] = said
        return await self.api.post(SESSIONS, fields)

    async def send(self, session: Json, *events: Json, **headers: str) -> None:
        path = f"{SESSIONS}/{session['id']}/events"
        response = await self.api.send("POST", path, {"events": list(events)}, headers=headers)
        assert (response.status_code, response.content) == (202, b""), response.text

    async def refused(self, session: Json, *events: Json) -> tuple[int, Json]:
        return await self.api.refused("POST", f"{SESSIONS}/{session['id']}/events", {"events": list(events)})

    async def read(self, session: Json) -> Json:
        return await self.api.get(f"{SESSIONS}/{session['id']}")

    async def rest(self, session: Json) -> Json:
        """The session once nothing moves in it without its client."""
        return await self.api.until_at(f"{SESSIONS}/{session['id']}", lambda shown: shown["status"] in REST)

    async def opened(self, said: str | None = "hello", **fields: Json) -> Json:
        return await self.rest(await self.open(said, **fields))

    async def said(self, session: Json, *texts: str) -> Json:
        await self.send(session, *(message(text) for text in texts))
        return await self.rest(session)

    async def turns(self, session: Json) -> list[Json]:
        """Oldest first."""
        return (await self.api.get(f"{SESSIONS}/{session['id']}/turns", order="asc", limit=100))["data"]

    async def turn(self, session: Json) -> Json:
        return (await self.turns(session))[-1]

    async def items(self, session: Json) -> list[Json]:
        return (await self.api.get(f"{SESSIONS}/{session['id']}/items", order="asc", limit=100))["data"]

    async def until_asked(self, backend: Backend, times: int = 1) -> None:
        await until(lambda: len(backend.asked) >= times)


def brief(items: list[Json]) -> list[tuple[str, Json]]:
    """Each item as what it is and what it says."""
    return [(_who(item), _says(item)) for item in items]


def _who(item: Json) -> str:
    return item["role"] if item["type"] == "message" else item["type"]


def _says(item: Json) -> Json:
    match item["type"]:
        case "message":
            return "".join(part.get("text", part.get("image_url")) for part in item["content"])
        case "function_call":
            return item["arguments"]
        case "command_execution":
            return item["command"]
        case _:
            return item["output"]


@asynccontextmanager
async def sessions(database: Any = ":memory:", **options: Any) -> AsyncIterator[Sessions]:
    emulator = open_emulator(database, api="agents", **options)
    api = AgentsApi(emulator)
    try:
        yield Sessions(api)
    finally:
        await api.http.aclose()
        await emulator.aclose()


@asynccontextmanager
async def streaming(emulator: Emulator, method: str, path: str, body: Json = None) -> AsyncIterator["Events"]:
    """What a stream tells, each event as soon as it was sent."""
    transport = AsgiTransport(emulator.app)
    http = httpx2.AsyncClient(transport=transport, base_url="http://local/v1", headers=BETA, timeout=5)
    async with http, http.stream(method, path, json=body) as response:
        yield Events(response)


class Events:
    def __init__(self, response: httpx2.Response) -> None:
        self.status = response.status_code
        self._lines = response.aiter_lines()

    async def all(self) -> list[Json]:
        return [event async for event in self]

    async def until(self, name: str) -> list[Json]:
        """The events up to the first of this name."""
        seen = []
        async for event in self:
            seen.append(event)
            if short(event) == name:
                return seen
        raise AssertionError(f"the stream ended before {name}: {[short(event) for event in seen]}")

    def __aiter__(self) -> "Events":
        return self

    async def __anext__(self) -> Json:
        async for line in self._lines:
            if line.startswith("data: "):
                return json.loads(line.removeprefix("data: "))
        raise StopAsyncIteration


def short(event: Json) -> str:
    return str(event["type"]).removeprefix("agent.session.")
