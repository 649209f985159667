"""A client for the Agents API, as plain JSON over the in-process transport, and one of the `openai` package."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import openai

from asstctl.emulator import Emulator, open_emulator
from asstctl.net.asgi import AsgiTransport
from tests.emulator.harness import Api

BETA = {"openai-beta": "agents=v1"}

ASK: dict[str, Any] = {
    "type": "function",
    "name": "ask_database",
    "description": "Answers with rows.",
    "parameters": {"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]},
}


class AgentsApi(Api):
    def __init__(self, emulator: Emulator) -> None:
        super().__init__(emulator)
        self.http.headers.update(BETA)

    async def agent(self, **fields: Any) -> Any:
        return await self.post("/agents", {"model": "gpt-5", **fields})

    async def raw(self, path: str, content: bytes, kind: str | None = "application/json") -> httpx2.Response:
        """A body as bytes, under a content type or none."""
        headers = {} if kind is None else {"content-type": kind}
        return await self.http.post(path, content=content, headers=headers)

    @staticmethod
    def _good(response: httpx2.Response) -> Any:
        assert response.is_success, response.text
        return response.json() if response.content else None


@asynccontextmanager
async def agents(database: Any = ":memory:", **options: Any) -> AsyncIterator[AgentsApi]:
    emulator = open_emulator(database, api="agents", **options)
    api = AgentsApi(emulator)
    try:
        yield api
    finally:
        await api.http.aclose()
        await emulator.aclose()


@asynccontextmanager
async def sdk(**options: Any) -> AsyncIterator[openai.AsyncOpenAI]:
    """The package's own client over a server in memory whose answers stream, strict about each."""
    emulator = open_emulator(":memory:", api="agents", **options)
    http = openai.DefaultAsyncHttpx2Client(transport=AsgiTransport(emulator.app), timeout=5)
    strict: Any = {"_strict_response_validation": True}
    client = openai.AsyncOpenAI(base_url="http://local/v1", api_key="any", max_retries=0, http_client=http, **strict)
    try:
        async with client:
            yield client
    finally:
        await emulator.aclose()
