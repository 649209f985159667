"""The chat backend and an endpoint that streams: deltas, calls in fragments, breaks, and who closes the connection."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any

import httpx2
import pytest

from asstctl.emulator.replies import chat
from asstctl.emulator.replies.chat import Chat, ChatSettings
from asstctl.emulator.replies.values import (
    CutShort,
    Part,
    ReplyFailed,
    ReplyRequest,
    RunCode,
    Said,
    SearchFiles,
    TextDelta,
    ToolCall,
    Usage,
)
from tests.emulator.harness import ASK

pytestmark = pytest.mark.anyio

_SERVED = ({"type": "code_interpreter"}, {"type": "file_search"})
_DONE = "[DONE]"


def _asked(**rest: Any) -> ReplyRequest:
    return ReplyRequest("asst_a", None, "m", None, (Said("user", "hi"),), 1, **rest)


def _delta(finish: str | None = None, **delta: Any) -> Any:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}], "usage": None}


def _call(index: int | None, arguments: Any, name: str | None = None, call_id: str | None = None) -> Any:
    function = {"arguments": arguments, **({"name": name} if name else {})}
    fragment = {"function": function, **({"id": call_id} if call_id else {})}
    return _delta(tool_calls=[fragment if index is None else {"index": index, **fragment}])


def _events(*chunks: Any) -> list[bytes]:
    return [f"data: {chunk if isinstance(chunk, str) else json.dumps(chunk)}\n\n".encode() for chunk in chunks]


def _streaming(*chunks: Any, **settings: Any) -> Chat:
    """An endpoint that answers with a stream of these chunks, or breaks where an exception stands among them."""

    async def content() -> AsyncIterator[bytes]:
        for chunk in chunks:
            if isinstance(chunk, Exception):
                raise chunk
            yield chunk if isinstance(chunk, bytes) else _events(chunk)[0]

    def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, headers={"content-type": "text/event-stream; charset=utf-8"}, content=content())

    read = ChatSettings.read({"base_url": "https://model.test/v1", "api_key": "sk-secret", **settings})
    return Chat(read, httpx2.MockTransport(answer))


async def _parts(backend: Chat, request: ReplyRequest | None = None) -> list[Part]:
    try:
        return [part async for part in backend.reply(request or _asked())]
    finally:
        await backend.aclose()


async def test_text_comes_in_the_deltas_of_the_endpoint_and_usage_at_the_end() -> None:
    usage = {"prompt_tokens": 5, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 1}}
    backend = _streaming(
        b": keep-alive\n\n",
        _delta(role="assistant", content=""),
        _delta(content="Hel"),
        _delta(content="lo 周"),
        _delta("stop"),
        {"choices": [], "usage": usage},
        _DONE,
    )
    assert await _parts(backend) == [TextDelta("Hel"), TextDelta("lo 周"), Usage(5, 2, 1)]


@pytest.mark.parametrize("cut", range(1, 60, 7))
async def test_events_may_be_cut_anywhere(cut: int) -> None:
    whole = b"".join(_events(_delta(content="Hello "), _delta(content="周三"), _delta("stop"), _DONE))
    pieces = [whole[start : start + cut] for start in range(0, len(whole), cut)]
    assert await _parts(_streaming(*pieces)) == [TextDelta("Hello "), TextDelta("周三")]


_ASKED = [ToolCall("ask_database", '{"query": "a"}'), ToolCall("ask_database", '{"query": "b"}')]


@pytest.mark.parametrize(
    "chunks",
    [
        (
            _call(0, "", "ask_database", "c1"),
            _call(0, '{"query"'),
            _call(1, "", "ask_database", "c2"),
            _call(1, '{"query": "b"}'),
            _call(0, ': "a"}'),
        ),
        (_call(0, '{"query": "a"}', "ask_database", "c1"), _call(0, '{"query": "b"}', "ask_database", "c2")),
        (_call(None, '{"query": "a"}', "ask_database"), _call(None, '{"query": ', "ask_database"), _call(None, '"b"}')),
        (_call(0, {"query": "a"}, "ask_database", "c1"), _call(1, {"query": "b"}, "ask_database", "c2")),
    ],
    ids=["interleaved", "one index", "no index", "objects"],
)
async def test_calls_are_put_together_from_fragments(chunks: Any) -> None:
    assert await _parts(_streaming(*chunks, _delta("tool_calls"), _DONE), _asked(tools=(ASK,))) == _ASKED


@pytest.mark.parametrize(
    ("name", "arguments", "part"),
    [
        ("code_interpreter", '{"code": "print(1)"}', RunCode("print(1)")),
        ("code_interpreter", "print(1)", RunCode("print(1)")),
        ("code_interpreter", '{"python": "print(1)"}', RunCode("print(1)")),
        ("code_interpreter", '"print(1)"', RunCode("print(1)")),
        ("file_search", '{"query": "how"}', SearchFiles("how")),
    ],
)
async def test_calls_of_the_servers_tools_are_for_the_server(name: str, arguments: str, part: Part) -> None:
    backend = _streaming(_call(0, arguments, name, "c1"), _delta("tool_calls"), _DONE)
    assert await _parts(backend, _asked(tools=_SERVED)) == [part]


async def test_a_tool_that_the_run_lacks_is_a_function_like_any_other() -> None:
    backend = _streaming(_call(0, "{}", "code_interpreter", "c1"), _delta("tool_calls"), _DONE)
    assert await _parts(backend, _asked(tools=(ASK,))) == [ToolCall("code_interpreter", "{}")]


@pytest.mark.parametrize("arguments", ["{}", '{"code": 5}', '{"code": " "}', "[1]"])
async def test_a_tool_called_with_nothing_to_do_fails_the_run(arguments: str) -> None:
    backend = _streaming(_call(0, arguments, "code_interpreter", "c1"), _delta("tool_calls"), _DONE)
    with pytest.raises(ReplyFailed, match="called code_interpreter without saying what to do"):
        await _parts(backend, _asked(tools=_SERVED))


async def test_a_reply_cut_at_the_limit_leaves_its_calls_out() -> None:
    backend = _streaming(_delta(content="So "), _call(0, '{"que', "ask_database", "c1"), _delta("length"), _DONE)
    assert await _parts(backend, _asked(tools=(ASK,))) == [TextDelta("So "), CutShort()]


@pytest.mark.parametrize(
    ("chunks", "text"),
    [
        ((_delta(content="a"),), "ended its reply before it was finished"),
        ((_DONE,), "ended its reply before it was finished"),
        ((), "ended its reply before it was finished"),
        ((_delta(content="a"), httpx2.ReadError("gone sk-secret")), "broke off in the middle of its reply: gone [key]"),
        ((_delta(content="a"), httpx2.ReadTimeout("")), "broke off in the middle of its reply: ReadTimeout"),
        ((httpx2.ReadTimeout(""),), "did not answer in 60 s"),
        ((_delta(content="a"), {"error": {"message": "overloaded sk-secret"}}), "failed: overloaded [key]"),
        ((_delta(content="a"), {"error": "bad"}), "failed: bad"),
        ((b"data: {broken\n\n",), "did not answer with JSON"),
        ((b"data: [1]\n\n",), "did not answer with a chat completion"),
        (({"choices": [5]},), "did not answer with a chat completion"),
        (({"choices": [], "usage": {"prompt_tokens": "many"}},), "did not answer with a chat completion"),
    ],
)
async def test_a_stream_that_breaks_is_a_failure(chunks: Any, text: str) -> None:
    with pytest.raises(ReplyFailed) as caught:
        await _parts(_streaming(*chunks))
    assert text in str(caught.value)
    assert "sk-secret" not in str(caught.value)


async def test_a_stream_without_end_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat, "_MAX_ANSWER", 2_000)
    with pytest.raises(ReplyFailed, match="sent more than"):
        await _parts(_streaming(*[_delta(content="x" * 500)] * 10))


@pytest.mark.parametrize("pieces", [["it is sk-secret."], ["it is sk-", "secret."], [*"it is sk-secret."]])
async def test_the_key_is_in_no_text_however_it_is_cut(pieces: list[str]) -> None:
    parts = await _parts(_streaming(*(_delta(content=piece) for piece in pieces), _delta("stop"), _DONE))
    assert "".join(part.text for part in parts if isinstance(part, TextDelta)) == "it is [key]."


async def test_what_only_looked_like_the_key_is_said_in_the_end() -> None:
    assert await _parts(_streaming(_delta(content="a sk-sec"), _delta("stop"), _DONE)) == [
        TextDelta("a "),
        TextDelta("sk-sec"),
    ]


async def test_halves_of_a_character_find_each_other() -> None:
    parts = await _parts(_streaming(_delta(content="a\ud83d"), _delta(content="\ude00b"), _delta("stop"), _DONE))
    assert parts == [TextDelta("a"), TextDelta("\U0001f600b")]


@asynccontextmanager
async def _listening(
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[Chat]:
    server = await asyncio.start_server(serve, "127.0.0.1")
    port = server.sockets[0].getsockname()[1]
    backend = Chat(ChatSettings.read({"base_url": f"http://127.0.0.1:{port}/v1"}))
    try:
        yield backend
    finally:
        await backend.aclose()
        server.close()
        await server.wait_closed()


async def test_each_delta_arrives_when_it_is_sent_and_cancelling_closes_the_connection() -> None:
    closed, said = asyncio.Event(), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n")
        writer.write(_events(_delta(content="first"))[0])
        await writer.drain()
        while await reader.read(65536):
            """The rest of the request, and then the end of the connection."""
        closed.set()
        writer.close()

    async with _listening(serve) as backend:

        async def listen() -> None:
            async with aclosing(backend.reply(_asked())) as parts:
                async for part in parts:
                    assert part == TextDelta("first")
                    said.set()

        task = asyncio.ensure_future(listen())
        async with asyncio.timeout(5):
            await said.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await closed.wait()
