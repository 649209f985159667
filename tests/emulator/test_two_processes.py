"""Servers on one database, each a process of its own: none disturbs another, and each can go on with another's work.

Their leases are short, so that what happens in the time of a lease happens within a test.
"""

import asyncio
import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest

from asstctl.emulator import open_emulator
from tests.emulator.harness import ASK, AT_REST
from tests.emulator.process import LEASE, Server

Json = Any

SLOW = 0.3
"""Seconds that the model of the first server takes: long enough for another process to step in."""

LONG = 1.5 * LEASE
"""Seconds that the model of a third one takes, so that its runs live through more than one lease."""


class Client:
    def __init__(self, server: Server) -> None:
        self.http = httpx2.Client(base_url=server.url, timeout=30, trust_env=False, verify=False)

    def get(self, path: str, **query: Json) -> Json:
        return self._good(self.http.get(path, params=query))

    def post(self, path: str, body: Json = None) -> Json:
        return self._good(self.http.post(path, json=body or {}))

    def delete(self, path: str) -> Json:
        return self._good(self.http.delete(path))

    def file(self, content: bytes) -> str:
        form: Json = {"files": {"file": ("notes.md", content)}, "data": {"purpose": "assistants"}}
        return str(self._good(self.http.post("/files", **form))["id"])

    def run(self, *tools: Json, **given: Json) -> Json:
        """A run that has just been started, on a thread of its own."""
        assistant = self.post("/assistants", {"model": "gpt-4o", "tools": tools})
        thread = {"messages": [{"role": "user", "content": "hello"}]}
        return self.post("/threads/runs", {"assistant_id": assistant["id"], "thread": thread, **given})

    def until(self, run: Json, *statuses: str) -> Json:
        deadline = time.monotonic() + 20
        while run["status"] not in statuses:
            assert time.monotonic() < deadline, run
            time.sleep(0.01)
            run = self.get(path_of(run))
        return run

    def stream(self, **given: Json) -> "Stream":
        assistant = self.post("/assistants", {"model": "gpt-4o"})
        thread = {"messages": [{"role": "user", "content": "hello"}]}
        return Stream(self.http, {"assistant_id": assistant["id"], "thread": thread, "stream": True, **given})

    @staticmethod
    def _good(response: httpx2.Response) -> Json:
        assert response.status_code == 200, response.text
        return response.json()


class Stream(threading.Thread):
    """The stream of a run, read in a thread to its end."""

    def __init__(self, http: httpx2.Client, body: Json) -> None:
        super().__init__(daemon=True)
        self.events: list[tuple[str, Json]] = []
        self.run_: Json = None
        self._started_running = threading.Event()
        self._http, self._body = http, body
        self.start()

    def running(self) -> Json:
        """The run, once it is in progress."""
        assert self._started_running.wait(20)
        return self.run_

    def names(self) -> list[str]:
        """The names of all events, once the stream has ended."""
        self.join(20)
        assert not self.is_alive()
        return [name for name, _ in self.events]

    def run(self) -> None:
        name = ""
        with (
            suppress(httpx2.TransportError),  # the server was killed
            self._http.stream("POST", "/threads/runs", json=self._body) as response,
        ):
            for line in response.iter_lines():
                kind, _, value = line.partition(": ")
                if kind == "event":
                    name = value
                elif kind == "data":
                    self.events.append((name, value if name == "done" else json.loads(value)))
                    if name == "thread.run.in_progress":
                        self.run_ = self.events[-1][1]
                        self._started_running.set()


def path_of(run: Json) -> str:
    return f"/threads/{run['thread_id']}/runs/{run['id']}"


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shared") / "local.db"


@pytest.fixture(scope="module")
def servers(database: Path) -> Iterator[tuple[Server, Server, Server]]:
    with ThreadPoolExecutor(3) as pool:
        started = pool.map(lambda delay: Server(database, "--reply-delay", str(delay), hasty=True), (SLOW, 0, LONG))
        slow, quick, long = started
    yield slow, quick, long
    for server in (slow, quick, long):
        assert server.stop() == (0, "")
    assert [path.name for path in database.parent.iterdir() if path.is_file()] == [database.name]


@pytest.fixture
def slow(servers: tuple[Server, Server, Server]) -> Iterator[Client]:
    client = Client(servers[0])
    with client.http:
        yield client


@pytest.fixture
def quick(servers: tuple[Server, Server, Server]) -> Iterator[Client]:
    client = Client(servers[1])
    with client.http:
        yield client


