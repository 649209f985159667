"""Streamed runs: what their events say, and what becomes of streams that break off."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest

from asstctl.core.errors import AnswerLost, BadAnswer, RateLimited
from asstctl.core.thread import RunOptions, Said
from asstctl.emulator import open_emulator
from asstctl.net.asgi import AsgiTransport, Receive, Send
from asstctl.providers.assistants.dialects import EMBEDDED
from asstctl.providers.assistants.provider import Provider
from asstctl.providers.assistants.stream import Event, Heard, event_of, rest_of

Told = tuple[str, dict[str, Any]]

RUN = {"id": "run_1", "object": "thread.run", "thread_id": "thread_1", "model": "m"}
USAGE = {"prompt_tokens": 1, "completion_tokens": 2}
REPLY = {"id": "msg_1", "role": "assistant", "run_id": "run_1", "content": [{"type": "text", "text": {"value": "hey"}}]}


def delta(text: str, id: str = "msg_1", index: int = 0) -> Told:
    part = {"index": index, "type": "text", "text": {"value": text}}
    return "thread.message.delta", {"id": id, "delta": {"content": [part]}}


BEGUN: tuple[Told, ...] = (
    ("thread.run.created", {**RUN, "status": "queued"}),
    ("thread.run.step.created", {"id": "step_1", "status": "in_progress"}),
    ("thread.message.created", {"id": "msg_1", "content": []}),
    delta("h"),
    delta("ey"),
)
WHOLE: tuple[Told, ...] = (
    *BEGUN,
    ("thread.message.completed", REPLY),
    ("thread.run.step.completed", {"id": "step_1", "status": "completed"}),
    ("thread.run.completed", {**RUN, "status": "completed", "usage": USAGE}),
)


def heard(events: Sequence[Told]) -> tuple[Heard, str]:
    one = Heard()
    return one, "".join(one.take(Event(name, data)) for name, data in events)


def test_a_whole_stream_is_run_messages_and_text() -> None:
    one, text = heard(WHOLE)

    assert (one.ended, one.run["id"], one.messages, text) == (True, "run_1", (REPLY,), "hey")


def test_a_run_is_over_when_it_says_so() -> None:
    """One that ended early was once told as completed; a step's end is not a run's."""
    assert heard([("thread.run.completed", {**RUN, "status": "incomplete"})])[0].ended
    assert heard([("thread.run.requires_action", {**RUN, "status": "requires_action"})])[0].ended
    assert not heard(WHOLE[:-1])[0].ended


@pytest.mark.parametrize("events", [BEGUN, BEGUN[:3], [delta("h")]])
def test_messages_that_were_not_told_to_the_end_are_not_known(events: Sequence[Told]) -> None:
    assert heard(events)[0].messages is None


def test_messages_and_parts_are_told_on_lines_of_their_own() -> None:
    """As they are joined in the reply; refusals are told too."""
    refused = {"id": "msg_2", "delta": {"content": [{"index": 1, "type": "refusal", "refusal": "no"}]}}
    events = [delta("a"), delta("b"), delta("c", index=1), delta("d", "msg_2"), ("thread.message.delta", refused)]

    assert heard(events)[1] == "ab\nc\nd\nno"


@pytest.mark.parametrize("data", [{}, {"delta": None}, {"delta": {"content": [None, {"text": {"value": 1}}, {}]}}])
def test_deltas_without_text_tell_nothing(data: dict[str, Any]) -> None:
    assert heard([("thread.message.delta", {"id": "msg_1", **data})])[1] == ""


def test_an_event_packed_into_its_data_is_one() -> None:
    """Behind some proxies there are no lines that name events."""
    assert event_of({"event": "thread.run.queued", "data": RUN}) == Event("thread.run.queued", RUN)
    for other in ("[]", None, {"data": RUN}, {"event": None, "data": RUN}, {"event": "x", "data": 1}):
        assert event_of(other) is None


@pytest.mark.parametrize(
    ("reply", "before", "said", "rest"),
    [
        ("hello", "", "hel", "lo"),
        ("hello", "", "hello", ""),
        ("hello", "", "", "hello"),
        ("one\ntwo", "one", "t", "wo"),
        ("other", "one", "t", ""),
        ("other", "", "t", ""),
    ],
)
def test_what_is_still_to_be_told(reply: str, before: str, said: str, rest: str) -> None:
    assert rest_of(reply, before, said) == rest


@dataclass
class Pieces(httpx2.AsyncByteStream):
    """A body that breaks off, or just ends."""

    events: Sequence[Told]
    error: Exception | None = None
    done: bool = False
    named: bool = True
    read: bool = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for name, data in self.events:
            if self.named:
                yield f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()
            else:
                yield f"data: {json.dumps({'event': name, 'data': data})}\n\n".encode()
        if self.done:
            yield b"event: done\ndata: [DONE]\n\n"
            yield b": bye\n\n"
        self.read = True
        if self.error is not None:
            raise self.error

    async def aclose(self) -> None:
        pass


@dataclass
class Server:
    """Streams a run so, and shows it completed to whoever looks."""

    body: httpx2.AsyncByteStream | bytes
    runs: list[dict[str, Any]] = field(default_factory=lambda: [{**RUN, "status": "completed"}])
    seen: list[str] = field(default_factory=list)

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.seen.append(f"{request.method} {request.url.path.removeprefix('/v1/threads/thread_1')}")
        if request.method == "POST":
            assert json.loads(request.content)["stream"] is True
            headers = {"content-type": "text/event-stream"}
            if isinstance(self.body, bytes):
                return httpx2.Response(200, headers=headers, content=self.body)
            return httpx2.Response(200, headers=headers, stream=self.body)
        if request.url.path.endswith("/messages"):
            return httpx2.Response(200, json={"data": [REPLY]})
        if request.url.path.endswith("/runs"):
            return httpx2.Response(200, json={"data": self.runs})
        return httpx2.Response(200, json={**RUN, "status": "completed", "usage": USAGE})

    def provider(self, key: str | None = None) -> Provider:
        return Provider("https://example.org/v1", httpx2.MockTransport(self), place="example.org", key=key)


async def streamed(server: Server, hear: Callable[[str], None] = lambda text: None) -> Any:
    async with server.provider() as opened:
        return await opened.thread_host().run("thread_1", "asst_1", RunOptions(stream=True, hear=hear))


@pytest.mark.anyio
@pytest.mark.parametrize("named", [True, False])
async def test_a_whole_stream_is_the_only_request(named: bool) -> None:
    """Run and messages are in it: nothing is asked again."""
    body = Pieces(WHOLE, done=True, named=named)
    server = Server(body)

    state = await streamed(server)

    assert (state.status, state.reply, state.model, state.usage.total_tokens) == ("completed", "hey", "m", 3)
    assert server.seen == ["POST /runs"]
    assert body.read, "a connection whose answer was not read to its end cannot be used again"


@pytest.mark.anyio
async def test_pieces_are_heard_while_the_app_still_speaks() -> None:
    """In this process too: the app says the next one only once the last was heard."""
    ear, news = list[str](), asyncio.Event()

    async def app(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        await receive()
        headers = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        async for piece in Pieces(WHOLE, done=True):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            if b".delta" in piece:
                await asyncio.wait_for(news.wait(), 5)
                news.clear()
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    def hear(text: str) -> None:
        ear.append(text)
        news.set()

    async with Provider("http://local/v1", AsgiTransport(app), place="here") as opened:
        state = await opened.thread_host().run("thread_1", "asst_1", RunOptions(stream=True, hear=hear))

    assert (ear, state.reply) == (["h", "ey"], "hey")


BROKEN = httpx2.ReadError("x")
ERROR_EVENT = ("error", {"message": "oops", "error": {"message": "oops"}})


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("body", "asked"),
    [
        (Pieces(BEGUN, BROKEN), ["GET /runs/run_1"]),
        (Pieces(BEGUN), ["GET /runs/run_1"]),
        (Pieces((*BEGUN, ERROR_EVENT)), ["GET /runs/run_1"]),
        (Pieces((), BROKEN), ["GET /runs", "GET /runs/run_1"]),
        (Pieces((), httpx2.ReadTimeout("x")), ["GET /runs", "GET /runs/run_1"]),
        (b"event: thread.run.created\ndata: {\n\n", ["GET /runs", "GET /runs/run_1"]),
        (json.dumps({**RUN, "status": "queued"}).encode(), ["GET /runs", "GET /runs/run_1"]),
    ],
)
async def test_a_stream_that_breaks_off_is_followed_by_looks(body: Any, asked: list[str]) -> None:
    """The run goes on without its stream: its state is that of any other, and the rest of the text is told."""
    server, ear = Server(body), list[str]()

    state = await streamed(server, ear.append)

    assert (state.status, state.reply, "".join(ear)) == ("completed", "hey", "hey")
    assert server.seen == ["POST /runs", *asked, "GET /messages"]


@pytest.mark.anyio
@pytest.mark.parametrize("runs", [[], [{**RUN, "thread_id": "thread_2"}]])
async def test_a_stream_that_never_began_may_be_lost(runs: list[dict[str, Any]]) -> None:
    """Nothing shows that there is a run: those of other threads prove nothing."""
    with pytest.raises(AnswerLost, match="before it began"):
        await streamed(Server(Pieces((), BROKEN), runs))


@pytest.mark.anyio
async def test_a_run_of_before_is_not_taken_for_the_one_whose_stream_was_lost() -> None:
    server = Server(Pieces(WHOLE, done=True))
    async with server.provider() as opened:
        host = opened.thread_host()
        await host.run("thread_1", "asst_1", RunOptions(stream=True))
        server.body = Pieces((), BROKEN)

        with pytest.raises(AnswerLost):
            await host.run("thread_1", "asst_1", RunOptions(stream=True))


@pytest.mark.anyio
async def test_a_stream_that_is_refused_may_be_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    """As any create: a 429 says that nothing was done."""
    seen: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return httpx2.Response(429, headers={"retry-after-ms": "1"})

    async with Provider("https://example.org/v1", httpx2.MockTransport(answer), place="example.org") as opened:
        with pytest.raises(RateLimited):
            await opened.thread_host().run("thread_1", "asst_1", RunOptions(stream=True))

    assert len(seen) == 3


@pytest.mark.anyio
async def test_a_key_in_a_stream_is_not_told() -> None:
    """What follows is not read."""
    key, ear = "sk-planted-0123456789", list[str]()
    server = Server(Pieces((*BEGUN, delta(f" {key}")), done=True))
    async with server.provider(key) as opened:
        with pytest.raises(BadAnswer, match="sent our key back"):
            await opened.thread_host().run("thread_1", "asst_1", RunOptions(stream=True, hear=ear.append))

    assert "".join(ear) == "hey"


class Cutting(httpx2.AsyncBaseTransport):
    """A transport that cuts streams off after so many pieces."""

    def __init__(self, inner: httpx2.AsyncBaseTransport, pieces: int) -> None:
        self.inner = inner
        self.pieces = pieces

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await self.inner.handle_async_request(request)
        if not response.headers.get("content-type", "").startswith("text/event-stream"):
            return response
        return httpx2.Response(response.status_code, headers=response.headers, stream=self.cut(response))

    def cut(self, response: httpx2.Response) -> httpx2.AsyncByteStream:
        pieces = self.pieces

        class Cut(httpx2.AsyncByteStream):
            async def __aiter__(self) -> AsyncIterator[bytes]:
                count = 0
                async for chunk in response.aiter_bytes():
                    if count == pieces:
                        raise httpx2.ReadError("cut")
                    yield chunk
                    count += 1

            async def aclose(self) -> None:
                await response.aclose()

        return Cut()

    async def aclose(self) -> None:
        await self.inner.aclose()


@pytest.mark.anyio
@pytest.mark.parametrize("pieces", [0, 1, 2, 3, 1000])
async def test_a_real_run_survives_its_stream(pieces: int) -> None:
    """Wherever it is cut off: all of the reply is heard, once."""
    ear: list[str] = []
    emulator = open_emulator(":memory:", replies="echo")
    transport = Cutting(AsgiTransport(emulator.app), pieces)
    async with Provider("http://local/v1", transport, place="here", dialect=EMBEDDED) as opened:
        live = await opened.store.create("assistant", {"model": "m"})
        host = opened.thread_host()
        thread = (await host.open(messages=[Said("user", "one two three four five six seven")])).thread

        state = await host.run(thread, live.id, RunOptions(stream=True, hear=ear.append))

        assert (state.status, state.reply) == ("completed", "one two three four five six seven")
        assert "".join(ear) == state.reply
        await host.close(thread)
    await emulator.aclose()
