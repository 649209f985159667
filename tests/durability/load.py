"""Clients that work on a server until it dies, each in its own way, and the ledger of what it acknowledged to them.

A client works on objects of its own only, so the ledger knows what every one of them must look like afterwards.
"""

import asyncio
import hashlib
import itertools
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx2

from tests.emulator.harness import ASK, AT_REST

Json = Any
Body = dict[str, Json]

FINAL = tuple(status for status in AT_REST if status != "requires_action")
MEGABYTE = 1024 * 1024


@dataclass
class Ledger:
    """What was acknowledged, by path. A path in `doubtful` was being changed when the server died."""

    kept: dict[str, Body] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    doubtful: dict[str, Body | None] = field(default_factory=dict)
    """What the change would have made of it; None: it was being deleted."""
    contents: dict[str, str] = field(default_factory=dict)
    """Digests of the bytes of files, by id."""
    runs: dict[str, str] = field(default_factory=dict)
    """The last status of a run that was seen, by path."""
    begun: set[str] = field(default_factory=set)
    """Messages and steps of runs that a stream told of; what became of them depends on the run."""
    uploads: dict[str, list[tuple[str, bytes]]] = field(default_factory=dict)
    """The parts of uploads that nobody has completed, by the upload's id."""
    texts: dict[str, str] = field(default_factory=dict)
    """What the files in vector stores say, by id."""
    refused: list[str] = field(default_factory=list)
    """Answers that no client should have got."""
    writes: int = 0

    def keep(self, path: str, body: Body) -> None:
        self.kept[path] = body
        self.writes += 1

    def forget(self, path: str) -> None:
        """It went with something else."""
        del self.kept[path]
        self.gone.add(path)

    @contextmanager
    def changing(self, path: str, change: Mapping[str, Json] | None) -> Iterator[None]:
        """A change that is in doubt until the block has ended well."""
        self.doubtful[path] = None if change is None else {**self.kept[path], **change}
        yield
        del self.doubtful[path]

    def saw(self, run: Body) -> None:
        self.runs[run_path(run)] = run["status"]
        if run["status"] in FINAL:
            self.keep(run_path(run), run)


def run_path(run: Body) -> str:
    return f"/threads/{run['thread_id']}/runs/{run['id']}"


def message_path(message: Body) -> str:
    return f"/threads/{message['thread_id']}/messages/{message['id']}"


def step_path(step: Body) -> str:
    return f"/threads/{step['thread_id']}/runs/{step['run_id']}/steps/{step['id']}"


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class Client:
    """One client; the names of its methods are those of the ledger's entries that they make."""

    def __init__(self, http: httpx2.AsyncClient, ledger: Ledger, dice: random.Random) -> None:
        self.http = http
        self.ledger = ledger
        self.dice = dice

    async def get(self, path: str, **query: Json) -> Json:
        return self._good(await self.http.get(path, params=query))

    async def post(self, path: str, body: Json = None) -> Json:
        return self._good(await self.http.post(path, json=body or {}))

    def _good(self, response: httpx2.Response) -> Json:
        if response.status_code != 200:
            request = response.request
            self.ledger.refused.append(f"{request.method} {request.url.path}: {response.status_code} {response.text}")
        response.raise_for_status()
        return response.json()

    async def create(self, path: str, **given: Json) -> Body:
        body: Body = await self.post(path, given)
        self.ledger.keep(f"{path}/{body['id']}", body)
        return body

    async def modify(self, path: str, **given: Json) -> None:
        with self.ledger.changing(path, given):
            self.ledger.keep(path, await self.post(path, given))

    async def delete(self, path: str) -> None:
        with self.ledger.changing(path, None):
            self._good(await self.http.delete(path))
        self.ledger.forget(path)

    async def file(self, content: bytes, name: str = "notes.bin") -> Body:
        form = {"files": {"file": (name, content)}, "data": {"purpose": "assistants"}}
        body: Body = self._good(await self.http.post("/files", **form))
        self.ledger.contents[body["id"]] = digest(content)
        self.ledger.keep(f"/files/{body['id']}", body)
        return body

    async def text_file(self, number: int) -> Body:
        """A file for a vector store, with a word that no other file has."""
        word = f"word{self.dice.randrange(10**12)}"
        count = self.dice.randrange(1, self.dice.choice((500, 8000)))  # the long ones are not taken in at one go
        text = "".join(f"{word} stands in line {line} of file {number}.\n" for line in range(count))
        file = await self.file(text.encode(), "notes.md")
        self.ledger.texts[file["id"]] = text
        return file

    async def part(self, upload_id: str, content: bytes) -> None:
        body = self._good(await self.http.post(f"/uploads/{upload_id}/parts", files={"data": ("part", content)}))
        self.ledger.uploads[upload_id].append((body["id"], content))
        self.ledger.writes += 1

    async def run(self, assistant_id: str, text: str, **given: Json) -> Body:
        """Start a run on a thread of its own, and see it to rest."""
        thread = await self.create("/threads", messages=[{"role": "user", "content": text}])
        run: Body = await self.post(f"/threads/{thread['id']}/runs", {"assistant_id": assistant_id, **given})
        return await self.rest(run)

    async def rest(self, run: Body) -> Body:
        self.ledger.saw(run)
        while run["status"] not in AT_REST:
            run = await self.get(run_path(run))
            self.ledger.saw(run)
        if run["status"] == "completed":
            for step in (await self.get(f"{run_path(run)}/steps"))["data"]:
                self.ledger.keep(step_path(step), step)
            for message in (await self.get(f"/threads/{run['thread_id']}/messages"))["data"]:
                self.ledger.keep(message_path(message), message)
        return run


