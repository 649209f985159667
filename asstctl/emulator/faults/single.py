"""Faults that strike single requests: a wait, an error, a lost reply, a killed server."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable

from asstctl.emulator.asgi import Asgi, Message, Receive, Scope, Send, refused
from asstctl.emulator.refusals import Refusal

Fault = Callable[[Asgi], Asgi]
Strike = Callable[[Scope, Receive, Send], Awaitable[None]]


class ConnectionDropped(ConnectionError):
    """The server did what was asked and the reply never came."""


class Filter:
    """Which requests a fault is about."""

    def __init__(self, text: str) -> None:
        first, _, rest = text.strip().partition(" ")
        self._method, self._prefix = ("", first) if first.startswith("/") else (first.upper(), rest.strip())

    def matches(self, scope: Scope) -> bool:
        if scope["type"] != "http" or self._method not in ("", scope["method"]):
            return False
        path: str = scope["path"]
        return path.startswith(self._prefix) or path.removeprefix("/v1").startswith(self._prefix)


def delay(text: str) -> Fault:
    seconds = float(text)

    def around(app: Asgi) -> Asgi:
        async def delayed(scope: Scope, receive: Receive, send: Send) -> None:
            await asyncio.sleep(seconds)
            await app(scope, receive, send)

        return delayed

    return around


def answer_instead(text: str) -> Fault:
    status, number, about = _status_and_count(text)

    def around(app: Asgi) -> Asgi:
        seen = 0

        async def answering(scope: Scope, receive: Receive, send: Send) -> None:
            nonlocal seen
            if about.matches(scope):
                seen += 1
                if seen == number:
                    await _error(status)(scope, receive, send)
                    return
            await app(scope, receive, send)

        return answering

    return around


def stop_after_commit(text: str) -> Fault:
    return _after_commit(*_counted(text), _kill)


def drop_after_commit(text: str) -> Fault:
    return _after_commit(*_counted(text), _drop)


def answer_after_commit(text: str) -> Fault:
    status, number, about = _status_and_count(text)
    return _after_commit(number, about, _error(status))


def _counted(text: str) -> tuple[int, Filter]:
    number, _, about = text.partition(":")
    if int(number) < 1:
        raise ValueError("requests are counted from 1")
    return int(number), Filter(about)


def _status_and_count(text: str) -> tuple[int, int, Filter]:
    status, _, counted = text.partition(":")
    if not 400 <= int(status) < 600:
        raise ValueError("the status of an error is 400 to 599")
    return int(status), *_counted(counted)


def _after_commit(number: int, about: Filter, strike: Strike) -> Fault:
    def around(app: Asgi) -> Asgi:
        committed = 0

        async def striking(scope: Scope, receive: Receive, send: Send) -> None:
            struck = False

            async def counting(message: Message) -> None:
                nonlocal committed, struck
                if message["type"] == "http.response.start" and message["status"] < 400:
                    committed += 1
                    if committed == number:
                        struck = True
                        await strike(scope, receive, send)
                if not struck:
                    await send(message)

            await app(scope, receive, counting if about.matches(scope) else send)

        return striking

    return around


async def _kill(scope: Scope, receive: Receive, send: Send) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def _drop(scope: Scope, receive: Receive, send: Send) -> None:
    raise ConnectionDropped("the connection was dropped after the commit and before the reply")


def _error(status: int) -> Strike:
    async def answering(scope: Scope, receive: Receive, send: Send) -> None:
        limited = status == 429
        text = "Rate limit reached." if limited else "The server had an error while processing your request."
        kind, code = ("requests", "rate_limit_exceeded") if limited else ("server_error", None)
        # Clients that know the finer header wait less, and tests with them.
        headers = {"retry-after": "1", "retry-after-ms": "50"} if limited else {}
        await refused(Refusal(status, text, kind=kind, code=code, headers=headers))(scope, receive, send)

    return answering
