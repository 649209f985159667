"""Faults on purpose, for tests only: a server loads this module only when it is given a fault.

    delay=SECONDS                              wait before every request
    stop-after-commit=N[:METHOD /prefix]       kill this process after the Nth matching request was committed,
                                               before its reply
    drop-after-commit=N[:METHOD /prefix]       the same in-process: raise `ConnectionDropped` instead of replying
    answer=STATUS:N[:METHOD /prefix]           answer the Nth matching request with an error, without handling it

A filter names a method, a path prefix (with or without `/v1`), or both; without one every request matches. A request
counts as committed when its answer is not an error.
"""

import asyncio
import os
import signal
from collections.abc import Callable, Iterable, MutableMapping
from typing import Any

from asstctl.emulator.app import Asgi, Receive, Scope, Send
from asstctl.emulator.calls import answer
from asstctl.emulator.errors import FaultSpecError
from asstctl.emulator.refusals import Refusal

Message = MutableMapping[str, Any]
Fault = Callable[[Asgi], Asgi]


class ConnectionDropped(ConnectionError):
    """The server did what was asked and the reply never came."""


def with_faults(app: Asgi, specs: Iterable[str]) -> Asgi:
    """The application with faults around it, the first one outermost."""
    for fault in reversed([_read(spec) for spec in specs]):
        app = fault(app)
    return app


def _read(spec: str) -> Fault:
    name, _, value = spec.partition("=")
    try:
        match name:
            case "delay":
                return _delay(float(value))
            case "stop-after-commit":
                return _after_commit(*_counted(value), _kill)
            case "drop-after-commit":
                return _after_commit(*_counted(value), _drop)
            case "answer":
                status, _, counted = value.partition(":")
                return _answer(int(status), *_counted(counted))
    except ValueError as error:
        raise FaultSpecError(f"the fault {spec!r} cannot be read: {error}") from error
    raise FaultSpecError(f"there is no fault {name!r}; there are delay, stop-after-commit, drop-after-commit, answer")


class _Filter:
    """Which requests a fault is about."""

    def __init__(self, text: str) -> None:
        first, _, rest = text.strip().partition(" ")
        self._method, self._prefix = ("", first) if first.startswith("/") else (first.upper(), rest.strip())

    def matches(self, scope: Scope) -> bool:
        if scope["type"] != "http" or self._method not in ("", scope["method"]):
            return False
        path: str = scope["path"]
        return path.startswith(self._prefix) or path.removeprefix("/v1").startswith(self._prefix)


def _counted(text: str) -> tuple[int, _Filter]:
    number, _, about = text.partition(":")
    if int(number) < 1:
        raise ValueError("requests are counted from 1")
    return int(number), _Filter(about)


def _delay(seconds: float) -> Fault:
    def around(app: Asgi) -> Asgi:
        async def delayed(scope: Scope, receive: Receive, send: Send) -> None:
            await asyncio.sleep(seconds)
            await app(scope, receive, send)

        return delayed

    return around


def _after_commit(number: int, about: _Filter, strike: Callable[[], None]) -> Fault:
    def around(app: Asgi) -> Asgi:
        committed = 0

        async def striking(scope: Scope, receive: Receive, send: Send) -> None:
            async def counting(message: Message) -> None:
                nonlocal committed
                if message["type"] == "http.response.start" and message["status"] < 400:
                    committed += 1
                    if committed == number:
                        strike()
                await send(message)

            await app(scope, receive, counting if about.matches(scope) else send)

        return striking

    return around


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _drop() -> None:
    raise ConnectionDropped("the connection was dropped after the commit and before the reply")


def _answer(status: int, number: int, about: _Filter) -> Fault:
    def around(app: Asgi) -> Asgi:
        seen = 0

        async def answering(scope: Scope, receive: Receive, send: Send) -> None:
            nonlocal seen
            if about.matches(scope):
                seen += 1
                if seen == number:
                    await _refusal(status, send, scope, receive)
                    return
            await app(scope, receive, send)

        return answering

    return around


async def _refusal(status: int, send: Send, scope: Scope, receive: Receive) -> None:
    limited = status == 429
    text = "Rate limit reached." if limited else "The server had an error while processing your request."
    kind, code = ("requests", "rate_limit_exceeded") if limited else ("server_error", None)
    refusal = Refusal(status, text, kind=kind, code=code)
    # Clients that know the finer header wait less, and tests with them.
    headers = {"retry-after": "1", "retry-after-ms": "50"} if limited else {}
    await answer(refusal.body(), status, headers)(scope, receive, send)
