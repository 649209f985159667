"""Everything that can be in the way ends in one clear message with a way on, the right code, and nothing lost."""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.cli.conftest import Project
from tests.cli.test_edits import call_live, live


@contextmanager
def answering(status: int, body: str, content_type: str = "application/json") -> Iterator[str]:
    """A host that gives every request the same answer; yields its base URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("content-type", content_type)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def point_at(project: Project, base_url: str, more: str = "") -> None:
    project.write(
        "asstctl.yaml",
        f"version: 1\nproject: school\ndefault_target: far\ntargets:\n"
        f"  far: {{provider: assistants, base_url: '{base_url}'{more}}}\n",
    )


def test_an_unreachable_server_is_named_with_a_way_on(project: Project) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    point_at(project, f"http://127.0.0.1:{port}/v1")

    result = project.run("plan")

    assert result.code == 3
    assert result.out == ""
    assert f"error[unreachable]: cannot reach 127.0.0.1:{port}" in result.err
    assert "connection refused" in result.err


def test_a_wrong_key_is_said_without_the_key(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_KEY", "sk-very-secret-0123456789")
    error = json.dumps({"error": {"message": "Incorrect API key provided: sk-very-secret-0123456789.", "code": "x"}})
    with answering(401, error) as base_url:
        point_at(project, base_url, ", api_key: {env: GATEWAY_KEY}")
        result = project.run("plan", "-v")

    assert result.code == 3
    assert "error[auth]" in result.err
    assert "sk-very-secret" not in result.err + result.out


def test_a_key_that_is_not_set_is_named(project: Project) -> None:
    point_at(project, "http://127.0.0.1:9/v1", ", api_key: {env: GATEWAY_KEY}")

    result = project.run("plan")

    assert result.code == 1
    assert "GATEWAY_KEY is not set" in result.err


def test_a_host_without_an_assistants_api_is_told_from_a_missing_object(project: Project) -> None:
    with answering(404, "<html>not here</html>", "text/html") as base_url:
        point_at(project, base_url)
        result = project.run("plan")

    assert result.code == 3
    assert "error[no-such-api]" in result.err


def test_an_answer_that_is_no_listing_stops_the_command(project: Project) -> None:
    with answering(200, '{"hello": "world"}') as base_url:
        point_at(project, base_url)
        result = project.run("apply", "--yes")

    assert result.code == 3
    assert "Plan:" not in result.out


def test_a_full_disk_is_said_and_leaves_what_was_there(project: Project) -> None:
    project.done("apply", "--yes")
    program = """
