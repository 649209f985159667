"""The server as a process: readiness, keys, signals, and a kill between commit and reply."""

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.emulator.process import Server


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    started: list[Server] = []

    def start(*options: str) -> Server:
        started.append(Server(tmp_path / "local.db", *options))
        return started[-1]

    yield start
    for server in started:
        server.stop(signal.SIGKILL)


@contextmanager
def _client(server: Server, key: str = "any") -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=server.url, headers={"authorization": f"Bearer {key}"}) as client:
        yield client


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_gracefully(start: Callable[..., Server], number: int) -> None:
    server = start("--reply-delay", "60")
    with _client(server) as client:
        assistant = client.post("/assistants", json={"model": "m", "instructions": "hi"}).json()
        run = client.post("/threads/runs", json={"assistant_id": assistant["id"]}).json()
    assert server.stop(number) == (0, "")
    with _client(start()) as client:
        after = client.get(f"/threads/{run['thread_id']}/runs/{run['id']}").json()
        assert (after["status"], after["last_error"]["code"]) == ("failed", "server_error")


def test_options_reach_the_server(start: Callable[..., Server], tmp_path: Path) -> None:
    rules = tmp_path / "demo.replies.yaml"
    rules.write_text("rules:\n  - say: scripted\n")
    log = tmp_path / "requests.jsonl"
    server = start("--api-key", "right", "--lenient", "--withhold-files", "--replies", str(rules), "--log", str(log))
    with _client(server, "wrong") as client:
        assert client.get("/assistants").status_code == 401
    with _client(server, "right") as client:
        assistant = client.post("/assistants", json={"model": "m", "instructions": "hi", "colour": 1}).json()
        run = client.post("/threads/runs", json={"assistant_id": assistant["id"]}).json()
        while run["status"] in ("queued", "in_progress"):
            run = client.get(f"/threads/{run['thread_id']}/runs/{run['id']}").json()
        (message,) = client.get(f"/threads/{run['thread_id']}/messages").json()["data"]
        assert message["content"][0]["text"]["value"] == "scripted"
        file = client.post("/files", data={"purpose": "assistants"}, files={"file": ("a.txt", b"a")}).json()
        assert client.get(f"/files/{file['id']}/content").status_code == 400
    server.stop()  # a line is written after its reply was sent
    assert len(log.read_text().splitlines()) >= 5


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--replies", "eliza"], "there is no reply backend 'eliza'"),
        (["--fault", "slow=1"], "there is no fault 'slow'"),
        (["--database", "missing/folder/local.db"], "cannot be used as a database"),
    ],
)
def test_what_cannot_be_opened_is_one_clear_line(tmp_path: Path, options: list[str], text: str) -> None:
    command = [sys.executable, "-m", "asstctl.emulator", "--database", str(tmp_path / "a.db"), *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert text in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_port_that_is_taken_is_one_clear_line(start: Callable[..., Server], tmp_path: Path) -> None:
    port = start().url.split(":")[2].split("/")[0]
    command = [sys.executable, "-m", "asstctl.emulator", "--database", str(tmp_path / "b.db"), "--port", port]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert (done.returncode, done.stderr) == (1, f"port {port} on 127.0.0.1 cannot be used: Address already in use\n")


def test_a_kill_between_commit_and_reply_loses_nothing(start: Callable[..., Server], tmp_path: Path) -> None:
    server = start("--fault", "stop-after-commit=3:POST /v1/assistants")
    with _client(server) as client:
        for name in "ab":
            assert client.post("/assistants", json={"model": "m", "name": name}).status_code == 200
        with pytest.raises(httpx2.TransportError):
            client.post("/assistants", json={"model": "m", "name": "c"})
    assert server.stop()[0] == -signal.SIGKILL
    with _client(start()) as client:
        listed = client.get("/assistants", params={"order": "asc"}).json()["data"]
        assert [assistant["name"] for assistant in listed] == ["a", "b", "c"]
    connection = sqlite3.connect(tmp_path / "local.db")
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
