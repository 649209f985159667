"""Files of threads over servers with manners of their own: what is sent once, undone, waited for and named."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest

from asstctl.core.errors import AnswerLost, BadAnswer, ProviderError, Rejected
from asstctl.core.tape import Answering, Asking
from asstctl.core.thread import RUN_KEY, Attached, Opened, RunOptions, Said, Tool
from asstctl.providers import opener
from asstctl.providers.assistants.dialects import FOUNDRY, FULL, Dialect
from asstctl.providers.assistants.provider import Provider
from asstctl.providers.settings import LocalSettings

pytestmark = pytest.mark.anyio

FILES = [Attached("file-1", (Tool.FILE_SEARCH,))]
METADATA = {RUN_KEY: "20261122-101500-abcd"}
THREAD = {"id": "thread_1", "tool_resources": {"file_search": {"vector_store_ids": ["vs_1"]}}, "metadata": METADATA}
READY = {"id": "vs_1", "status": "completed", "file_counts": {"in_progress": 0, "failed": 0}}
BUSY = {"id": "vs_1", "status": "in_progress", "file_counts": {"in_progress": 1}}

Answer = Callable[[httpx2.Request], httpx2.Response | None]


@dataclass
class Server:
    """Answers as told, else as a server of this wire; `seen` is what it was asked."""

    answer: Answer = lambda request: None
    dialect: Dialect = FULL
    seen: list[str] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        path = request.url.path.removeprefix("/v1")
        self.seen.append(f"{request.method} {path}")
        self.bodies.append(json.loads(request.content or b"null"))
        if (told := self.answer(request)) is not None:
            return told
        if request.method == "DELETE":
            return httpx2.Response(200, json={"deleted": True})
        return httpx2.Response(200, json=READY if path.startswith("/vector_stores") else THREAD)

    def provider(self) -> Provider:
        transport = httpx2.MockTransport(self)
        return Provider("https://example.org/v1", transport, place="example.org", dialect=self.dialect)


async def test_a_store_is_made_with_its_thread() -> None:
    """One request makes both, so that neither can be left alone."""
    server = Server()
    async with server.provider() as opened:
        made = await opened.thread_host().open(metadata=METADATA, files=FILES)

    assert made == Opened("thread_1", ("vs_1",))
    assert server.seen == ["POST /threads", "GET /vector_stores/vs_1"]
    helper = {"file_search": {"vector_stores": [{"file_ids": ["file-1"], "metadata": METADATA}]}}
    assert server.bodies[0] == {"metadata": METADATA, "tool_resources": helper}


async def test_on_foundry_the_store_is_made_first() -> None:
    """Its helper of the same name takes assets of Azure."""
    server = Server(dialect=FOUNDRY)
    async with server.provider() as opened:
        assert (await opened.thread_host().open(metadata=METADATA, files=FILES)).stores == ("vs_1",)

    assert server.seen == ["POST /vector_stores", "POST /threads", "GET /vector_stores/vs_1"]
    assert server.bodies[0] == {"file_ids": ["file-1"], "metadata": METADATA}
    assert server.bodies[1]["tool_resources"] == {"file_search": {"vector_store_ids": ["vs_1"]}}


async def test_a_store_that_is_busy_is_waited_for() -> None:
    looks = iter([BUSY, BUSY, READY])

    def answer(request: httpx2.Request) -> httpx2.Response | None:
        if request.method == "GET":
            return httpx2.Response(200, json=next(looks), headers={"openai-poll-after-ms": "1"})
        return None

    async with (server := Server(answer)).provider() as opened:
        await opened.thread_host().open(files=FILES)

    assert server.seen.count("GET /vector_stores/vs_1") == 3


def refusing(prefix: str, status: int = 400) -> Answer:
    """Refuses requests that begin so."""

    def answer(request: httpx2.Request) -> httpx2.Response | None:
        asked = f"{request.method} {request.url.path.removeprefix('/v1')}"
        error = {"error": {"message": "No.", "type": "invalid_request_error"}}
        return httpx2.Response(status, json=error) if asked.startswith(prefix) else None

    return answer


@pytest.mark.parametrize(
    ("dialect", "prefix", "deleted"),
    [
        (FULL, "POST /threads", []),
        (FULL, "GET /vector_stores", ["DELETE /vector_stores/vs_1", "DELETE /threads/thread_1"]),
        (FULL, "POST /threads/thread_1/messages", ["DELETE /vector_stores/vs_1", "DELETE /threads/thread_1"]),
        (FOUNDRY, "POST /threads", ["DELETE /vector_stores/vs_1"]),
        (FOUNDRY, "POST /vector_stores", []),
    ],
)
async def test_a_thread_that_cannot_be_opened_leaves_nothing(dialect: Dialect, prefix: str, deleted: list[str]) -> None:
    """Whoever asked does not get to know the ids of what was made on the way."""
    server = Server(refusing(prefix), dialect)
    messages = [Said("user", "x")] * 33
    async with server.provider() as opened:
        with pytest.raises(Rejected, match="rejected the request"):
            await opened.thread_host().open(messages=messages, files=FILES)

    assert [one for one in server.seen if one.startswith("DELETE")] == deleted


async def test_a_thread_whose_opening_is_given_up_leaves_nothing() -> None:
    """A store may take longer than anybody waits."""

    def busy(request: httpx2.Request) -> httpx2.Response | None:
        return httpx2.Response(200, json=BUSY) if request.method == "GET" else None

    server = Server(busy)
    async with server.provider() as opened:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await opened.thread_host().open(files=FILES)

    assert server.seen[-2:] == ["DELETE /vector_stores/vs_1", "DELETE /threads/thread_1"]


async def test_a_server_that_makes_no_store_is_said() -> None:
    """Instead of a conversation whose file nobody searches."""
    server = Server(lambda request: httpx2.Response(200, json={"id": "thread_1"}))
    async with server.provider() as opened:
        with pytest.raises(BadAnswer, match="made no store"):
            await opened.thread_host().open(files=FILES)

    assert server.seen[-1] == "DELETE /threads/thread_1"


@pytest.mark.parametrize("status", [404, 403, 200])
async def test_a_file_whose_name_is_not_told_is_cited_by_its_id(status: int) -> None:
    """Files of other owners cannot be read, and some servers know no names."""
    annotation = {"type": "file_citation", "text": "[1]", "file_citation": {"file_id": "file-9"}}
    reply = {
        "role": "assistant",
        "run_id": "run_1",
        "content": [{"type": "text", "text": {"value": "x [1]", "annotations": [annotation, annotation]}}],
    }

    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.url.path.startswith("/v1/files"):
            return httpx2.Response(status, json={"id": "file-9", "filename": None, "error": {"message": "No."}})
        if request.method == "POST":
            return httpx2.Response(200, json={"id": "run_1", "status": "completed"})
        return httpx2.Response(200, json={"data": [reply]})

    async with Server(answer).provider() as opened:
        state = await opened.thread_host().run("thread_1", "asst_1", RunOptions())

    assert [one.file for one in state.citations] == ["file-9", "file-9"]


async def test_a_name_is_asked_for_once() -> None:
    """By whichever host of a provider needs it first."""
    annotation = {"type": "file_path", "text": "sandbox:/mnt/data/a.csv", "file_path": {"file_id": "file-9"}}
    content = [{"type": "text", "text": {"value": "x", "annotations": [annotation]}}]

    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.url.path.startswith("/v1/files"):
            return httpx2.Response(200, json={"id": "file-9", "filename": "a.csv"})
        if request.method == "POST":
            return httpx2.Response(200, json={"id": "run_1", "status": "completed"})
        return httpx2.Response(200, json={"data": [{"role": "assistant", "run_id": "run_1", "content": content}]})

    server = Server(answer)
    async with server.provider() as opened:
        for _ in range(2):
            state = await opened.thread_host().run("thread_1", "asst_1")
            assert [one.file for one in state.citations] == ["a.csv"]

    assert server.seen.count("GET /files/file-9") == 1


@pytest.mark.parametrize("fault", ["drop-after-commit=1:POST /files", "answer-after-commit=500:1:POST /files"])
async def test_an_upload_whose_answer_is_lost_is_not_sent_again(tmp_path: Path, fault: str) -> None:
    """One file is on the server, and the error says that it may be."""
    file = tmp_path / "notes.md"
    file.write_text("Otters.", encoding="utf-8")
    settings = LocalSettings(tmp_path / ".asstctl" / "local.db", faults=(fault,))
    async with opener("local")(settings) as provider:
        with pytest.raises(ProviderError) as caught:
            await provider.thread_host().upload(file, purpose="assistants")

        assert caught.value.ambiguous
        assert len(await provider.files.uploads()) == 1


async def test_a_thread_whose_answer_is_lost_is_not_made_again(tmp_path: Path) -> None:
    """Its store bears the run's id, by which it can be found."""
    settings = LocalSettings(tmp_path / ".asstctl" / "local.db", faults=("drop-after-commit=1:POST /threads",))
    file = tmp_path / "notes.md"
    file.write_text("Otters.", encoding="utf-8")
    async with opener("local")(settings) as provider:
        host = provider.thread_host()
        attached = [Attached(await host.upload(file, purpose="assistants"), (Tool.FILE_SEARCH,))]
        with pytest.raises(AnswerLost):
            await host.open(metadata=METADATA, files=attached)

        [store] = (await provider.store.list("vector_store")).objects
        assert store.fields["metadata"] == METADATA


