"""A server that repeats whatever it is sent, in every way that servers have."""

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import quote

Answer = tuple[int, dict[str, str], Any]


def _echo(request: BaseHTTPRequestHandler) -> str:
    """Every header value that a secret may have come in, plain and encoded."""
    values = [request.headers.get(name) or "" for name in ("authorization", "x-canary")]
    said = [*values, *(quote(value, safe="") for value in values)]
    said += [base64.b64encode(f"{shift}{value}".encode()).decode() for value in values for shift in ("", "u:", "x")]
    return " | ".join(said)


def _error(status: int) -> Callable[[BaseHTTPRequestHandler], Answer]:
    def answer(request: BaseHTTPRequestHandler) -> Answer:
        said = _echo(request)
        error = {"message": f"Incorrect API key provided: {said}.", "type": "x", "code": said, "param": said}
        headers = {"x-request-id": said, "retry-after": "0", "x-echo": said, "openai-organization": said}
        return status, headers, {"error": error, "detail": said}

    return answer


def _redirect(request: BaseHTTPRequestHandler) -> Answer:
    return 302, {"location": f"/v1/elsewhere?key={quote(_echo(request))}"}, {}


def _listing(request: BaseHTTPRequestHandler) -> Answer:
    said = _echo(request)
    one = {"id": "asst_x", "object": "assistant", "created_at": 1, "name": said, "model": "m", "tools": []}
    if request.path.count("/") > 2:
        return 404, {}, {"error": {"message": f"No assistant found: {said}"}}
    return 200, {}, {"object": "list", "data": [{**one, "instructions": said, "metadata": {}}], "has_more": False}


def _id(request: BaseHTTPRequestHandler) -> Answer:
    said = _echo(request)
    return 200, {}, {"object": "list", "data": [{"id": said[:200], "object": said}], "has_more": True}


def _no_json(request: BaseHTTPRequestHandler) -> Answer:
    return 200, {"content-type": f"text/{_echo(request)[:80]}"}, None


def _circle(request: BaseHTTPRequestHandler) -> Answer:
    return 200, {"x-litellm-version": _echo(request)}, {"object": "list", "data": [{"id": "asst_a"}], "has_more": True}


MODES: dict[str, Callable[[BaseHTTPRequestHandler], Answer]] = {
    "400": _error(400),
    "401": _error(401),
    "403": _error(403),
    "404": _error(404),
    "429": _error(429),
    "500": _error(500),
    "redirect": _redirect,
    "listing": _listing,
    "id": _id,
    "no json": _no_json,
    "circle": _circle,
}


@contextmanager
def hostile(mode: str, seen: list[str] | None = None) -> Iterator[str]:
    """Serve in one of MODES; yields the base URL. `seen` gets the key of every request."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            if seen is not None:
                seen.append(self.headers.get("authorization") or "")
            length = int(self.headers.get("content-length") or 0)
            self.rfile.read(length)
            status, headers, body = MODES[mode](self)
            self.send_response(status)
            for name, value in {"content-type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(_echo(self).encode() if body is None else json.dumps(body).encode())

        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def do_DELETE(self) -> None:
            self._answer()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """Say nothing here either: stderr is what is looked at."""

    server = Server(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
