"""A hundred clients at once, on one server process and on two over one database: nothing acknowledged is lost.

Each client draws its operations from a seed. What the servers acknowledged is written down, and compared at the end
with what every server shows.
"""

import asyncio
import json
import random
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.emulator.process import Server

pytestmark = pytest.mark.anyio

Json = Any

CLIENTS = 100
_EXPECTED = ("already has an active run", "while a run")
_FIELDS = ("name", "description", "instructions", "metadata")


@dataclass(frozen=True)
class Write:
    """A value that was given to a field of an assistant, and when the request for it began and ended."""

    value: Json
    began: float
    ended: float


@dataclass
class Acknowledged:
    """What the servers said they had done."""

    messages: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Texts by thread; each text is posted once in all."""
    runs: list[Json] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    attached: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    """Paths of objects that are gone."""
    writes: dict[tuple[str, str], list[Write]] = field(default_factory=lambda: defaultdict(list))
    """By assistant and field."""
    refused: Counter[str] = field(default_factory=Counter)


@dataclass
class Shared:
    """What the clients contend for."""

    assistants: list[str]
    threads: list[str]
    store: str


class Client:
    """One of the hundred."""

    def __init__(self, http: httpx2.AsyncClient, shared: Shared, done: Acknowledged, seed: str) -> None:
        self._http = http
        self._shared = shared
        self._done = done
        self._chance = random.Random(seed)
        self._seed = seed
        self._count = 0
        self._file = ""

    async def act(self, operations: int) -> None:
        kinds: list[tuple[Callable[[], Awaitable[None]], int]] = [
            (self._modify, 3),
            (self._say, 4),
            (self._run, 2),
            (self._stream, 1),
            (self._upload, 1),
            (self._attach, 1),
            (self._converse, 1),
            (self._discard, 1),
            (self._look, 2),
        ]
        acts, weights = zip(*kinds, strict=True)
        for act in self._chance.choices(acts, weights, k=operations):
            await act()

    def _text(self) -> str:
        self._count += 1
        return f"{self._seed} {self._count} 条消息"

    async def _send(self, method: str, path: str, body: Json = None) -> Json:
        """The answer, or nothing where another client's run was in the way."""
        response = await self._http.request(method, path, json=body)
        if response.status_code == 400:
            (why,) = [why for why in _EXPECTED if why in response.json()["error"]["message"]]
            self._done.refused[why] += 1
            return None
        assert response.status_code == 200, f"{method} {path} {response.status_code} {response.text}"
        return response.json()

    async def _modify(self) -> None:
        assistant, name = self._chance.choice(self._shared.assistants), self._chance.choice(_FIELDS)
        value = {"by": self._text()} if name == "metadata" else self._text()
        began = time.monotonic()
        shown = await self._send("POST", f"/assistants/{assistant}", {name: value})
        self._done.writes[assistant, name].append(Write(value, began, time.monotonic()))
        assert shown[name] == value

    async def _say(self) -> None:
        thread, text = self._chance.choice(self._shared.threads), self._text()
        if await self._send("POST", f"/threads/{thread}/messages", {"role": "user", "content": text}):
            self._done.messages[thread].append(text)

    async def _run(self) -> None:
        thread, text = self._chance.choice(self._shared.threads), self._text()
        body = {
            "assistant_id": self._chance.choice(self._shared.assistants),
            "additional_messages": [{"role": "user", "content": text}],
        }
        run = await self._send("POST", f"/threads/{thread}/runs", body)
        if run is not None:
            self._done.messages[thread].append(text)
            self._done.runs.append(run)
            if self._chance.random() < 0.3:
                await self._http.post(f"/threads/{thread}/runs/{run['id']}/cancel", json={})

    async def _stream(self) -> None:
        body = {
            "assistant_id": self._chance.choice(self._shared.assistants),
            "thread": {"messages": [{"role": "user", "content": self._text()}]},
            "stream": True,
        }
        async with self._http.stream("POST", "/threads/runs", json=body) as response:
            assert response.status_code == 200, await response.aread()
            lines = [line async for line in response.aiter_lines()]
        events = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: {")]
        assert lines[-3:-1] == ["event: done", "data: [DONE]"]
        assert events[-1]["status"] == "completed"
        self._done.runs.append(events[-1])

    async def _upload(self) -> None:
        content = self._text().encode() * self._chance.choice((1, 1, 1, 20_000))
        form = {"files": {"file": (f"{self._seed}.txt", content)}, "data": {"purpose": "assistants"}}
        response = await self._http.post("/files", **form)
        assert response.status_code == 200, response.text
        self._file = response.json()["id"]
        self._done.files[self._file] = content

    async def _attach(self) -> None:
        await self._upload()
        path = f"/vector_stores/{self._shared.store}/files"
        self._done.attached.append((await self._send("POST", path, {"file_id": self._file}))["id"])

    async def _converse(self) -> None:
        texts = [self._text() for _ in range(3)]
        thread = (await self._send("POST", "/threads"))["id"]
        for text in texts:
            await self._send("POST", f"/threads/{thread}/messages", {"role": "user", "content": text})
        self._done.messages[thread] = texts
        assert await _texts(self._http, thread) == texts

    async def _discard(self) -> None:
        """Delete what is being worked on: a thread with its run, a file and a store that take it in."""
        assistant = self._chance.choice(self._shared.assistants)
        said = {"messages": [{"role": "user", "content": self._text()}]}
        run = await self._send("POST", "/threads/runs", {"assistant_id": assistant, "thread": said})
        form = {"files": {"file": ("gone.txt", self._text().encode() * 5_000)}, "data": {"purpose": "assistants"}}
        file_id = (await self._http.post("/files", **form)).json()["id"]
        store = await self._send("POST", "/vector_stores", {"file_ids": [file_id]})
        await self._send("POST", f"/vector_stores/{self._shared.store}/files", {"file_id": file_id})
        paths = [f"/threads/{run['thread_id']}", f"/files/{file_id}", f"/vector_stores/{store['id']}"]
        self._chance.shuffle(paths)
        for path in paths:
            assert (await self._send("DELETE", path))["deleted"]
        self._done.deleted += [*paths, f"/threads/{run['thread_id']}/runs/{run['id']}"]

    async def _look(self) -> None:
        thread = self._chance.choice(self._shared.threads)
        for path in ("/assistants", "/vector_stores", f"/threads/{thread}/runs", f"/threads/{thread}/messages"):
            await self._send("GET", path)


async def _listed(http: httpx2.AsyncClient, path: str) -> list[Json]:
    found: list[Json] = []
    page: Json = {"has_more": True}
    while page["has_more"]:
        after = {"after": found[-1]["id"]} if found else {}
        response = await http.get(path, params={"order": "asc", "limit": 100, **after})
        assert response.status_code == 200, response.text
        page = response.json()
        found += page["data"]
    return found


async def _texts(http: httpx2.AsyncClient, thread: str) -> list[str]:
    """What clients said on a thread, oldest first."""
    messages = await _listed(http, f"/threads/{thread}/messages")
    return [message["content"][0]["text"]["value"] for message in messages if message["run_id"] is None]


async def _prepared(http: httpx2.AsyncClient) -> Shared:
    async def made(path: str, body: Json) -> str:
        response = await http.post(path, json=body)
        assert response.status_code == 200, response.text
        found: str = response.json()["id"]
        return found

    assistants = [await made("/assistants", {"model": "gpt-4o", "instructions": "x"}) for _ in range(3)]
    threads = [await made("/threads", {}) for _ in range(6)]
    return Shared(assistants, threads, await made("/vector_stores", {"name": "shared"}))


async def _compare(http: httpx2.AsyncClient, shared: Shared, done: Acknowledged) -> None:
    """Everything acknowledged is there, exactly once; nobody is left waiting."""
    for thread, texts in done.messages.items():
        found = await _texts(http, thread)
        assert sorted(found) == sorted(texts)
    for run in done.runs:
        run = await _rested(http, f"/threads/{run['thread_id']}/runs/{run['id']}")
        assert run["status"] in ("completed", "cancelled"), run
        assert run["last_error"] is None
    for file_id, content in done.files.items():
        response = await http.get(f"/files/{file_id}/content")
        assert (response.status_code, response.content) == (200, content)
    for path in done.deleted:
        assert (await http.get(path)).status_code == 404
    attached = [each["id"] for each in await _listed(http, f"/vector_stores/{shared.store}/files")]
    assert sorted(attached) == sorted(done.attached)
    store = await _rested(http, f"/vector_stores/{shared.store}")
    assert store["file_counts"]["completed"] == len(attached)
    for (assistant, name), writes in done.writes.items():
        held = (await http.get(f"/assistants/{assistant}")).json()[name]
        (last,) = [write for write in writes if write.value == held]
        # A field holds a write after which no other one began: a partial update put no old value back.
        assert not [write for write in writes if write.began > last.ended]


async def _rested(http: httpx2.AsyncClient, path: str) -> Json:
    async with asyncio.timeout(60):
        while True:
            found = (await http.get(path)).json()
            if found["status"] not in ("queued", "in_progress", "cancelling"):
                return found
            await asyncio.sleep(0.02)


def _http(server: Server) -> httpx2.AsyncClient:
    limits = httpx2.Limits(max_connections=CLIENTS, max_keepalive_connections=CLIENTS)
    return httpx2.AsyncClient(base_url=server.url, limits=limits, timeout=60)


async def _play(database: Path, processes: int, operations: int) -> Acknowledged:
    servers = [Server(database) for _ in range(processes)]
    https = [_http(server) for server in servers]
    done = Acknowledged()
    try:
        shared = await _prepared(https[0])
        clients = [Client(https[n % processes], shared, done, f"client {n}") for n in range(CLIENTS)]
        await asyncio.gather(*(client.act(operations) for client in clients))
        for http in https:
            await _compare(http, shared, done)
    finally:
        for http in https:
            await http.aclose()
        said = [server.stop() for server in servers]
    assert said == [(0, "")] * processes
    return done


@pytest.mark.parametrize("processes", [1, 2])
async def test_a_hundred_clients_lose_nothing_and_meet_no_fault(tmp_path: Path, processes: int) -> None:
    done = await _play(tmp_path / "local.db", processes, operations=3)
    assert len(done.runs) > 10
    assert sum(done.refused.values()) > 0


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("processes", [1, 2])
async def test_a_hundred_busy_clients_lose_nothing_and_meet_no_fault(tmp_path: Path, processes: int) -> None:
    done = await _play(tmp_path / "local.db", processes, operations=25)
    assert set(done.refused) == set(_EXPECTED)
