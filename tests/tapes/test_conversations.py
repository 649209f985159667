"""Conversations over a provider, recorded and played again: many at once, over every way in which a run is had."""

import asyncio
import re
import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest

from asstctl.conversation.tapes.recording import Recording
from asstctl.conversation.tapes.replay import Replay
from asstctl.conversation.tapes.text import Tape, read_tape, same_but_for_times, tape_text
from asstctl.core.errors import TapeMissing
from asstctl.core.ports import Provider, ThreadHost
from asstctl.core.tape import Deck
from asstctl.core.thread import Attached, RunOptions, Said, Tool, ToolOutput
from asstctl.providers.assistants.provider import Provider as AssistantsProvider
from asstctl.providers.assistants.recorded import recorded_provider
from asstctl.providers.judge import JudgeServer, recorded_judge
from asstctl.providers.local.provider import open_provider
from asstctl.providers.local.recorded import recorded_provider as recorded_local
from asstctl.providers.settings import AssistantsSettings, JudgeSettings, LocalSettings
from tests.tapes.parts import HEADER

pytestmark = pytest.mark.anyio

KEY = "correct-horse-battery-staple"
MANY, SOME = 300, 50


@dataclass
class Server:
    """Threads whose runs call a function, are looked at a random number of times, and say what it was answered."""

    said: dict[str, str] = field(default_factory=dict)

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        assert request.headers["authorization"] == f"Bearer {KEY}"
        parts = request.url.path.removeprefix("/v1/").split("/")
        body: dict[str, Any] = self.answer(request, parts)
        headers = {"openai-poll-after-ms": "1", "x-request-id": secrets.token_hex(8)}
        return httpx2.Response(200, json=body, headers=headers)

    def answer(self, request: httpx2.Request, parts: list[str]) -> dict[str, Any]:
        match request.method, parts:
            case "POST", ["threads"]:
                return {"id": made("thread"), "object": "thread", "created_at": time.time_ns()}
            case "POST", ["threads", thread, "runs"]:
                return run(made("run"), thread, "queued")
            case "POST", ["threads", thread, "runs", id, "submit_tool_outputs"]:
                self.said[id] = request.content.decode().partition('"output":"')[2].partition('"')[0]
                return run(id, thread, "in_progress")
            case "GET", ["threads", thread, "runs", id]:
                if not secrets.randbelow(3):
                    return run(id, thread, "in_progress")
                return run(id, thread, "completed" if id in self.said else "requires_action")
            case "GET", ["threads", thread, "messages"]:
                id = request.url.params["run_id"]
                text = [{"type": "text", "text": {"value": self.said.get(id, ""), "annotations": []}}]
                said = {
                    "id": made("msg"),
                    "object": "thread.message",
                    "role": "assistant",
                    "run_id": id,
                    "content": text,
                }
                return {"object": "list", "data": [said] if id in self.said else []}
            case "DELETE", ["threads", thread]:
                return {"id": thread, "deleted": True}
        raise AssertionError(parts)


def made(kind: str) -> str:
    return f"{kind}_{secrets.token_hex(12)}"