@pytest.fixture(scope="module", autouse=True)
def left_behind(database: Path, servers: tuple[Server, Server, Server]) -> tuple[list[Json], str]:
    """Runs that a server which was killed has left in every state in which it can, and a store with a file half in."""
    server = Server(database, "--reply-delay", "60", hasty=True)
    client = Client(server)
    with client.http:
        stream = client.stream()
        runs = [client.until(client.run(), "in_progress"), stream.running(), client.run()]
        store = client.post("/vector_stores", {"file_ids": [client.file(b"some words " * 100_000)]})
        server.kill()
        assert stream.names()[-1] == "thread.run.in_progress"
    server.stop()
    witness = Client(servers[1])
    with witness.http:  # as long as the leases hold
        assert witness.get(f"/vector_stores/{store['id']}")["file_counts"]["in_progress"] == 1
    return runs, store["id"]


@pytest.fixture(scope="module", autouse=True)
def long_run(servers: tuple[Server, Server, Server], left_behind: tuple[list[Json], str]) -> Json:
    """A run that goes on in the third server while the tests disturb it."""
    client = Client(servers[2])
    with client.http:
        return client.until(client.run(), "in_progress")


def test_a_run_goes_on_while_others_open_the_database_and_read(long_run: Json, quick: Client, database: Path) -> None:
    """As a plan does beside a test."""
    owners = set()
    while quick.get(path_of(long_run))["status"] == "in_progress":
        owners.add(_lease_owner(database, long_run))
        emulator = open_emulator(database)
        asyncio.run(emulator.aclose())
        quick.get("/assistants", limit=100)
    assert quick.get(path_of(long_run))["status"] == "completed"
    assert len(owners - {None}) == 1


def _lease_owner(database: Path, run: Json) -> str | None:
    connection = sqlite3.connect(database)
    try:
        return connection.execute("SELECT lease_owner FROM runs WHERE id = ?", (run["id"],)).fetchone()[0]
    finally:
        connection.close()


def test_a_run_of_one_is_locked_for_the_other(slow: Client, quick: Client) -> None:
    run = slow.until(slow.run(), "in_progress")
    messages = f"/threads/{run['thread_id']}/messages"
    refused = quick.http.post(messages, json={"role": "user", "content": "more"})
    assert (refused.status_code, "while a run" in refused.text) == (400, True)
    refused = quick.http.post(f"/threads/{run['thread_id']}/runs", json={"assistant_id": run["assistant_id"]})
    assert (refused.status_code, "already has an active run" in refused.text) == (400, True)
    slow.until(run, "completed")
    quick.post(messages, {"role": "user", "content": "more"})


@pytest.mark.parametrize("first", ["slow", "quick"])
def test_what_one_asks_the_other_can_answer(slow: Client, quick: Client, first: str) -> None:
    asking, answering = (slow, quick) if first == "slow" else (quick, slow)
    run = asking.until(asking.run(ASK, tool_choice="required"), "requires_action")
    assert answering.get(path_of(run)) == run
    (call,) = run["required_action"]["submit_tool_outputs"]["tool_calls"]
    outputs = {"tool_outputs": [{"tool_call_id": call["id"], "output": "42"}]}
    assert answering.post(f"{path_of(run)}/submit_tool_outputs", outputs)["status"] == "queued"
    assert asking.until(run, "completed", "failed")["status"] == "completed"
    (said,) = asking.get(f"/threads/{run['thread_id']}/messages", run_id=run["id"])["data"]
    assert said["content"][0]["text"]["value"] == "42"


def test_a_stream_ends_when_the_other_cancels_its_run(slow: Client, quick: Client) -> None:
    stream = slow.stream()
    run = stream.running()
    assert quick.post(f"{path_of(run)}/cancel")["status"] == "cancelling"
    quick.until(run, "cancelled")
    names = stream.names()
    assert names[-2:] == ["thread.run.cancelled", "done"]
    assert stream.events[-2][1] == slow.get(path_of(run)) == quick.get(path_of(run))
    assert "thread.run.completed" not in names
    quick.post(f"/threads/{run['thread_id']}/messages", {"role": "user", "content": "free again"})


def test_a_stream_ends_when_the_other_deletes_its_thread(slow: Client, quick: Client) -> None:
    stream = slow.stream()
    run = stream.running()
    quick.delete(f"/threads/{run['thread_id']}")
    assert stream.names()[-2:] == ["error", "done"]
    for client in (slow, quick):
        assert client.http.get(f"/threads/{run['thread_id']}").status_code == 404
    slow.until(slow.run(), "completed")


