"""Server-sent events: how one is written, how a stream of them is sent, and when their reader is gone."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any, Protocol

from asstctl.emulator.asgi import Receive, Send
from asstctl.emulator.json_text import compact

Json = Any

STILL_HERE = b": keep-alive\n\n"

_LINE_ENDS = (("\u2028", "\\u2028"), ("\u2029", "\\u2029"), ("\x85", "\\u0085"))
"""Line ends of Unicode, which JSON lets stand and some readers of lines split at."""


class Tail(Protocol):
    """What a reader has not seen yet. It ends, or its reader leaves."""

    left: bool

    def leave(self) -> None: ...

    def chunks(self) -> AsyncGenerator[bytes, None]: ...


async def send_stream(
    tail: Tail, receive: Receive, send: Send, *, status: int, headers: Sequence[tuple[bytes, bytes]]
) -> None:
    """Send what comes to the tail, until its end or until its reader is gone."""
    gone = asyncio.create_task(disconnected(receive))
    gone.add_done_callback(lambda _: tail.leave())
    try:
        await send({"type": "http.response.start", "status": status, "headers": headers})
        async with aclosing(tail.chunks()) as chunks:
            async for chunk in chunks:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        if not tail.left:
            await send({"type": "http.response.body", "body": b"", "more_body": False})
    finally:
        gone.cancel()


def encoded(name: str, data: Json) -> bytes:
    text = compact(data)
    for character, escaped in _LINE_ENDS:
        text = text.replace(character, escaped)
    return f"event: {name}\ndata: {text}\n\n".encode()


async def disconnected(receive: Receive) -> None:
    """Returns when the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
