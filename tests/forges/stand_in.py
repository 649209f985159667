"""What the stand-ins for hosts of repositories share: a server on this machine, its log, and how it fails on demand."""

import json
import re
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Asked:
    """A request as it came. `path` is without the query and still percent-encoded."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    content: bytes

    @property
    def token(self) -> str | None:
        """The token that it bears, or None without an `Authorization` header."""
        said = self.headers.get("authorization")
        return None if said is None else said.partition(" ")[2]

    @property
    def body(self) -> Any:
        """Its JSON, or None."""
        return json.loads(self.content) if self.content else None


@dataclass(frozen=True)
class Answer:
    """What is answered: `body` as JSON, unless it is bytes."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Seen:
    """A line of the log. `status` is None where the connection was dropped."""

    asked: Asked
    status: int | None

    def __str__(self) -> str:
        return f"{self.asked.method} {self.asked.path} {self.status}"


@dataclass
class Fault:
    """How some requests fail. `status` None drops the connection; `carried_out`: only after it was done."""

    method: str
    path: re.Pattern[str]
    status: int | None
    carried_out: bool
    headers: Mapping[str, str]
    body: Any
    times: int


class StandIn:
    """A server on 127.0.0.1, alive within `with`. What it answers is for those who inherit."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.lock = threading.RLock()
        self._faults: list[Fault] = []
        self._server = _serving(self._exchange)
        self.url = _address(self._server)

    def answer(self, asked: Asked) -> Answer:
        """What is answered where nothing fails."""
        raise NotImplementedError

    def fail(
        self,
        method: str,
        path: str,
        status: int | None = 500,
        *,
        carried_out: bool = False,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
        times: int = 1,
    ) -> None:
        """Let the next requests of a method fail whose path fits a regular expression, `times` of them."""
        said = {"message": "on demand"} if body is None else body
        self._faults.append(Fault(method, re.compile(path), status, carried_out, headers or {}, said, times))

    def lines(self, method: str = "") -> list[str]:
        """The log as `METHOD PATH STATUS`, of one method or of all."""
        return [str(one) for one in self.seen if method in ("", one.asked.method)]

    def _exchange(self, asked: Asked) -> Answer | None:
        with self.lock:
            fault = next((f for f in self._faults if f.method == asked.method and f.path.search(asked.path)), None)
            if fault is None:
                answer = self.answer(asked)
                self.seen.append(Seen(asked, answer.status))
                return answer
            fault.times -= 1
            if not fault.times:
                self._faults.remove(fault)
            if fault.carried_out:
                self.answer(asked)
            self.seen.append(Seen(asked, fault.status))
            return None if fault.status is None else Answer(fault.status, fault.body, fault.headers)

    def __enter__(self) -> Self:
        _start(self._server)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that is gone is no news."""


def _serving(exchange: Callable[[Asked], Answer | None]) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _handle(self) -> None:
            parts = urlsplit(self.path)
            size = int(self.headers.get("content-length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            query = dict(parse_qsl(parts.query, keep_blank_values=True))
            answer = exchange(Asked(self.command, parts.path, query, headers, self.rfile.read(size)))
            self.close_connection = True
            if answer is None:
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            content = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
            self.send_response(answer.status)
            for name, value in {"content-type": "application/json; charset=utf-8", **answer.headers}.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(content)))
            self.send_header("connection", "close")
            self.end_headers()
            self.wfile.write(content)

        def do_GET(self) -> None:
            self._handle()

        def do_POST(self) -> None:
            self._handle()

        def do_PATCH(self) -> None:
            self._handle()

        def do_PUT(self) -> None:
            self._handle()

        def log_message(self, *_: object) -> None:
            """The log is `seen`."""

    return _Server(("127.0.0.1", 0), Handler)


def _address(server: ThreadingHTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}"


def _start(server: ThreadingHTTPServer) -> None:
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()


def page_of(items: list[Any], asked: Asked, default: int, most: int) -> tuple[list[Any], dict[str, str]]:
    """One page of a list, with the header `Link` as hosts send it. No page is longer than `most`."""
    size = min(int(asked.query.get("per_page", default)), most)
    number = int(asked.query.get("page", 1))
    last = max(-(-len(items) // size), 1)
    others = {name: n for name, n in (("prev", number - 1), ("next", number + 1), ("last", last)) if 0 < n <= last}
    rest = "&".join(f"{k}={v}" for k, v in asked.query.items() if k != "page")
    links = ", ".join(f'<http://host{asked.path}?{rest}&page={n}>; rel="{name}"' for name, n in others.items())
    return items[(number - 1) * size : number * size], {"link": links} if last > 1 else {}
