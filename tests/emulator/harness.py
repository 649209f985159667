"""A client for the emulator's tests: plain JSON over the in-process transport, with the few steps that tests repeat."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx2

from asstctl.emulator import Emulator, open_emulator
from asstctl.emulator.replies.values import Part, ReplyRequest, TextDelta

ASK: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "ask_database",
        "description": "Answers with rows.",
        "parameters": {"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]},
    },
}
AT_REST = ("completed", "failed", "incomplete", "expired", "cancelled", "requires_action")


class Clock:
    """A clock that only tests move."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class Api:
    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.http = httpx2.AsyncClient(transport=httpx2.ASGITransport(emulator.app), base_url="http://local/v1")

    async def send(self, method: str, path: str, body: Any = None, **options: Any) -> httpx2.Response:
        return await self.http.request(method, path, json=body, **options)

    async def get(self, path: str, **query: Any) -> Any:
        return self._good(await self.http.get(path, params=query))

    async def post(self, path: str, body: Any = None) -> Any:
        return self._good(await self.send("POST", path, body))

    async def delete(self, path: str) -> Any:
        return self._good(await self.http.delete(path))

    async def refused(self, method: str, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
        response = await self.send(method, path, body)
        assert response.status_code >= 400, response.text
        return response.status_code, response.json()["error"]

    async def file(self, name: str = "notes.txt", content: bytes = b"hello", purpose: str = "assistants") -> Any:
        return self._good(await self.http.post("/files", files={"file": (name, content)}, data={"purpose": purpose}))

    async def assistant(self, **fields: Any) -> Any:
        return await self.post("/assistants", {"model": "gpt-4o", **fields})

    async def thread(self, *texts: str) -> Any:
        return await self.post("/threads", {"messages": [{"role": "user", "content": text} for text in texts]})

    async def run(self, thread_id: str, assistant_id: str, **fields: Any) -> Any:
        """Start a run and wait until it is at rest."""
        run = await self.post(f"/threads/{thread_id}/runs", {"assistant_id": assistant_id, **fields})
        return await self.rest(run)

    async def rest(self, run: Any) -> Any:
        async with asyncio.timeout(5):
            while run["status"] not in AT_REST:
                await asyncio.sleep(0.001)
                run = await self.get(f"/threads/{run['thread_id']}/runs/{run['id']}")
        return run

    async def until(self, run: Any, status: str) -> Any:
        async with asyncio.timeout(5):
            while run["status"] != status:
                await asyncio.sleep(0.001)
                run = await self.get(f"/threads/{run['thread_id']}/runs/{run['id']}")
        return run

    async def until_at(self, path: str, ready: Callable[[Any], bool]) -> Any:
        """What a path shows, once it is ready."""
        async with asyncio.timeout(5):
            shown = await self.get(path)
            while not ready(shown):
                await asyncio.sleep(0.001)
                shown = await self.get(path)
        return shown

    async def answer(self, run: Any, *outputs: str) -> Any:
        calls = run["required_action"]["submit_tool_outputs"]["tool_calls"]
        sent = [{"tool_call_id": call["id"], "output": text} for call, text in zip(calls, outputs, strict=True)]
        path = f"/threads/{run['thread_id']}/runs/{run['id']}/submit_tool_outputs"
        return await self.rest(await self.post(path, {"tool_outputs": sent}))

    async def reply(self, run: Any) -> str:
        """The text of the last message that a run wrote."""
        messages = await self.get(f"/threads/{run['thread_id']}/messages", run_id=run["id"])
        return messages["data"][0]["content"][0]["text"]["value"]

    @staticmethod
    def _good(response: httpx2.Response) -> Any:
        assert response.status_code == 200, response.text
        return response.json()


@asynccontextmanager
async def serving(database: Any = ":memory:", **options: Any) -> AsyncIterator[Api]:
    emulator = open_emulator(database, **options)
    api = Api(emulator)
    try:
        yield api
    finally:
        await api.http.aclose()
        await emulator.aclose()


class Backend:
    """Replies that a test gives as parts, after a gate that it opens; remembers what it was asked."""

    counts_tokens = False

    def __init__(self, *parts: Part, answer: Callable[[ReplyRequest], list[Part]] | None = None) -> None:
        self.parts = list(parts) or [TextDelta("ok")]
        self.answer = answer
        self.asked: list[ReplyRequest] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.hold_after = 0
        """How many parts go out before the gate."""

    async def reply(self, request: ReplyRequest) -> AsyncGenerator[Part, None]:
        self.asked.append(request)
        parts = self.answer(request) if self.answer else self.parts
        for part in parts[: self.hold_after]:
            yield part
        await self.gate.wait()
        for part in parts[self.hold_after :]:
            yield part

    async def aclose(self) -> None:
        """Nothing is held."""