def run(id: str, thread: str, status: str) -> dict[str, Any]:
    function = {"name": "add", "arguments": "{}"}
    call = {"id": f"call_{id[4:]}", "type": "function", "function": function}
    action = {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": [call]}}
    asked = {"required_action": action if status == "requires_action" else None}
    return {
        "id": id,
        "object": "thread.run",
        "thread_id": thread,
        "status": status,
        "created_at": time.time_ns(),
        **asked,
    }


async def talk(host: ThreadHost, assistant: str, number: int) -> str:
    """A turn with a call; what was replied."""
    metadata = {"asstctl_run": secrets.token_hex(4)}
    opened = await host.open(messages=[Said("user", f"hello {number}")], metadata=metadata)
    state = await host.run(opened.thread, assistant)
    assert state.status == "requires_action"
    state = await host.outputs(opened.thread, state.id, [ToolOutput(state.calls[0].id, f"answer {number}")])
    await host.close(opened.thread)
    return state.reply


def saying(number: int) -> str:
    return f"answer {number}"


async def recording(server: Server, many: int) -> list[Tape]:
    """The tapes of so many conversations that go on at once."""
    transport = httpx2.MockTransport(server)
    async with AssistantsProvider("https://example.org/v1", transport, place="example.org", key=KEY) as provider:
        decks = [Recording() for _ in range(many)]
        said = await asyncio.gather(*(talk(provider.thread_host(deck), "asst_1", n) for n, deck in enumerate(decks)))
    assert said == [saying(number) for number in range(many)]
    return [deck.tape(HEADER) for deck in decks]


async def test_three_hundred_conversations_at_once_are_recorded_and_replayed() -> None:
    """Each has a tape of its own, two recordings are one, and no key, no server and no wait is needed to play them."""
    first, second = await recording(Server(), MANY), await recording(Server(), SOME)
    assert all(same_but_for_times(*pair) for pair in zip(first, second, strict=False))
    texts = [tape_text(tape) for tape in first]
    assert not any(KEY in text or re.search("_[0-9a-f]{24}", text) for text in texts)
    assert all(len(tape.exchanges) == 5 for tape in first)

    async def played(text: str, number: int, provider: Provider) -> str:
        tape, _ = read_tape(text, "a")
        assert tape is not None
        return await talk(provider.thread_host(Replay(tape, again="")), "nobody", number)

    settings = AssistantsSettings("https://example.org/v1")
    async with recorded_provider(settings) as provider:
        said = await asyncio.gather(*(played(text, number, provider) for number, text in enumerate(texts)))
    assert said == [saying(number) for number in range(MANY)]


async def test_beyond_a_deck_a_recorded_provider_reaches_nobody() -> None:
    """Its store, and conversations without a tape."""
    async with recorded_provider(AssistantsSettings("https://example.org/v1", "a key")) as provider:
        with pytest.raises(TapeMissing):
            await provider.store.list("assistant")
        with pytest.raises(TapeMissing):
            await provider.thread_host().open()


@pytest.fixture
async def embedded(tmp_path: Path) -> AsyncIterator[Provider]:
    async with open_provider(LocalSettings(tmp_path / "x.db")) as provider:
        yield provider


async def all_at_once(host: ThreadHost, assistant: str, file: Path, *, stream: bool) -> list[object]:
    """A picture, a file that is searched, messages of both sides, streams and steps."""
    heard: list[str] = []
    options = RunOptions(stream=stream, steps=True, hear=heard.append)
    id = await host.upload(file, purpose="assistants")
    opened = await host.open(
        messages=[
            Said("assistant", "hi"),
            Said("user", "refunds take", attachments=(Attached(id, (Tool.FILE_SEARCH,)),)),
        ],
        files=[Attached(id, (Tool.FILE_SEARCH,))],
        metadata={"asstctl_run": secrets.token_hex(4)},
    )
    first = await host.run(opened.thread, assistant, options)
    await host.post(opened.thread, Said("user", "and again"))
    second = await host.run(opened.thread, assistant, options)
    await host.close(opened.thread)
    for store in opened.stores:
        await host.discard("vector_store", store)
    await host.discard("file", id)
    timed = [state.first_token is not None and state.first_token > 0 for state in (first, second)]
    return [first.reply, first.usage, first.passages, second.reply, second.status, "".join(heard), timed]


@pytest.mark.parametrize("stream", [False, True])
async def test_a_replay_says_what_the_embedded_server_said(embedded: Provider, tmp_path: Path, stream: bool) -> None:
    """Over every request that a conversation may need, twice alike, and with the times of the recording."""
    file = tmp_path / "policy.md"
    file.write_text("Refunds take a week.")
    fields = {"model": "m", "instructions": "secret sauce", "tools": [{"type": "file_search"}]}
    assistant = (await embedded.store.create("assistant", fields)).id
    decks = [Recording(), Recording()]
    said = [await all_at_once(embedded.thread_host(deck), assistant, file, stream=stream) for deck in decks]
    tape, again = (deck.tape(HEADER) for deck in decks)

    assert said[0] == said[1]
    assert "Refunds take a week" in str(said[0][0])
    assert same_but_for_times(tape, again)
    text = tape_text(tape)
    assert "secret sauce" not in text
    read, _ = read_tape(text, "a")
    assert read is not None
    async with recorded_local(LocalSettings(tmp_path / "none.db")) as provider:
        deck: Deck = Replay(read, again="")
        assert await all_at_once(provider.thread_host(deck), "nobody", file, stream=stream) == said[0]
    assert deck.now() > 0
    assert not (tmp_path / "none.db").exists()


async def test_what_a_judge_was_asked_is_on_the_same_tape() -> None:
    """By what it was asked. The judge of a replay has no key and nobody to ask."""
    vectors = {"data": [{"index": 0, "embedding": [0.5, 1]}], "model": "e", "usage": {"prompt_tokens": 3}}
    verdict = {"choices": [{"message": {"content": '{"passed": true}'}}], "id": "chatcmpl-1", "created": 1}

    def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, json=vectors if request.url.path.endswith("/embeddings") else verdict)

    settings = JudgeSettings("default", "https://example.org/v1", KEY, "m", "e")
    recording = Recording()
    async with JudgeServer(settings, httpx2.MockTransport(answer), key=KEY) as server:
        judge = server.judge(recording)
        said = [await judge.ask("be fair", "is it?", schema={"type": "object"}), await judge.embed(["a"])]
    tape = recording.tape(HEADER)
    assert [str(one.asking) for one in tape.exchanges] == ["POST /chat/completions", "POST /embeddings"]
    assert KEY not in tape_text(tape)

    async with recorded_judge(settings) as server:
        judge = server.judge(Replay(tape, again=""))
        assert [await judge.ask("be fair", "is it?", schema={"type": "object"}), await judge.embed(["a"])] == said
        with pytest.raises(TapeMissing, match="messages"):
            await judge.ask("be fair", "is it not?", schema={"type": "object"})