def test_a_file_is_taken_in_once(slow: Client, quick: Client, database: Path) -> None:
    texts = [" ".join(f"file{number}word{word}" for word in range(2000)) for number in range(8)]
    store = quick.post("/vector_stores")
    path = f"/vector_stores/{store['id']}"
    file_ids = [client.file(text.encode()) for client, text in zip([slow, quick] * 4, texts, strict=True)]
    for client, file_id in zip([slow, quick] * 4, file_ids, strict=True):
        client.post(f"{path}/files", {"file_id": file_id})
    deadline = time.monotonic() + 20
    while any(client.get(path)["file_counts"]["completed"] < len(file_ids) for client in (slow, quick)):
        assert time.monotonic() < deadline, slow.get(path)
    for file_id, text in zip(file_ids, texts, strict=True):
        for client in (slow, quick):
            (part,) = client.get(f"{path}/files/{file_id}/content")["data"]
            assert part["text"] == text
            hits = client.post(f"{path}/search", {"query": text.split()[0]})["data"]
            assert [hit["file_id"] for hit in hits] == [file_id]
    connection = sqlite3.connect(database)
    sql = "SELECT text FROM chunks JOIN store_files ON seq = file_seq WHERE vector_store_id = ?"
    chunks = connection.execute(sql, (store["id"],)).fetchall()
    connection.close()
    assert len(chunks) == len(set(chunks)) > len(texts)


ROUNDS = 20
Written = dict[str, Json]
"""What was acknowledged, by path."""


def _assistants(client: Client) -> Written:
    written = {}
    for number in range(ROUNDS):
        path = f"/assistants/{client.post('/assistants', {'model': 'gpt-4o'})['id']}"
        written[path] = client.post(path, {"name": f"a{number}", "instructions": "x" * 5000})
    return written


def _messages(client: Client) -> Written:
    path = f"/threads/{client.post('/threads')['id']}"
    said = (client.post(f"{path}/messages", {"role": "user", "content": f"m{number}"}) for number in range(ROUNDS))
    return {f"{path}/messages/{message['id']}": message for message in said}


def _files(client: Client) -> Written:
    paths = (f"/files/{client.file(b'x' * number)}" for number in range(ROUNDS))
    return {path: client.get(path) for path in paths}


def test_both_write_at_once_and_nothing_is_lost_or_refused(slow: Client, quick: Client, database: Path) -> None:
    """With a reader beside them, as a plan is one. A busy database is waited for."""
    shared = f"/assistants/{quick.post('/assistants', {'model': 'gpt-4o'})['id']}"

    def names(client: Client, member: str) -> Written:
        for number in range(ROUNDS):
            client.post(shared, {member: str(number)})
        return {}

    with ThreadPoolExecutor(8) as pool:
        jobs = [pool.submit(work, client) for client in (slow, quick) for work in (_assistants, _messages, _files)]
        jobs += [pool.submit(names, slow, "name"), pool.submit(names, quick, "description")]
        while not all(job.done() for job in jobs):
            connection = sqlite3.connect(database)
            connection.execute("SELECT body FROM assistants").fetchall()
            connection.close()
    for job in jobs:
        for path, body in job.result().items():
            assert slow.get(path) == quick.get(path) == body
    last = str(ROUNDS - 1)
    assert (found := slow.get(shared)) == quick.get(shared)
    assert (found["name"], found["description"]) == (last, last)


def test_runs_of_a_server_that_died_end_in_another_after_a_lease(
    left_behind: tuple[list[Json], str], quick: Client
) -> None:
    for run in left_behind[0]:
        ended = quick.until(run, *AT_REST)
        assert (ended["status"], ended["last_error"]["code"]) == ("failed", "server_error")
        quick.post(f"/threads/{run['thread_id']}/messages", {"role": "user", "content": "free again"})


def test_files_of_a_server_that_died_are_taken_in_by_another_whoever_asks(
    left_behind: tuple[list[Json], str], quick: Client
) -> None:
    """The list of stores is no reason to take in anything, so nothing but the lease's end can have been."""
    deadline = time.monotonic() + 20
    counts: Json = None
    while counts is None or counts["in_progress"]:
        assert time.monotonic() < deadline, counts
        time.sleep(0.01)
        stores = quick.get("/vector_stores", limit=100)["data"]
        (counts,) = [store["file_counts"] for store in stores if store["id"] == left_behind[1]]
    assert counts["completed"] == 1