import resource, signal, sys
from pathlib import Path
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (8192, resource.RLIM_INFINITY))
from asstctl.cli import run
sys.exit(run(["apply", "--yes"]))
"""
    project.write("assistants/tutor.yaml", "kind: assistant\nkey: tutor\nname: Tutor\nmodel: gpt-4.1\n")

    result = subprocess.run(
        [sys.executable, "-c", program], cwd=project.root, capture_output=True, text=True, check=False, timeout=60
    )

    assert result.returncode in (1, 3), result
    assert "Traceback" not in result.stderr
    assert "disk" in result.stdout + result.stderr
    assert live(project)[0]["model"] == "gpt-4o"
    project.done("apply", "--yes")
    assert "No changes." in project.done("plan")


def test_a_database_of_a_newer_version_is_left_alone(project: Project) -> None:
    import sqlite3

    project.done("apply", "--yes")
    with sqlite3.connect(project.root / ".asstctl/local.db") as database:
        database.execute("PRAGMA user_version = 999")
    database.close()

    result = project.run("plan")

    assert result.code == 1
    assert "newer" in result.err


def test_a_file_that_is_no_database_is_said(project: Project) -> None:
    (project.root / ".asstctl").mkdir(mode=0o700)
    (project.root / ".asstctl/local.db").write_text("this is not a database" * 100)

    result = project.run("plan")

    assert result.code == 1
    assert "local.db" in result.err
    assert "error[local-store]" in result.err


@contextmanager
def applying(project: Project, folder: Path, delay: float) -> Iterator["subprocess.Popen[str]"]:
    """An apply of 60 assistants to a server that takes its time, its first outcome just said."""
    for n in range(60):
        project.write(f"assistants/a{n:02}.yaml", f"kind: assistant\nkey: a{n:02}\nname: A{n:02}\nmodel: gpt-4o\n")
    options = ("--database", str(folder / "server.db"), "--port", "0", "--fault", f"delay={delay}")
    with subprocess.Popen(
        [sys.executable, "-m", "asstctl.emulator", *options], stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        point_at(project, server.stdout.readline().split()[-1])
        try:
            with subprocess.Popen(
                [sys.executable, "-m", "asstctl", "apply", "--yes", "--parallelism", "4"],
                cwd=project.root,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            ) as command:
                assert command.stdout is not None
                while "asst_" not in command.stdout.readline():  # the first outcome, not the plan
                    pass
                yield command
        finally:
            server.terminate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_lets_what_was_sent_finish_and_reports(
    project: Project, tmp_path: Path, number: signal.Signals
) -> None:
    """Ctrl-C, and what a CI service sends to a job that is cancelled: the outcome of every object is said."""
    with applying(project, tmp_path, 0.1) as command:
        command.send_signal(number)
        out, err = command.communicate(timeout=30)

    assert command.returncode == 130, err
    assert "Stopping" in err
    assert err.splitlines()[-1].startswith("Go on with: asstctl apply")
    assert "interrupted before it was started" in out
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "numbers", [(signal.SIGINT, signal.SIGINT), (signal.SIGTERM, signal.SIGTERM), (signal.SIGINT, signal.SIGTERM)]
)
def test_a_second_signal_leaves_at_once_and_says_what_is_not_known(
    project: Project, tmp_path: Path, numbers: tuple[signal.Signals, signal.Signals]
) -> None:
    with applying(project, tmp_path, 1.0) as command:
        command.send_signal(numbers[0])
        assert command.stderr is not None
        assert "Stopping" in command.stderr.readline()
        command.send_signal(numbers[1])
        _, err = command.communicate(timeout=30)

    assert command.returncode == 130, err
    assert "what was in flight may have happened" in err
    assert "asstctl plan" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("command", ["plan", "explain tutor", "schema manifest", "--help", "doctor"])
@pytest.mark.parametrize(
    ("without", "code", "said"),
    [
        (">&-", 1, "error: the output cannot be written: bad file descriptor"),
        (">/dev/full", 1, "error: the output cannot be written: no space left on device"),
        ("<&- >/dev/null", 0, ""),
        ("2>&- >/dev/null", 0, ""),
        ("<&- >&- 2>&-", 1, ""),
    ],
)
def test_a_missing_stream_is_no_bug(project: Project, command: str, without: str, code: int, said: str) -> None:
    if command == "doctor":
        project.done("apply", "--yes")
    shell = f"'{sys.executable}' -m asstctl {command} {without}"
    result = subprocess.run(["bash", "-c", shell], cwd=project.root, capture_output=True, text=True, check=False)

    assert (result.returncode, result.stdout, result.stderr.strip()) == (code, "", said)


@pytest.mark.parametrize("options", ["-v", "-v --log-format json"])
@pytest.mark.parametrize("lost", ["2>/dev/full", "2> >(true)"])
def test_what_cannot_be_said_on_stderr_stops_no_apply(project: Project, lost: str, options: str) -> None:
    shell = f"'{sys.executable}' -m asstctl apply --yes {options} {lost}"
    result = subprocess.run(["bash", "-c", shell], cwd=project.root, capture_output=True, text=True, check=False)

    assert (result.returncode, "Applied 1" in result.stdout) == (0, True)
    assert project.run("plan", "--detailed-exitcode").code == 0


def test_an_error_that_cannot_be_said_keeps_its_exit_code(project: Project) -> None:
    shell = f"'{sys.executable}' -m asstctl plan --target nowhere 2>/dev/full"
    assert subprocess.run(["bash", "-c", shell], cwd=project.root, check=False).returncode == 64


@pytest.mark.parametrize(("command", "left"), [("plan", 0), ("apply --yes", 300), ("--help", 0)])
def test_a_reader_that_goes_away_stops_nothing(project: Project, command: str, left: int) -> None:
    for n in range(299):
        project.write(f"assistants/a{n:03}.yaml", f"kind: assistant\nkey: a{n:03}\nname: A{n:03}\nmodel: gpt-4o\n")
    shell = f"'{sys.executable}' -m asstctl {command} | head -1; exit ${{PIPESTATUS[0]}}"

    result = subprocess.run(
        ["bash", "-c", shell], cwd=project.root, capture_output=True, text=True, check=False, timeout=60
    )

    assert result.stderr == ""
    assert result.returncode == 0
    page = call_live(project, "GET", "/assistants?limit=100&order=asc") if left else {"data": [], "has_more": False}
    found = page["data"]
    while page["has_more"]:
        page = call_live(project, "GET", f"/assistants?limit=100&order=asc&after={page['last_id']}")
        found += page["data"]
    assert len(found) == left


def test_no_key_in_the_environment_moves_a_project_to_a_hosted_provider(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-0123456789")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")

    assert "Applied 1 to local" in project.done("apply", "--yes")


def test_an_unknown_target_is_wrong_usage(project: Project) -> None:
    result = project.run("plan", "--target", "prd")

    assert result.code == 64
    assert "prd" in result.err


@pytest.mark.parametrize("position", ["before", "after"])
def test_shared_options_are_taken_before_and_after_the_command(project: Project, position: str) -> None:
    options = ["--target", "nowhere"]
    arguments = [*options, "plan"] if position == "before" else ["plan", *options]

    assert project.run(*arguments).code == 64


def test_call_live_sees_what_apply_wrote(project: Project) -> None:
    """The helper of these tests reads the same file as the command."""
    project.done("apply", "--yes")

    assert call_live(project, "GET", "/assistants")["data"][0]["name"] == "Tutor"
    assert time.time() - live(project)[0]["created_at"] < 60
