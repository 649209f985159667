"""What the layers of the server share of ASGI: its types, one header of a request, and how an answer goes out."""

import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.responses import Response

from asstctl.emulator.calls import answer
from asstctl.emulator.refusals import Refusal

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

_ALWAYS = (
    (b"openai-version", b"2020-10-01"),
    # An uploaded page must not become a page of this origin.
    (b"x-content-type-options", b"nosniff"),
)


def header(of: Scope | Message, name: bytes) -> bytes:
    """A header of a request or of an answer's start, or nothing. `name` is in small letters, as names are here."""
    for key, value in of["headers"]:
        if key == name:
            found: bytes = value
            return found
    return b""


def refused(refusal: Refusal) -> Response:
    """The error answer that a refusal means."""
    return answer(refusal.body(), refusal.status, refusal.headers)


async def send_answer(
    response: Response, request_id: str, began: float, scope: Scope, receive: Receive, send: Send
) -> None:
    """Send an answer with the headers that every answer carries; `began` is by `time.perf_counter`."""
    headers = [
        *response.raw_headers,
        (b"x-request-id", request_id.encode()),
        (b"openai-processing-ms", b"%d" % round((time.perf_counter() - began) * 1000)),
        *_ALWAYS,
    ]
    is_head = scope["method"] == "HEAD"
    if type(response) is Response or is_head:
        # What a plain answer would do itself, at half the price.
        await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if is_head else response.body})
    else:
        response.raw_headers = headers
        await response(scope, receive, send)
