"""TapeTransport: requests answered from a tape, or sent and put on one; DeckTransport finds the deck by who asks.

What is on a tape, and what a missing request means, is for the deck. An answer is heard as it is read, piece by
piece: recording delays nothing. Headers of requests never reach a deck, and of those of an answer only what says how to
read it.
"""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from urllib.parse import urlsplit

import httpx2

from asstctl.core.errors import TapeMissing
from asstctl.core.json_text import json_text
from asstctl.core.json_types import Json
from asstctl.core.tape import Answering, Asking, Deck, StreamedEvent
from asstctl.net.sse import EventReader, event_bytes
from asstctl.net.tape_body import body_reader
from asstctl.net.transport import OF_BODY, Transport

KEPT_HEADERS = ("content-type",)
"""All that a tape may hold of an answer's headers."""

_EVENTS = "text/event-stream"
_AT_ONCE = {"openai-poll-after-ms": "0", "retry-after-ms": "0"}
"""What a replayed answer says beside: nothing on a tape is worth waiting for."""


class TapeTransport(httpx2.AsyncBaseTransport):
    """A transport whose exchanges go through a deck. It does not own `inner`.

    `base_url` is what the paths on a tape are below.
    """

    def __init__(self, inner: Transport, deck: Deck, base_url: str = "") -> None:
        self._inner = inner
        self._deck = deck
        self._base = urlsplit(base_url).path.rstrip("/")

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        return await (self._replayed(request) if self._deck.replays else self._recorded(request))

    async def _replayed(self, request: httpx2.Request) -> httpx2.Response:
        body = body_reader(request.headers.get("content-type", ""))
        assert isinstance(request.stream, AsyncIterable)
        async for piece in request.stream:
            body.feed(piece)
        answering = self._deck.play(self._asking(request, body.value()))
        if self._deck.real:
            await asyncio.sleep(answering.seconds)
        headers = {**answering.headers, **_AT_ONCE}
        if answering.events or answering.truncated:
            return httpx2.Response(answering.status, headers=headers, stream=_Replay(answering, self._deck))
        content = b"" if answering.body is None else json_text(answering.body).encode()
        return httpx2.Response(answering.status, headers=headers, content=content)

    async def _recorded(self, request: httpx2.Request) -> httpx2.Response:
        place, started = self._deck.asked(), self._deck.now()
        body = body_reader(request.headers.get("content-type", ""))
        if isinstance(request.stream, httpx2.ByteStream):
            body.feed(await request.aread())
        else:
            assert isinstance(request.stream, AsyncIterable)
            request.stream = _Overheard(request.stream, body.feed)
        response = await self._inner.handle_async_request(request)

        def ended(answering: Answering) -> None:
            self._deck.keep(place, self._asking(request, body.value()), answering)

        left = [(name, value) for name, value in response.headers.raw if name.lower() not in OF_BODY]
        stream = _Recording(response, self._deck, started, ended)
        return httpx2.Response(response.status_code, headers=left, stream=stream)

    def _asking(self, request: httpx2.Request, body: Json) -> Asking:
        url = request.url
        path = url.path[len(self._base) :] if url.path.startswith(f"{self._base}/") else url.path
        return Asking(request.method, path, tuple(sorted(url.params.multi_items())), body)


_DECK: ContextVar[Deck | None] = ContextVar("deck", default=None)


@contextmanager
def through(deck: Deck | None) -> Iterator[None]:
    """Requests that are begun in this block over a DeckTransport go through this deck; None: they are only sent."""
    token = _DECK.set(deck)
    try:
        yield
    finally:
        _DECK.reset(token)


class DeckTransport(httpx2.AsyncBaseTransport):
    """A transport for many conversations at once: each request goes through the deck of whoever asks (`through`).

    So they share one client, which is dear to make. It does not own `inner`.
    """

    def __init__(self, inner: Transport, base_url: str = "") -> None:
        self._inner = inner
        self._base_url = base_url

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        deck = _DECK.get()
        way = self._inner if deck is None else TapeTransport(self._inner, deck, self._base_url)
        return await way.handle_async_request(request)


class NoWayOut(httpx2.AsyncBaseTransport):
    """A transport that sends nothing: beyond a tape there is nobody."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        raise TapeMissing(
            "nothing is sent while tapes are replayed", detail=f"{request.method} {request.url.path} has no tape"
        )


class _Overheard(httpx2.AsyncByteStream):
    """The body of a request as it is sent, block by block."""

    def __init__(self, body: AsyncIterable[bytes], told: Callable[[bytes], None]) -> None:
        self._body = body
        self._told = told

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._body:
            self._told(piece)
            yield piece

    async def aclose(self) -> None:
        if isinstance(self._body, httpx2.AsyncByteStream):
            await self._body.aclose()


class _Recording(httpx2.AsyncByteStream):
    """The body of an answer, passed on as it comes, decompressed. At its end, `ended` hears what it was."""

    def __init__(
        self, response: httpx2.Response, deck: Deck, started: float, ended: Callable[[Answering], None]
    ) -> None:
        self._response = response
        self._deck = deck
        self._started, self._began = started, deck.now()
        self._ended: Callable[[Answering], None] | None = ended
        self._reader = EventReader() if _is_stream(response) else None
        self._events: list[StreamedEvent] = []
        self._body = body_reader(response.headers.get("content-type", ""))

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for piece in self._response.aiter_bytes():
                self._hear(piece)
                yield piece
        except httpx2.RequestError:
            self._end(truncated=True)
            raise
        self._end()

    async def aclose(self) -> None:
        await self._response.aclose()
        # whoever closes a stream of events has heard what it wanted; half of a JSON text is nothing
        if self._reader is not None:
            self._end()
        self._ended = None

    def _hear(self, piece: bytes) -> None:
        if self._reader is None:
            self._body.feed(piece)
            return
        seconds = self._deck.now() - self._began
        self._events += [StreamedEvent(seconds, event, data) for event, data in self._reader.feed(piece)]

    def _end(self, *, truncated: bool = False) -> None:
        tell, self._ended = self._ended, None
        if tell is None or (truncated and self._reader is None):
            return
        status, found = self._response.status_code, self._response.headers
        headers = {name: found[name] for name in KEPT_HEADERS if name in found}
        if self._reader is None:
            tell(Answering(status, self._deck.now() - self._started, headers, self._body.value()))
        else:
            events = tuple(self._events)
            tell(Answering(status, self._began - self._started, headers, events=events, truncated=truncated))


class _Replay(httpx2.AsyncByteStream):
    """The events of a tape as the body of an answer, one piece each."""

    def __init__(self, answering: Answering, deck: Deck) -> None:
        self._answering = answering
        self._deck = deck

    async def __aiter__(self) -> AsyncIterator[bytes]:
        told = 0.0
        for one in self._answering.events:
            if self._deck.real:
                await asyncio.sleep(one.seconds - told)
            self._deck.passed(one.seconds - told)
            told = one.seconds
            yield event_bytes(one.event, one.data)
        if self._answering.truncated:
            raise httpx2.ReadError("the recorded answer broke off here")


def _is_stream(response: httpx2.Response) -> bool:
    return bool(response.headers.get("content-type", "").startswith(_EVENTS))
