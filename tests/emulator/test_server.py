"""The server as a thing to run: its socket, its stop, and what it leaves behind."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from asstctl.emulator import CannotListen
from asstctl.emulator.server import listen, url_of

_PROGRAM = """
import asyncio, json, signal, sys, logging
from asstctl.emulator import open_emulator
from asstctl.emulator.server import listen, run_server

options = json.loads(sys.argv[1])
grace = options.pop("grace", 0.3)
emulator = open_emulator(**options)

def around(app):
    async def with_streams(scope, receive, send):
        if scope["path"] != "/endless":
            await app(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while True:
            await send({"type": "http.response.body", "body": b"more", "more_body": True})
            await asyncio.sleep(0.02)
    return with_streams

def ready(url):
    print(url, flush=True)

number = run_server(emulator, listen("127.0.0.1", 0), ready=ready, around=around, grace=grace)
print(json.dumps([
    number,
    signal.getsignal(signal.SIGINT) is signal.default_int_handler,
    signal.getsignal(signal.SIGTERM) is signal.SIG_DFL,
    len(logging.getLogger("uvicorn.error").filters),
]))
"""


class Process:
    """A server in a process of its own, in memory unless `options` name a database."""

    def __init__(self, **options: object) -> None:
        command = [sys.executable, "-W", "error", "-c", _PROGRAM, json.dumps({"database": ":memory:", **options})]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()
        assert self.url, self.process.communicate(timeout=5)[1]

    def signal(self, number: int) -> None:
        os.kill(self.process.pid, number)

    def end(self) -> tuple[int, str, str]:
        out, err = self.process.communicate(timeout=10)
        return self.process.returncode, out, err


@contextmanager
def process(**options: object) -> Iterator[Process]:
    started = Process(**options)
    try:
        yield started
    finally:
        started.process.kill()
        started.process.communicate()


@contextmanager
def raw_connection(server: Process) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", int(server.url.split(":")[2].split("/")[0])), timeout=5) as raw:
        yield raw


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_after_a_stop_nothing_of_it_is_left_in_the_process(number: int) -> None:
    with process() as server:
        server.signal(number)
        assert server.end() == (0, f"[{int(number)}, true, true, 0]\n", "")


def test_a_request_that_is_under_way_is_answered_before_the_stop() -> None:
    with process(faults=["delay=0.4"], grace=5) as server, raw_connection(server) as raw:
        raw.sendall(b"GET /v1/assistants HTTP/1.1\r\nhost: localhost\r\n\r\n")
        time.sleep(0.1)  # so that the request is there before the signal
        server.signal(signal.SIGTERM)
        assert raw.recv(100).startswith(b"HTTP/1.1 200 OK")
        assert server.end()[::2] == (0, "")


def test_a_run_that_a_request_starts_after_the_signal_has_the_rest_of_the_grace(tmp_path: Path) -> None:
    options = {"database": str(tmp_path / "a.db"), "reply_delay": 0.1, "grace": 5}
    with process(**options) as server, httpx2.Client(base_url=server.url) as client, raw_connection(server) as raw:
        assistant = client.post("/assistants", json={"model": "m", "instructions": "hi"}).json()
        body = json.dumps({"assistant_id": assistant["id"]}).encode()
        raw.sendall(b"POST /v1/threads/runs HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n")
        raw.sendall(b"content-length: %d\r\n\r\n" % len(body))
        time.sleep(0.1)  # so that the request is there before the signal
        server.signal(signal.SIGTERM)
        time.sleep(0.3)  # so that the signal is there before the body
        raw.sendall(body)
        run = json.loads(b"".join(iter(lambda: raw.recv(4096), b"")).partition(b"\r\n\r\n")[2])
        assert server.end()[::2] == (0, "")
    with process(database=str(tmp_path / "a.db")) as server, httpx2.Client(base_url=server.url) as client:
        assert client.get(f"/threads/{run['thread_id']}/runs/{run['id']}").json()["status"] == "completed"


def test_a_stream_without_end_is_cut_off_without_a_word() -> None:
    with process(grace=0.1) as server:
        with httpx2.stream("GET", server.url.replace("/v1", "/endless")) as response:
            pieces = response.iter_raw()
            next(pieces)
            server.signal(signal.SIGTERM)
            with pytest.raises(httpx2.TransportError):
                for _ in pieces:
                    pass
        assert server.end()[::2] == (0, "")


def test_a_second_signal_does_not_wait(tmp_path: Path) -> None:
    options = {"database": str(tmp_path / "a.db"), "reply_delay": 60, "grace": 60}
    with process(**options) as server, httpx2.Client(base_url=server.url) as client:
        assistant = client.post("/assistants", json={"model": "m", "instructions": "hi"}).json()
        run = client.post("/threads/runs", json={"assistant_id": assistant["id"]}).json()
        server.signal(signal.SIGINT)
        time.sleep(0.3)  # signals that come together are one
        assert server.process.poll() is None
        began = time.monotonic()
        server.signal(signal.SIGINT)
        assert server.end()[::2] == (0, "")
        assert time.monotonic() - began < 5
    with process(database=str(tmp_path / "a.db")) as server, httpx2.Client(base_url=server.url) as client:
        assert client.get(f"/threads/{run['thread_id']}/runs/{run['id']}").json()["status"] == "failed"


def test_a_reply_that_is_dropped_breaks_the_connection() -> None:
    with process(faults=["drop-after-commit=1:POST"]) as server, httpx2.Client(base_url=server.url) as client:
        with pytest.raises(httpx2.TransportError):
            client.post("/assistants", json={"model": "m"})
        assert len(client.get("/assistants").json()["data"]) == 1
        server.signal(signal.SIGTERM)
        assert server.end()[::2] == (0, "")


@pytest.mark.parametrize(
    "request_text",
    [
        b"GET /v1/assistants HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n",
        b"HEAD /v1/assistants HTTP/1.1\r\nhost: x\r\n\r\n",
        b"OPTIONS /v1/assistants HTTP/1.1\r\nhost: x\r\n\r\n",
        b"GET /v1/assistants HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\nabc",
        b"GET http://user:word@elsewhere/v1/assistants HTTP/1.1\r\nhost: x\r\n\r\n",
        b"POST /v1/nothing HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nno chunk\r\n",
        b"nonsense\r\n\r\n",
    ],
)
def test_odd_requests_are_answered_and_nothing_is_said_of_them(request_text: bytes) -> None:
    with process() as server:
        with raw_connection(server) as raw:
            raw.sendall(request_text)
            assert raw.recv(12)[9:] in (b"200", b"204", b"400", b"404")
        server.signal(signal.SIGTERM)
        assert server.end()[::2] == (0, "")


def test_a_port_that_is_taken_is_told_apart_from_other_trouble() -> None:
    with listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(CannotListen, match=f"port {port} on 127.0.0.1 cannot be used: Address already") as caught:
            listen("127.0.0.1", port)
    assert (caught.value.taken, caught.value.port) == (True, port)
    for host in ("192.0.2.1", "no.such.name.invalid", "1" * 300 + ".invalid"):
        with pytest.raises(CannotListen) as caught:
            listen(host, 0)
        assert not caught.value.taken


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:{}/v1"),
        ("localhost", "http://127.0.0.1:{}/v1"),
        ("::1", "http://[::1]:{}/v1"),
        ("0.0.0.0", "http://127.0.0.1:{}/v1"),
    ],
)
def test_the_url_is_one_that_clients_here_can_use(host: str, url: str) -> None:
    try:
        listener = listen(host, 0)
    except CannotListen as error:
        pytest.skip(f"this machine has no {host}: {error.reason}")
    with listener:
        assert url_of(listener) == url.format(listener.getsockname()[1])
        # asyncio switches Nagle's algorithm off for what is named TCP only
        assert listener.proto == socket.IPPROTO_TCP
