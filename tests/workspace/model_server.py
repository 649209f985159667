"""A server on this machine that holds no agent, lists models as it is told, and remembers what it was asked."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

MODELS = "/v1/models"


@dataclass
class ModelServer:
    """`models` are names with the day of their end, or None; `status` is that of the listing of models, `everything`
    that of all answers. `held`: the models are not told before the end. `headers` come with every answer."""

    models: dict[str, str | None] = field(default_factory=lambda: {"gpt-4o": None, "gpt-6": None})
    status: int = 200
    everything: int = 200
    held: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    url: str = ""
    asked: list[tuple[str, str]] = field(default_factory=list)
    over: Event = field(default_factory=Event)

    @property
    def times(self) -> int:
        """How often the models were asked for."""
        return self.asked.count(("GET", MODELS))

    def answer(self, path: str) -> tuple[int, Any]:
        """What a GET is answered."""
        status = max(self.everything, self.status if path == MODELS else 200)
        if status != 200:
            return status, {"error": {"message": "no", "type": "x", "code": None, "param": None}}
        if path == MODELS:
            data = [{"id": name, "object": "model", "shutdown_date": day} for name, day in self.models.items()]
            return 200, {"object": "list", "data": data}
        if path.count("/") > 2:
            return 404, {"error": {"message": "there is none", "type": "x", "code": None, "param": None}}
        return 200, {"object": "list", "data": [], "has_more": False, "first_id": None, "last_id": None}


@contextmanager
def model_server() -> Iterator[ModelServer]:
    found = ModelServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            found.asked.append((self.command, path))
            if path == MODELS and found.held:
                found.over.wait(30)
            status, content = found.answer(path)
            body = json.dumps(content).encode()
            self.send_response(status)
            for name, value in {"content-type": "application/json", **found.headers}.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

        def handle(self) -> None:
            with suppress(OSError):  # who had asked may have gone
                super().handle()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    found.url = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        yield found
    finally:
        found.over.set()
        server.shutdown()
        thread.join()
        server.server_close()
