"""AsgiTransport: requests answered by an ASGI app in this process, as a server behind a socket would.

Bodies go both ways in the pieces in which they are sent (httpx2's own ASGI transport waits for the last one), and the
body of a request no faster than the app asks for it. Each request is a task of its own, so whoever gives up on an
answer does not stop the app: it learns of it by `http.disconnect` and by OSError from `send`, and may finish its work,
as under a real server. `aclose` ends what is still going on. The app's lifespan is for whoever opened the app.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any

import httpx2

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AsgiApp = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

UNREAD_LIMIT = 1 << 16
"""Bytes of a stream that may wait for the reader before the app has to."""

GRACE = 0.25
"""Seconds that the app has, when the transport closes, to end what it is doing."""

_log = logging.getLogger(__name__)


class AsgiTransport(httpx2.AsyncBaseTransport):
    """The way to an app in this process. The app sees the request's URL, so give clients its path prefix."""

    def __init__(self, app: AsgiApp) -> None:
        self._app = app
        self._tasks: set[asyncio.Task[None]] = set()
        self._exchanges: set[_Exchange] = set()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        timeouts = request.extensions.get("timeout", {})
        exchange = _Exchange(timeouts.get("write"), timeouts.get("read"))
        self._exchanges.add(exchange)
        task = asyncio.create_task(exchange.serve(self._app, _scope(request)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _: self._exchanges.discard(exchange))
        assert isinstance(request.stream, AsyncIterable)
        try:
            if isinstance(request.stream, httpx2.ByteStream):
                exchange.offer(await request.aread())
            else:
                await exchange.feed(request.stream)
            await exchange.begun()
        except BaseException:
            exchange.disconnect()
            raise
        return httpx2.Response(exchange.status, headers=exchange.headers, stream=exchange)

    async def aclose(self) -> None:
        for exchange in tuple(self._exchanges):
            exchange.disconnect()
        if self._tasks:
            _, late = await asyncio.wait(tuple(self._tasks), timeout=GRACE)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)


def _scope(request: httpx2.Request) -> dict[str, Any]:
    url = request.url
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": request.method,
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "scheme": url.scheme,
        "path": url.path,
        "raw_path": url.raw_path.split(b"?", 1)[0],
        "query_string": url.query,
        "server": (url.host, url.port),
        "client": ("127.0.0.1", 0),
        "root_path": "",
    }


class _Exchange(httpx2.AsyncByteStream):
    """One request and its answer: the app fills it, the client reads it.

    Both run in one event loop, so plain attributes and one event for "something is new" are enough.
    """

    def __init__(self, write_timeout: float | None, read_timeout: float | None) -> None:
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self._write_timeout = write_timeout
        self._read_timeout = read_timeout
        self._offered: bytes | None = None
        self._offered_all = False
        self._taken_all = False
        self._arrived = asyncio.Event()
        self._chunks: deque[bytes] = deque()
        self._unread = 0
        self._complete = False
        self._gone = False
        self._failure: BaseException | None = None
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._disconnected = asyncio.Event()

    # The app's side

    async def serve(self, app: AsgiApp, scope: dict[str, Any]) -> None:
        try:
            await app(scope, self._receive, self._send)
        except Exception as error:
            # Once the answer is out, or nobody waits for it, only the log can still learn of this.
            if self._complete or self._gone:
                _log.debug("the app failed after its answer", exc_info=error)
            self._failure = error
        except asyncio.CancelledError as error:
            self._failure = error
        finally:
            self._complete_or_failed()

    def _complete_or_failed(self) -> None:
        if not self._complete and self._failure is None:
            self._failure = RuntimeError("the app returned before its answer was complete")
        self._news.set()

    async def _receive(self) -> Message:
        while self._offered is None and not self._taken_all and not self._gone:
            self._arrived.clear()
            await self._arrived.wait()
        if self._offered is not None:
            body, self._offered = self._offered, None
            self._taken_all = self._offered_all
            self._news.set()
            return {"type": "http.request", "body": body, "more_body": not self._taken_all}
        await self._disconnected.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if self._gone:
            raise OSError("the client is gone")
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = list(message.get("headers", ()))
        elif message["type"] == "http.response.body":
            if chunk := message.get("body", b""):
                self._chunks.append(chunk)
                self._unread += len(chunk)
            if not message.get("more_body", False):
                self._complete = True
        self._news.set()
        while self._unread > UNREAD_LIMIT and not self._complete and not self._gone:
            self._room.clear()
            await self._room.wait()

    # The client's side

    def offer(self, piece: bytes, *, more: bool = False) -> None:
        """Let the app have a piece of the request's body, the last one unless there is more."""
        self._offered = piece
        self._offered_all = not more
        self._arrived.set()

    async def feed(self, body: AsyncIterable[bytes]) -> None:
        """Offer a body piece by piece, each once the one before was taken. An answer that begins earlier ends it."""
        pieces = aiter(body)
        try:
            async for piece in pieces:
                self.offer(piece, more=True)
                while self._offered is not None:
                    if self.status or self._failure is not None:
                        return
                    await self._wait_for_news(self._write_timeout, httpx2.WriteTimeout)
            self.offer(b"")
        finally:
            if isinstance(pieces, AsyncGenerator):
                await pieces.aclose()

    async def begun(self) -> None:
        """Wait for the start of an answer."""
        while not self.status:
            if self._failure is not None:
                raise httpx2.RemoteProtocolError("the app gave no answer") from self._failure
            await self._wait_for_news(self._read_timeout, httpx2.ReadTimeout)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            while self._chunks:
                chunk = self._chunks.popleft()
                self._unread -= len(chunk)
                self._room.set()
                yield chunk
            if self._complete:
                return
            if self._failure is not None:
                raise httpx2.ReadError("the app broke off its answer") from self._failure
            await self._wait_for_news(self._read_timeout, httpx2.ReadTimeout)

    async def aclose(self) -> None:
        self.disconnect()

    def disconnect(self) -> None:
        """Tell the app that nobody reads any more."""
        self._gone = True
        self._arrived.set()
        self._disconnected.set()
        self._room.set()

    async def _wait_for_news(self, seconds: float | None, late: type[httpx2.TimeoutException]) -> None:
        self._news.clear()
        if seconds is None:
            await self._news.wait()
            return
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError as error:
            raise late("the app did nothing in time") from error
