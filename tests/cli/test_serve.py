"""`asstctl serve` as people run it: a process, a readiness line, a client library, and a clean stop."""

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest

from asstctl.workspace.serve import to_serve
from asstctl.workspace.workspace import Workspace
from tests.cli.conftest import Project

READY = re.compile(
    r"Serving (?P<api>the Agents API over )?(?P<place>\S+) at (?P<url>http://\S+/v1) \(replies: (?P<replies>.+)\)\n"
)


class Serving:
    """A server that said it is ready: what it said, and how to stop it."""

    def __init__(self, folder: Path, *options: str, environ: Mapping[str, str] | None = None) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "asstctl", "serve", "--port", "0", *options],
            cwd=folder,
            env={**os.environ, **(environ or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.first = self.process.stdout.readline()
        found = READY.fullmatch(self.first)
        if found:
            self.place, self.url, self.replies = found.group("place", "url", "replies")
            self.exports = [self.process.stdout.readline().strip() for _ in range(2)]
        else:
            self.url = json.loads(self.first)["url"] if self.first.startswith("{") else ""
        assert self.url, self.stop()

    def client(self, key: str = "any") -> openai.OpenAI:
        return openai.OpenAI(base_url=self.url, api_key=key, max_retries=0)

    def stop(self, number: int = signal.SIGINT) -> tuple[int, str]:
        """Its exit code and what it said on stderr."""
        self.process.send_signal(number)
        _, err = self.process.communicate(timeout=15)
        return self.process.returncode, err


@pytest.fixture
def serve(project: Project) -> Iterator[Callable[..., Serving]]:
    """Start `asstctl serve` in the project."""
    started: list[Serving] = []

    def start(*options: str, **more: Any) -> Serving:
        started.append(Serving(more.pop("folder", project.root), *options, **more))
        return started[-1]

    yield start
    for server in started:
        server.process.kill()
        server.process.communicate()


def refused(project: Project, *options: str) -> tuple[int, str]:
    """The exit code and the message of a serve that must not start."""
    result = project.run("serve", "--port", "0", *options)
    assert result.out == ""
    return result.code, result.err


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_what_was_applied_is_what_programs_see(project: Project, serve: Callable[..., Serving]) -> None:
    project.done("apply", "--yes")
    server = serve()

    assert (server.place, server.replies) == (".asstctl/local.db", "echo")
    assert server.exports == [f"export OPENAI_BASE_URL={server.url}", "export OPENAI_API_KEY=any"]
    with server.client() as client:
        (tutor,) = client.beta.assistants.list().data
        assert tutor.name == "Tutor"
        thread = client.beta.threads.create(messages=[{"role": "user", "content": "2 + 2?"}])
        run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=tutor.id)
        assert run.status == "completed"

    code, err = server.stop()
    assert code == 130
    assert "GET /v1/assistants 200" in err
    assert "No changes." in project.done("plan")


@pytest.mark.parametrize(
    ("target", "database", "replies", "place", "source"),
    [
        (None, None, None, ".asstctl/local.db", "script, demo.replies.yaml"),
        (None, None, "echo", ".asstctl/local.db", "echo"),
        ("other", None, None, ".asstctl/other.db", "chat, 127.0.0.1:9"),
        ("other", None, "more.replies.yaml", ".asstctl/other.db", "script, more.replies.yaml"),
        (None, ":memory:", None, "memory", "script, demo.replies.yaml"),
        ("far", "mine.db", None, "mine.db", "echo"),
    ],
)
def test_what_is_not_given_is_taken_from_a_local_target(
    project: Project, target: str | None, database: str | None, replies: str | None, place: str, source: str
) -> None:
    project.write("demo.replies.yaml", "rules:\n  - say: scripted\n")
    project.write(
        "asstctl.yaml",
        "version: 1\nproject: school\ndefault_target: far\ntargets:\n"
        "  far: {provider: assistants, base_url: 'http://127.0.0.1:9/v1'}\n"
        "  local: {provider: local, replies: {script: demo.replies.yaml}}\n"
        "  other: {provider: local, replies: {chat: {base_url: 'http://127.0.0.1:9/v1', api_key: {env: MINE}}}}\n",
    )
    served = to_serve(Workspace(project.root, target, environ={"MINE": "sk-secret"}), database, replies)
    assert (served.place, served.source) == (place, source)
    assert "sk-secret" not in repr(served)


def test_without_a_project_it_serves_the_folder(
    project: Project, serve: Callable[..., Serving], tmp_path: Path
) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    server = serve(folder=folder)
    assert (server.place, server.replies) == (".asstctl/local.db", "echo")
    assert (folder / ".asstctl/.gitignore").read_text() == "*\n"
    code, said = server.stop(signal.SIGTERM)
    assert code == 0
    assert "The database is new" in said
    assert "The database is new" not in serve(folder=folder).stop(signal.SIGTERM)[1]


@pytest.mark.parametrize("database", [":memory:", "mine.db"])
def test_a_database_can_be_named(project: Project, serve: Callable[..., Serving], database: str) -> None:
    server = serve("--database", database)
    assert server.place == {":memory:": "memory"}.get(database, database)
    assert httpx2.get(f"{server.url}/assistants").json()["data"] == []
    assert not (project.root / ".asstctl").exists()


def test_a_key_is_needed_where_one_was_given_and_is_said_nowhere(serve: Callable[..., Serving]) -> None:
    server = serve("--api-key-env", "MINE", environ={"MINE": "sk-right"})
    assert server.exports[1].startswith("export OPENAI_API_KEY=...")
    with server.client("sk-wrong") as client, pytest.raises(openai.AuthenticationError):
        client.models.list()
    assert httpx2.get(f"{server.url}/assistants", headers={"authorization": "Bearer sk-right"}).status_code == 200
    assert httpx2.get(server.url.replace("/v1", "/health")).json() == {"status": "ok"}
    assert "sk-" not in server.first + server.stop()[1]


def test_json_lines_for_machines(serve: Callable[..., Serving]) -> None:
    server = serve("--log-format", "json")
    ready = {"schema": "asstctl/serve/v1", "event": "ready", "url": server.url, "api": "assistants"}
    assert json.loads(server.first) == {**ready, "database": ".asstctl/local.db", "replies": "echo"}
    httpx2.get(f"{server.url}/assistants?after=asst_private", headers={"authorization": "Bearer sk-private"})
    code, err = server.stop()
    entry, end = map(json.loads, err.splitlines())
    assert (entry["event"], end["event"], end["exit_code"]) == ("request", "end", 130)
    assert (entry["method"], entry["path"], entry["status"]) == ("GET", "/v1/assistants", 400)
    assert code == 130


def test_the_agents_api_is_served_with_its_quirks(serve: Callable[..., Serving]) -> None:
    server = serve("--api", "agents", "--quirk", "reasoning-effort=low", "--quirk", "list-lag=60")
    assert server.first.startswith("Serving the Agents API over .asstctl/local.db at http://")
    assert server.exports[0] == f"export OPENAI_BASE_URL={server.url}"
    with server.client() as client:
        agent = client.beta.agents.create(model="gpt-5")
        assert agent.reasoning.effort == "low"
        assert client.beta.agents.list().data == []
        assert client.beta.agents.retrieve(agent.id) == agent
    assert httpx2.get(f"{server.url}/assistants").status_code == 404
    code, err = server.stop()
    assert code == 130
    assert "programs find no agent until one is made" in err
    assert f"/v1/agents/{agent.id}" in err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--quirk", "list-lag=5"], "asstctl serve --api agents --quirk list-lag=5"),
        (["--api", "agents", "--quirk", "slow=1"], "there is no quirk 'slow'"),
        (["--api", "agents", "--quirk", "list-lag=x"], "the quirk 'list-lag=x' cannot be read"),
    ],
)
def test_a_quirk_that_makes_no_sense_is_refused(project: Project, options: list[str], said: str) -> None:
    code, err = refused(project, *options)
    assert code == 64
    assert said in err


