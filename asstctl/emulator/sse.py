"""Server-sent events: how one is written, and when their reader is gone."""

from typing import Any

from asstctl.emulator.asgi import Receive
from asstctl.emulator.json_text import compact

Json = Any

STILL_HERE = b": keep-alive\n\n"

_LINE_ENDS = (("\u2028", "\\u2028"), ("\u2029", "\\u2029"), ("\x85", "\\u0085"))
"""Line ends of Unicode, which JSON lets stand and some readers of lines split at."""


def encoded(name: str, data: Json) -> bytes:
    text = compact(data)
    for character, escaped in _LINE_ENDS:
        text = text.replace(character, escaped)
    return f"event: {name}\ndata: {text}\n\n".encode()


async def disconnected(receive: Receive) -> None:
    """Returns when the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
