"""A note of every request: method, path, status, how many were in flight. No bodies, no headers, no queries."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from asstctl.emulator.asgi import Asgi, Message, Receive, Scope, Send


@dataclass(frozen=True, slots=True)
class RequestEntry:
    method: str
    path: str
    status: int | None
    """None when the connection was dropped before a reply."""
    in_flight: int
    """How many requests were being handled when this one came, itself included."""


class RequestLog:
    """Entries in the order of their ends: in `entries`, and as JSON lines in a file when one is named."""

    def __init__(self, file: Path | None = None) -> None:
        self.entries: list[RequestEntry] = []
        self._file = file
        self._in_flight = 0

    def around(self, app: Asgi) -> Asgi:
        async def logged(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            status: int | None = None

            async def noting(message: Message) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                await send(message)

            self._in_flight += 1
            in_flight = self._in_flight
            try:
                await app(scope, receive, noting)
            finally:
                self._in_flight -= 1
                self._note(RequestEntry(scope["method"], scope["path"], status, in_flight))

        return logged

    def _note(self, entry: RequestEntry) -> None:
        self.entries.append(entry)
        if self._file is not None:
            # Opened for each line, so that a killed server has written all of its lines.
            with self._file.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(entry)) + "\n")
