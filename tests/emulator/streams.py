"""Reading server-sent events in tests, as they come."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2

from asstctl.emulator import Emulator
from asstctl.net.asgi import AsgiTransport

Told = tuple[str, Any]
DONE: Told = ("done", "[DONE]")


@asynccontextmanager
async def reading(emulator: Emulator, path: str, body: Any) -> AsyncIterator[AsyncIterator[Told]]:
    """The events of a request, each as soon as it was sent; keep-alive comments come under the name `:`."""
    http = httpx2.AsyncClient(transport=AsgiTransport(emulator.app), base_url="http://local/v1", timeout=5)
    async with http, http.stream("POST", path, json={**body, "stream": True}) as response:
        if response.status_code != 200:
            await response.aread()
            raise AssertionError(response.text)
        yield _events(response)


async def _events(response: httpx2.Response) -> AsyncIterator[Told]:
    name = ""
    async for line in response.aiter_lines():
        if line.startswith(":"):
            yield ":", line
        elif line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            data = line.removeprefix("data: ")
            yield name, data if name == "done" else json.loads(data)


async def read(emulator: Emulator, path: str, body: Any) -> list[Told]:
    """Every event of a request, to the end of its stream."""
    async with reading(emulator, path, body) as events:
        return [event async for event in events]


def names(told: list[Told]) -> list[str]:
    return [name.removeprefix("thread.") for name, _ in told]


def only(told: list[Told], name: str) -> list[Any]:
    """The data of the events of one name."""
    return [data for each, data in told if each == f"thread.{name}"]