def test_options_reach_the_server_and_quiet_says_no_requests(serve: Callable[..., Serving]) -> None:
    server = serve(
        "-q", "--lenient", "--require-beta", "--allow-host", "gateway", "--allow-origin", "http://localhost:3000"
    )
    beta = {"openai-beta": "assistants=v2"}
    for headers, status in (
        ({"host": "evil.example", **beta}, 403),
        ({"origin": "http://evil.example", **beta}, 403),
        ({"host": "gateway", **beta}, 200),
        ({"origin": "http://localhost:3000", **beta}, 200),
        ({}, 400),
    ):
        response = httpx2.post(f"{server.url}/assistants", json={"model": "m", "colour": "red"}, headers=headers)
        assert response.status_code == status, headers
    assert server.stop() == (130, "")


def test_files_for_assistants_can_be_withheld(serve: Callable[..., Serving]) -> None:
    server = serve("--withhold-files")
    sent = httpx2.post(f"{server.url}/files", data={"purpose": "assistants"}, files={"file": ("a.txt", b"a")}).json()
    response = httpx2.get(f"{server.url}/files/{sent['id']}/content")
    message = "Not allowed to download files of purpose: assistants"
    assert (response.status_code, response.json()["error"]["message"]) == (400, message)


def test_ctrl_c_with_an_open_stream_and_an_active_run_is_clean(project: Project, serve: Callable[..., Serving]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # a model that never answers
        model = f"http://127.0.0.1:{silent.getsockname()[1]}/v1"
        project.write(
            "asstctl.yaml",
            f"version: 1\nproject: school\ntargets:\n"
            f"  local: {{provider: local, replies: {{chat: {{base_url: '{model}'}}}}}}\n",
        )
        server = serve()
        assert server.replies == f"chat, {model[7:-3]}"
        assistant = httpx2.post(f"{server.url}/assistants", json={"model": "m", "instructions": "hi"}).json()
        body = {"assistant_id": assistant["id"], "stream": True}
        with httpx2.stream("POST", f"{server.url}/threads/runs", json=body, timeout=20) as response:
            assert response.status_code == 200, response.read()
            lines = response.iter_lines()
            while next(lines) != "event: thread.run.in_progress":
                pass
            server.process.send_signal(signal.SIGINT)
            rest = list(lines)
        _, err = server.process.communicate(timeout=15)
    assert server.process.returncode == 130
    assert "Traceback" not in err
    assert "data: [DONE]" in rest
    failed = json.loads(rest[rest.index("event: thread.run.failed") + 1].removeprefix("data: "))
    again = httpx2.get(f"{serve().url}/threads/{failed['thread_id']}/runs/{failed['id']}").json()
    assert (again["status"], again["last_error"]["code"]) == ("failed", "server_error")


def test_two_servers_and_a_plan_share_one_database(project: Project, serve: Callable[..., Serving]) -> None:
    one, two = serve(), serve()
    project.done("apply", "--yes")
    (tutor,) = httpx2.get(f"{one.url}/assistants").json()["data"]
    body = {"assistant_id": tutor["id"], "thread": {"messages": [{"role": "user", "content": "hi"}]}}
    run = httpx2.post(f"{two.url}/threads/runs", json=body).json()
    path = f"/threads/{run['thread_id']}/runs/{run['id']}"
    until = time.monotonic() + 10
    while (status := httpx2.get(f"{one.url}{path}").json()["status"]) in ("queued", "in_progress"):
        assert time.monotonic() < until
    assert status == "completed"
    assert "No changes." in project.done("plan")


def test_a_port_that_is_taken_is_said_with_a_way_on(project: Project, serve: Callable[..., Serving]) -> None:
    port = serve().url.split(":")[2].split("/")[0]
    code, err = refused(project, "--port", port)
    assert code == 1
    assert f"error[refused]: port {port} is taken" in err
    assert "asstctl serve --port 0" in err


def test_a_database_of_a_newer_version_is_said_and_left_alone(project: Project) -> None:
    project.done("apply", "--yes")
    with sqlite3.connect(project.root / ".asstctl/local.db") as database:
        database.execute("PRAGMA user_version = 999")
    database.close()
    code, err = refused(project)
    assert code == 1
    assert "error[local-store]: the local database is newer than this program" in err


@pytest.mark.parametrize(
    ("options", "code", "text"),
    [
        (["--host", "0.0.0.0"], 64, "ASSTCTL_SERVE_API_KEY=... asstctl serve --host 0.0.0.0"),
        (["--host", "::"], 64, "it has no API key"),
        (["--host", "example.com"], 64, "example.com is not a loopback address"),
        (["--host", ""], 64, "--host is empty"),
        (["--api-key", ""], 64, "the API key is empty"),
        (["--api-key", "a", "--api-key-env", "HOME"], 64, "there are two API keys"),
        (["--api-key-env", "NOT_SET"], 1, "NOT_SET is not set"),
        (["--port", "70000"], 64, "70000"),
        (["--replies", "eliza"], 64, "there are no replies 'eliza'"),
        (["--replies", "missing.replies.yaml"], 1, "missing.replies.yaml"),
        (["--database", "no/such/folder/a.db"], 64, "there is no folder no/such/folder"),
        (["--database", "asstctl.yaml"], 1, "is not a database. Name another file with --database"),
        (["--target", "far"], 64, "target far is not local local: local, near asstctl serve --target local"),
        (["--target", "nowhere"], 64, "there is no target 'nowhere'"),
        (["--host", "192.0.2.1", "--api-key", "k", "--target", "near"], 1, "Choose another --host or --port"),
    ],
)
def test_what_cannot_be_served_is_said(project: Project, options: list[str], code: int, text: str) -> None:
    project.write(
        "asstctl.yaml",
        "version: 1\nproject: school\ndefault_target: far\ntargets:\n"
        "  far: {provider: assistants, base_url: 'http://127.0.0.1:9/v1'}\n  near: {provider: local}\n",
    )
    found, err = refused(project, *options)
    assert found == code, err
    assert text in " ".join(err.split())


def test_a_symlink_in_place_of_the_folder_is_not_followed(project: Project, tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    (project.root / ".asstctl").symlink_to(tmp_path / "theirs")
    code, err = refused(project)
    assert code == 1
    assert ".asstctl is a symlink" in err
    assert list((tmp_path / "theirs").iterdir()) == []


def test_a_full_disk_is_said_of_the_disk(project: Project) -> None:
    code, err = refused(project, "--database", "/proc/self/a.db")
    assert code == 1
    assert "error[local-store]: the disk is full" in err


def test_a_server_on_every_address_with_a_key_serves(serve: Callable[..., Serving]) -> None:
    server = serve("--host", "0.0.0.0", environ={"ASSTCTL_SERVE_API_KEY": "k"})
    assert server.url.startswith("http://127.0.0.1:")
    assert httpx2.get(f"{server.url}/assistants", headers={"authorization": "Bearer k"}).status_code == 200