class Listening:
    """A deck that hears of every exchange."""

    replays = False
    real = False

    def __init__(self) -> None:
        self.heard: list[Asking] = []
        self.clock = 0.0

    def now(self) -> float:
        self.clock += 1.0
        return self.clock

    def play(self, asking: Asking) -> Answering:
        raise NotImplementedError

    def passed(self, seconds: float) -> None:
        raise NotImplementedError

    def asked(self) -> int:
        return 0

    def keep(self, place: int, asking: Asking, answering: Answering) -> None:
        self.heard.append(asking)


async def test_all_that_a_host_with_a_deck_does_is_heard(tmp_path: Path) -> None:
    """Files and streams too; its clock is the deck's, and no other host has asked for names before."""
    file = tmp_path / "notes.md"
    file.write_text("Otters hold hands.", encoding="utf-8")
    deck = Listening()
    async with opener("local")(LocalSettings(tmp_path / ".asstctl" / "local.db")) as provider:
        live = await provider.store.create("assistant", {"model": "m", "tools": [{"type": "file_search"}]})
        other = provider.thread_host()
        attached = [Attached(await other.upload(file, purpose="assistants"), (Tool.FILE_SEARCH,))]
        host = provider.thread_host(deck)
        await host.upload(file, purpose="vision")
        opened = await host.open(messages=[Said("user", "otters")], files=attached)

        state = await host.run(opened.thread, live.id, RunOptions(stream=True))
        await host.close(opened.thread)

    asked = [f"{one.method} {one.path.replace(opened.thread, 'THREAD')}" for one in deck.heard]
    assert asked[:2] == ["POST /files", "POST /threads"]
    assert asked[-3:] == ["POST /threads/THREAD/runs", f"GET /files/{attached[0].file}", "DELETE /threads/THREAD"]
    assert state.first_token is not None
    assert state.first_token == int(state.first_token)
