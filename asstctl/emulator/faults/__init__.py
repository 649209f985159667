"""Faults on purpose, for tests only: a server loads this package only when it is given a fault.

    delay=SECONDS                                wait before every request
    stop-after-commit=N[:METHOD /prefix]         kill this process after the Nth matching request was committed,
                                                 before its reply
    drop-after-commit=N[:METHOD /prefix]         the same without a kill: break the connection off instead of replying
                                                 (in-process: raise `ConnectionDropped`)
    answer-after-commit=STATUS:N[:METHOD /prefix]
                                                 the same again: reply with an error
    answer=STATUS:N[:METHOD /prefix]             answer the Nth matching request with an error, without handling it
    list-lag=SECONDS[:members|bodies]            listings miss what was created in the last SECONDS (members), or show
                                                 each object as it was that long ago (bodies); an object read by its id
                                                 is current, and one that was deleted is listed no more
    dialect=NAME                                 speak as another server does; the names are in `dialects.py`
    header                                       faults that come with a request, in its header `x-asstctl-fault`

A filter names a method, a path prefix (with or without `/v1`), or both; without one every request matches. A request
counts as committed when its answer is not an error. Several faults lie around each other, the first one outermost.
"""

from collections.abc import Callable, Iterable, Mapping

from asstctl.emulator.asgi import Asgi, Receive, Scope, Send, header, refused
from asstctl.emulator.errors import FaultSpecError
from asstctl.emulator.faults.dialects import speak
from asstctl.emulator.faults.lag import list_lag
from asstctl.emulator.faults.single import (
    ConnectionDropped,
    Fault,
    answer_after_commit,
    answer_instead,
    delay,
    drop_after_commit,
    stop_after_commit,
)
from asstctl.emulator.refusals import Refusal

__all__ = ["HEADER", "ConnectionDropped", "with_faults"]

HEADER = b"x-asstctl-fault"

_OF_A_REQUEST: Mapping[str, Callable[[str], Fault]] = {
    "delay": delay,
    "stop-after-commit": stop_after_commit,
    "drop-after-commit": drop_after_commit,
    "answer-after-commit": answer_after_commit,
    "answer": answer_instead,
}
"""What can also be asked for by the header of one request; counts are then of that request alone."""

_FAULTS: Mapping[str, Callable[[str], Fault]] = {
    **_OF_A_REQUEST,
    "list-lag": list_lag,
    "dialect": speak,
    "header": lambda value: _by_header,
}


def with_faults(app: Asgi, specs: Iterable[str]) -> Asgi:
    """The application with faults around it, the first one outermost."""
    return _around(app, specs, _FAULTS)


def _around(app: Asgi, specs: Iterable[str], known: Mapping[str, Callable[[str], Fault]]) -> Asgi:
    for fault in reversed([_read(spec, known) for spec in specs]):
        app = fault(app)
    return app


def _read(spec: str, known: Mapping[str, Callable[[str], Fault]]) -> Fault:
    name, _, value = spec.strip().partition("=")
    if name not in known:
        raise FaultSpecError(f"there is no fault {name!r}; there are {', '.join(known)}")
    try:
        return known[name](value)
    except ValueError as error:
        raise FaultSpecError(f"the fault {spec!r} cannot be read: {error}") from error


def _by_header(app: Asgi) -> Asgi:
    async def switched(scope: Scope, receive: Receive, send: Send) -> None:
        specs = header(scope, HEADER).decode("latin-1") if scope["type"] == "http" else ""
        try:
            faulty = _around(app, specs.split(","), _OF_A_REQUEST) if specs else app
        except FaultSpecError as error:
            await refused(Refusal(400, str(error), param=HEADER.decode()))(scope, receive, send)
            return
        await faulty(scope, receive, send)

    return switched
