"""The server as a thing to run: a socket that is bound first, uvicorn over it, and a stop that loses nothing.

The first SIGTERM or SIGINT stops accepting, gives requests and runs a short grace, then ends the runs that are left
(which ends the streams that show them) and closes the database. The second one skips the grace.
"""

import asyncio
import contextlib
import errno
import logging
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import uvicorn

from asstctl.emulator.asgi import Asgi, Receive, Scope, Send
from asstctl.emulator.emulator import Emulator
from asstctl.emulator.errors import CannotListen

GRACE = 3.0
"""Seconds that requests and runs have to finish after the first signal."""

_LAST_WORDS = 1.0
"""Seconds that streams have to show the end of a run that was ended for them."""

_KEEP_ALIVE = 75
"""Seconds; longer than clients keep an idle connection, or one is closed just as a request goes out on it."""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises CannotListen."""
    try:
        # An IPv4 address comes first for a name that has both, such as localhost.
        found = sorted(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE))
        family, _, _, _, address = found[0]
        # Named TCP, or asyncio leaves Nagle's algorithm on, and each answer waits 40 ms for an acknowledgement.
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    except (OSError, UnicodeError, OverflowError) as error:
        raise CannotListen(host, port, getattr(error, "strerror", None) or str(error)) from error
    try:
        if sys.platform != "win32":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen()
    except (OSError, OverflowError) as error:
        listener.close()
        reason = getattr(error, "strerror", None) or str(error)
        taken = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
        raise CannotListen(host, port, reason, taken=taken) from error
    return listener


def url_of(listener: socket.socket) -> str:
    """The base URL for clients on this machine."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/v1"


def run_server(
    emulator: Emulator,
    listener: socket.socket,
    *,
    ready: Callable[[str], object],
    around: Callable[[Asgi], Asgi] = lambda app: app,
    grace: float = GRACE,
) -> int:
    """Serve until a signal comes; afterwards the emulator and the socket are closed. Returns the signal's number.

    `ready` is called with the base URL once requests are answered, `around` wraps what the socket reaches. uvloop and
    httptools are used where they are installed.
    """
    server = _Server(emulator, around(emulator.app), ready, grace)
    with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
        return runner.run(server.run_on(listener))


class _Server(uvicorn.Server):
    """uvicorn's server, which says when it is ready and knows of runs; signals are handled by `run_on`."""

    def __init__(self, emulator: Emulator, app: Asgi, ready: Callable[[str], object], grace: float) -> None:
        super().__init__(
            uvicorn.Config(
                self._breaking_off(app),
                lifespan="off",
                ws="none",
                proxy_headers=False,
                server_header=False,
                access_log=False,
                log_config=None,
                log_level="error",
                timeout_keep_alive=_KEEP_ALIVE,
            )
        )
        self._emulator = emulator
        self._ready = ready
        self._grace = grace
        self._signal = 0
        self._hurry = asyncio.Event()

    async def run_on(self, listener: socket.socket) -> int:
        loop = asyncio.get_running_loop()
        with _handled(loop, self._stop), _no_cancellations_logged():
            try:
                await self.serve(sockets=[listener])
            finally:
                listener.close()
                await self._emulator.aclose()
        return self._signal

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """uvicorn's own handlers would raise the signal again and end the process before the database is closed."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for listener in sockets or ():
            self._ready(url_of(listener))

    def _breaking_off(self, app: Asgi) -> Asgi:
        """An app that raises ConnectionError wants the connection broken off, where uvicorn would answer 500.

        A body that breaks the rules of HTTP is answered by uvicorn, which then closes the connection; whatever the app
        still sends raises there, and says nothing of the app.
        """

        async def breaking(scope: Scope, receive: Receive, send: Send) -> None:
            try:
                await app(scope, receive, send)
            except Exception as error:
                transports = self._transports(scope)
                if isinstance(error, ConnectionError):
                    for transport in transports:
                        transport.abort()
                elif not any(transport.is_closing() for transport in transports):
                    raise
                while (await receive())["type"] != "http.disconnect":
                    pass

        return breaking

    def _transports(self, scope: Scope) -> list[asyncio.Transport]:
        """The connection that a request came on, if it is still there."""
        connections = tuple(self.server_state.connections)
        return [each.transport for each in connections if getattr(each, "client", None) == scope["client"]]

    def _stop(self, number: int) -> None:
        if self.should_exit:
            self._hurry.set()
        else:
            self._signal = number
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        connections, tasks = self.server_state.connections, self.server_state.tasks
        for connection in tuple(connections):
            connection.shutdown()
        await self._unless_hurried(self._let_finish(tasks))
        await self._unless_hurried(_until_done(tasks, _LAST_WORDS))
        left = tuple(tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        for connection in tuple(connections):
            connection.transport.abort()

    async def _let_finish(self, requests: set[asyncio.Task[None]]) -> None:
        """Give requests the grace and then runs what is left of it: a request may yet start a run."""
        clock = asyncio.get_running_loop().time
        end = clock() + self._grace
        self._emulator.services.executor.wind_up()
        await _until_done(requests, self._grace)
        await self._emulator.services.executor.aclose(end - clock())

    async def _unless_hurried(self, awaited: Awaitable[None]) -> None:
        work: asyncio.Future[None] = asyncio.ensure_future(awaited)
        hurry: asyncio.Future[Any] = asyncio.ensure_future(self._hurry.wait())
        await asyncio.wait({work, hurry}, return_when=asyncio.FIRST_COMPLETED)
        hurry.cancel()
        work.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await work


async def _until_done(tasks: set[asyncio.Task[None]], seconds: float) -> None:
    if tasks:
        await asyncio.wait(tuple(tasks), timeout=seconds)


@contextlib.contextmanager
def _handled(loop: asyncio.AbstractEventLoop, stop: Callable[[int], None]) -> Iterator[None]:
    numbers = (signal.SIGTERM, signal.SIGINT)
    # On Windows the loop cannot do it, and Ctrl-C cancels the main task instead.
    with contextlib.suppress(NotImplementedError):
        for number in numbers:
            loop.add_signal_handler(number, stop, number)
    try:
        yield
    finally:
        with contextlib.suppress(NotImplementedError):
            for number in numbers:
                loop.remove_signal_handler(number)


@contextlib.contextmanager
def _no_cancellations_logged() -> Iterator[None]:
    """uvicorn would print a traceback for each request that a stop cuts off."""

    def wanted(record: logging.LogRecord) -> bool:
        return not (record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError))

    log = logging.getLogger("uvicorn.error")
    log.addFilter(wanted)
    try:
        yield
    finally:
        log.removeFilter(wanted)