async def assistants(client: Client) -> None:
    for number in itertools.count():
        created = await client.create("/assistants", model="gpt-4o", name=f"a{number}", metadata={"n": str(number)})
        path = f"/assistants/{created['id']}"
        await client.modify(path, instructions=f"Teach {number}. " * 200)
        await client.modify(path, metadata={"n": str(number), "again": "yes"})
        if number % 3 == 0:
            await client.delete(path)


async def conversations(client: Client) -> None:
    for number in itertools.count():
        said = [{"role": "user", "content": f"{number} {index} 你好"} for index in range(3)]
        thread = await client.create("/threads", messages=said, metadata={"n": str(number)})
        path = f"/threads/{thread['id']}"
        for message in (await client.get(f"{path}/messages"))["data"]:
            client.ledger.keep(message_path(message), message)
        for index in range(client.dice.randrange(1, 6)):
            last = await client.create(f"{path}/messages", role="user", content=f"more {index} " * 100)
        await client.modify(message_path(last), metadata={"read": "yes"})
        await client.delete(message_path(last))
        await client.modify(path, metadata={"n": "changed"})
        if number % 4 == 0:
            doomed = await client.create("/threads", messages=said)
            await client.delete(f"/threads/{doomed['id']}")


async def plain_runs(client: Client) -> None:
    assistant = await client.create("/assistants", model="gpt-4o")
    for number in itertools.count():
        await client.run(assistant["id"], f"say {number} " * client.dice.randrange(1, 50))


async def function_runs(client: Client) -> None:
    assistant = await client.create("/assistants", model="gpt-4o", tools=[ASK])
    for number in itertools.count():
        run = await client.run(assistant["id"], f"ask {number}", tool_choice="required")
        if number % 3 == 2:
            continue  # left for after the kill
        calls = run["required_action"]["submit_tool_outputs"]["tool_calls"]
        outputs = [{"tool_call_id": call["id"], "output": f"row {number}"} for call in calls]
        # Until the outputs are acknowledged the run may be found either way.
        client.ledger.runs[run_path(run)] = "answering"
        await client.rest(await client.post(f"{run_path(run)}/submit_tool_outputs", {"tool_outputs": outputs}))


async def interrupted_runs(client: Client) -> None:
    """Runs that are cancelled, or whose thread is deleted, while they go on."""
    assistant = await client.create("/assistants", model="gpt-4o")
    for number in itertools.count():
        thread = await client.create("/threads", messages=[{"role": "user", "content": f"stop {number}"}])
        path = f"/threads/{thread['id']}"
        run = await client.post(f"{path}/runs", {"assistant_id": assistant["id"]})
        if number % 3 == 0:
            await client.delete(path)
            continue
        client.ledger.saw(run)
        cancelled = await client.http.post(f"{run_path(run)}/cancel", json={})
        if cancelled.status_code == 200:
            client.ledger.saw(cancelled.json())
        else:  # the run was quicker
            assert cancelled.status_code == 400
        await client.rest(await client.get(run_path(run)))


async def streams(client: Client) -> None:
    assistant = await client.create("/assistants", model="gpt-4o")
    for number in itertools.count():
        text = f"stream {number} " * client.dice.randrange(20, 500)
        start = {"assistant_id": assistant["id"], "thread": {"messages": [{"role": "user", "content": text}]}}
        async with client.http.stream("POST", "/threads/runs", json={**start, "stream": True}) as response:
            assert response.status_code == 200
            async for name, data in events(response):
                _note_event(client.ledger, name, data)


async def events(response: httpx2.Response) -> AsyncIterator[tuple[str, Json]]:
    name = ""
    async for line in response.aiter_lines():
        kind, _, value = line.partition(": ")
        if kind == "event":
            name = value
        elif kind == "data" and name != "done":
            yield name, json.loads(value)


def _note_event(ledger: Ledger, name: str, data: Body) -> None:
    """An event is an acknowledgement too: what it tells was committed before."""
    if name == "thread.created":
        ledger.keep(f"/threads/{data['id']}", data)
    elif name == "thread.message.created":
        ledger.begun.add(message_path(data))
    elif name == "thread.run.step.created":
        ledger.begun.add(step_path(data))
    elif name == "thread.message.completed":
        ledger.keep(message_path(data), data)
    elif name == "thread.run.step.completed":
        ledger.keep(step_path(data), data)
    elif data["object"] == "thread.run":
        ledger.saw(data)
    assert name != "error", data


