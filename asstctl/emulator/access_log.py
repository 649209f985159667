"""What a server that people run says of itself: a line for every request, and what went wrong, as text or as JSON.

A line holds no body, no header but the request's id, and no query. Whatever came from outside is made printable first,
so that a request cannot write lines of its own. The log that tests read is `request_log.py`.
"""

import json
import logging
import os
import select
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TextIO

from asstctl.emulator.asgi import Asgi, Message, Receive, Scope, Send, header

Write = Callable[[str], object]

_LONGEST_PATH = 300
_LOGGERS = ("asstctl.emulator", "uvicorn.error")


def lines_to(stream: TextIO) -> Write:
    """Write lines to a stream, except while it takes none.

    A terminal that is held, or a pipe that nobody empties, must not hold the server up.
    """

    def write(line: str) -> None:
        try:
            if _takes_more(stream):
                stream.write(f"{line}\n")
                stream.flush()
        except OSError:
            # Nobody reads it any more: from here on it leads nowhere, and requests go on.
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)

    return write


def _takes_more(stream: TextIO) -> bool:
    try:
        return bool(select.select((), (stream,), (), 0)[1])
    except (ValueError, OSError):  # not a descriptor, or one that cannot be asked
        return True


class AccessLog:
    """Lines for `write`, which gets each without its line break."""

    def __init__(self, write: Write, *, as_json: bool = False) -> None:
        self._write = write
        self._as_json = as_json

    def around(self, app: Asgi) -> Asgi:
        async def logged(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            status, request_id = None, ""

            async def noting(message: Message) -> None:
                nonlocal status, request_id
                if message["type"] == "http.response.start":
                    status, request_id = message["status"], header(message, b"x-request-id").decode()
                await send(message)

            began = time.perf_counter()
            try:
                await app(scope, receive, noting)
            finally:
                self._request(scope, status, (time.perf_counter() - began) * 1000, request_id)

        return logged

    def _request(self, scope: Scope, status: int | None, milliseconds: float, request_id: str) -> None:
        """The status is None where the client went away before there was one."""
        method, path = _printable(scope["method"]), _path(scope)
        if self._as_json:
            ms = round(milliseconds, 1)
            said = f"{method} {path} {status or '-'} {ms} ms"
            self._json("request", "info", said, method=method, path=path, status=status, ms=ms, request_id=request_id)
        else:
            self._write(f"{method} {path} {status or '-'} {milliseconds:.1f} ms {request_id or '-'}")

    def trouble(self, record: logging.LogRecord, trace: str) -> None:
        """What the server itself has to say: a warning or an error."""
        level, message = record.levelname.lower(), _printable(record.getMessage().strip())
        if self._as_json:
            event = "warning" if level == "warning" else "error"
            self._json(event, level, message, **({"trace": trace} if trace else {}))
        else:
            self._write(f"{level}: {message}" + (f"\n{trace}" if trace else ""))

    def _json(self, event: str, level: str, message: str, **members: Any) -> None:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        said = {"time": now, "level": level, "event": event, "message": message}
        self._write(json.dumps({**said, **members}, ensure_ascii=True))

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take what the server logs, for as long as the block lasts."""
        handler = _Handler(self)
        for name in _LOGGERS:
            logging.getLogger(name).addHandler(handler)
        try:
            yield
        finally:
            for name in _LOGGERS:
                logging.getLogger(name).removeHandler(handler)


class _Handler(logging.Handler):
    def __init__(self, log: AccessLog) -> None:
        super().__init__(logging.WARNING)
        self._log = log
        self._formatter = logging.Formatter()

    def emit(self, record: logging.LogRecord) -> None:
        trace = self._formatter.formatException(record.exc_info) if record.exc_info else ""
        self._log.trouble(record, trace)


def _path(scope: Scope) -> str:
    """As it was sent, without the query. Whoever sends a whole URL may have put a password into it."""
    path: str = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1").partition("?")[0]
    return _printable(path[:_LONGEST_PATH]) if path.startswith("/") else "*"


def _printable(text: str) -> str:
    return text if text.isprintable() else ascii(text)[1:-1]
