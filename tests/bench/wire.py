"""A load on a server: many clients over raw sockets, so that what is measured is the server and not a client library.

`python -m tests.bench.wire URL CLIENTS SECONDS` reads the requests from stdin, one JSON line each
(`{"method", "path", "body"}`), sends them in turn, and prints how long each took.
"""

import asyncio
import json
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Load:
    """How a server answered: requests a second, and the milliseconds that half and 99 % of them stayed below."""

    per_second: float
    p50: float
    p99: float

    def __str__(self) -> str:
        return f"{self.per_second:7.0f}/s   p50 {self.p50:6.2f} ms   p99 {self.p99:6.2f} ms"


class Connection:
    """One keep-alive connection, one request at a time."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port, self._prefix = parts.hostname or "", parts.port or 80, parts.path
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def send(self, method: str, path: str, body: Any = None) -> bytes:
        """The body of the answer, which must be 200."""
        if self._writer is None:
            self._reader, self._writer = await asyncio.open_connection(self._host, self._port)
        assert self._reader is not None
        content = b"" if body is None else json.dumps(body).encode()
        self._writer.write(self._head(method, path, len(content)) + content)
        answer = (await self._reader.readuntil(b"\r\n\r\n")).decode().lower()
        status = answer.split(" ", 2)[1]
        length = int(answer.partition("content-length:")[2].partition("\r\n")[0])
        received = await self._reader.readexactly(length)
        if status != "200":
            raise SystemExit(f"{method} {path} was answered {status}: {received[:300].decode()}")
        return received

    async def first_event(self, path: str, body: Any) -> float:
        """Seconds until the first event of a stream, on a connection that is then given up."""
        reader, writer = await asyncio.open_connection(self._host, self._port)
        content = json.dumps(body).encode()
        began = time.perf_counter()
        writer.write(self._head("POST", path, len(content)) + content)
        await reader.readuntil(b"event: ")
        took = time.perf_counter() - began
        # To the end, so that the run is over when the next one starts.
        await reader.readuntil(b"[DONE]")
        writer.close()
        return took

    def _head(self, method: str, path: str, length: int) -> bytes:
        return (
            f"{method} {self._prefix}{path} HTTP/1.1\r\nhost: {self._host}:{self._port}\r\n"
            f"content-type: application/json\r\ncontent-length: {length}\r\n\r\n"
        ).encode()

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()


async def load(url: str, clients: int, seconds: float, requests: Iterable[Mapping[str, Any]]) -> Load:
    """Send the requests in turn, each client the next one, until the time is over."""
    source = cycle(list(requests))
    took: list[float] = []
    until = time.perf_counter() + seconds

    async def client() -> None:
        connection = Connection(url)
        while time.perf_counter() < until:
            request = next(source)
            began = time.perf_counter()
            await connection.send(request["method"], request["path"], request.get("body"))
            took.append(time.perf_counter() - began)
        connection.close()

    began = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    return summed(took, time.perf_counter() - began)


def summed(took: Sequence[float], seconds: float) -> Load:
    ordered = sorted(took)
    return Load(len(ordered) / seconds, _at(ordered, 0.5) * 1000, _at(ordered, 0.99) * 1000)


def _at(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def main(url: str, clients: str, seconds: str) -> None:
    requests = [json.loads(line) for line in sys.stdin]
    found = asyncio.run(load(url, int(clients), float(seconds), requests))
    print(json.dumps([found.per_second, found.p50, found.p99]))


if __name__ == "__main__":
    main(*sys.argv[1:])