async def code_runs(client: Client) -> None:
    assistant = await client.create("/assistants", model="gpt-4o", tools=[{"type": "code_interpreter"}])
    for number in itertools.count():
        run = await client.run(assistant["id"], f"```python\nprint({number} * 7)\n```")
        (said,) = (await client.get(f"/threads/{run['thread_id']}/messages", limit=1))["data"]
        assert said["content"][0]["text"]["value"] == str(number * 7)


async def small_files(client: Client) -> None:
    for number in itertools.count():
        file = await client.file(client.dice.randbytes(client.dice.randrange(1, 50_000)))
        if number % 4 == 0:
            await client.delete(f"/files/{file['id']}")


async def large_files(client: Client) -> None:
    while True:
        await client.file(client.dice.randbytes(client.dice.randrange(2 * MEGABYTE, 6 * MEGABYTE)))


async def uploads(client: Client) -> None:
    for number in itertools.count():
        contents = [client.dice.randbytes(client.dice.randrange(1, 2 * MEGABYTE)) for _ in range(3)]
        whole = b"".join(contents)
        about = {"filename": "whole.bin", "purpose": "assistants", "mime_type": "application/octet-stream"}
        upload = await client.post("/uploads", {**about, "bytes": len(whole)})
        client.ledger.uploads[upload["id"]] = []
        for content in contents:
            await client.part(upload["id"], content)
        if number % 3 == 2:
            continue  # left for after the kill
        part_ids = [part_id for part_id, _ in client.ledger.uploads.pop(upload["id"])]
        completed = await client.post(f"/uploads/{upload['id']}/complete", {"part_ids": part_ids})
        file = completed["file"]
        client.ledger.contents[file["id"]] = digest(whole)
        client.ledger.keep(f"/files/{file['id']}", file)


async def stores(client: Client) -> None:
    for number in itertools.count():
        files = [await client.text_file(number) for _ in range(4)]
        first, second, third, fourth = (file["id"] for file in files)
        store = await client.create("/vector_stores", name=f"s{number}", metadata={"n": str(number)}, file_ids=[first])
        path = f"/vector_stores/{store['id']}"
        client.ledger.keep(f"{path}/files/{first}", await client.get(f"{path}/files/{first}"))
        await client.create(f"{path}/files", file_id=second, attributes={"n": number})
        batch = await client.post(f"{path}/file_batches", {"file_ids": [third, fourth]})
        for file_id in (third, fourth):
            client.ledger.keep(f"{path}/files/{file_id}", await client.get(f"{path}/files/{file_id}"))
        await client.modify(path, name=f"renamed {number}")
        if number % 3 == 2:
            continue  # not waited for: some are taken in while others come
        while batch["status"] == "in_progress":
            batch = await client.get(f"{path}/file_batches/{batch['id']}")
        for file_id in (third, fourth):
            client.ledger.keep(f"{path}/files/{file_id}", await client.get(f"{path}/files/{file_id}"))
        await client.delete(f"{path}/files/{first}")
        if number % 3 == 1:
            await client.delete(f"/files/{fourth}")
            client.ledger.forget(f"{path}/files/{fourth}")


async def searching_runs(client: Client) -> None:
    assistant = await client.create("/assistants", model="gpt-4o", tools=[{"type": "file_search"}])
    for number in itertools.count():
        file = await client.text_file(number)
        word = client.ledger.texts[file["id"]].split()[0]
        attached = [{"file_id": file["id"], "tools": [{"type": "file_search"}]}]
        await client.run(
            assistant["id"],
            f"Where is {word}?",
            additional_messages=[{"role": "user", "content": word, "attachments": attached}],
        )


Worker = Callable[[Client], Awaitable[None]]
WORKERS: tuple[Worker, ...] = (
    assistants,
    conversations,
    plain_runs,
    function_runs,
    interrupted_runs,
    streams,
    streams,
    code_runs,
    small_files,
    large_files,
    uploads,
    stores,
    searching_runs,
)


async def work(url: str, ledger: Ledger, seed: str, begin: Callable[[], object]) -> None:
    """All clients at their work until the server is gone; `begin` is called when all of them are connected."""
    async with AsyncExitStack() as stack:
        # Making a client takes its time, and no TLS is spoken here.
        clients = [
            await stack.enter_async_context(httpx2.AsyncClient(base_url=url, timeout=30, trust_env=False, verify=False))
            for _ in WORKERS
        ]
        await asyncio.gather(*(http.get("/models") for http in clients))
        begin()
        async with asyncio.TaskGroup() as tasks:
            for number, (worker, http) in enumerate(zip(WORKERS, clients, strict=True)):
                client = Client(http, ledger, random.Random(f"{seed}-{number}"))
                tasks.create_task(_until_gone(worker, client))


async def _until_gone(worker: Worker, client: Client) -> None:
    with suppress(httpx2.TransportError):
        await worker(client)
