"""kill -9 of an apply of 200 assistants at seeded points: never a duplicate, never one too few.

After the kill, the next apply creates exactly what is missing, and a third plan finds nothing.
"""

import asyncio
import random
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest

from asstctl.core.exit_codes import ExitCode
from asstctl.workspace.apply import Conduct, apply
from asstctl.workspace.plan import plan
from asstctl.workspace.workspace import Workspace

pytestmark = pytest.mark.slow

COUNT = 200
CREATE = ("POST", "/v1/assistants")
POINTS = random.Random(20261122).sample(range(1, COUNT), 20)

APPLY_IN_PROCESS = """
import asyncio, sys
from pathlib import Path
from asstctl.providers.local.provider import open_provider
from asstctl.providers.settings import LocalSettings
from asstctl.workspace.apply import Conduct, apply
from asstctl.workspace.workspace import Workspace

class Faulty(Workspace):
    def open(self):
        return open_provider(LocalSettings(self.database, faults=(sys.argv[1],)))

asyncio.run(apply(Faulty(Path.cwd()), Conduct(approve=lambda plan: True)))
"""


def write_project(root: Path, base_url: str | None) -> None:
    far = f"  far: {{provider: assistants, base_url: '{base_url}'}}\n" if base_url else "  local: {provider: local}\n"
    default = "far" if base_url else "local"
    (root / "asstctl.yaml").write_text(f"version: 1\nproject: load\ndefault_target: {default}\ntargets:\n{far}")
    (root / "assistants").mkdir(exist_ok=True)
    documents = (f"kind: assistant\nkey: a{n:03}\nname: Assistant {n}\nmodel: gpt-4o\n" for n in range(COUNT))
    (root / "assistants/all.yaml").write_text("---\n".join(documents))


@contextmanager
def server(database: Path, *options: str) -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "asstctl.emulator", "--database", str(database), "--port", "0", *options],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().split()[-1]
    finally:
        process.terminate()
        process.communicate(timeout=10)


def stored(database: Path) -> list[str]:
    """The addresses in the marks of all assistants in a database file, read beside the server."""
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10)
    try:
        rows = connection.execute("SELECT json_extract(body, '$.metadata.asstctl_key') FROM assistants").fetchall()
    finally:
        connection.close()
    return [key for (key,) in rows]


def count_stored(database: Path) -> int:
    try:
        return len(stored(database))
    except sqlite3.OperationalError:
        return 0  # not made yet


def kill_when(process: "subprocess.Popen[bytes]", database: Path, count: int) -> None:
    """SIGKILL as soon as so many assistants are committed."""
    deadline = time.monotonic() + 60
    while count_stored(database) < count and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.001)
    process.kill()
    process.wait(timeout=10)


def recover(root: Path, database: Path) -> None:
    """The next apply and the plan after it, with the assertions that the promise makes."""
    survivors = Counter(stored(database))
    assert max(survivors.values()) == 1
    requests: list[tuple[str, str]] = []
    workspace = Workspace(root, observer=lambda one: requests.append((one.method, one.path)))

    applied = asyncio.run(apply(workspace, Conduct(approve=lambda _: True)))

    assert applied.report is not None
    assert applied.report.exit_code is ExitCode.DONE, applied.report
    assert requests.count(CREATE) == COUNT - len(survivors)
    assert set(Counter(stored(database)).values()) == {1}
    assert len(stored(database)) == COUNT
    requests.clear()
    again = asyncio.run(plan(replace(workspace)))
    assert again.is_empty
    assert again.stale_marks == ()
    assert {method for method, _ in requests} == {"GET"}


@pytest.mark.parametrize("point", POINTS[::2])
def test_an_apply_that_is_killed_duplicates_nothing(tmp_path: Path, point: int) -> None:
    database = tmp_path / "server.db"
    with server(database) as base_url:
        write_project(tmp_path, base_url)
        process = subprocess.Popen(
            [sys.executable, "-m", "asstctl", "apply", "--yes"], cwd=tmp_path, stdout=subprocess.DEVNULL
        )
        kill_when(process, database, point)
        recover(tmp_path, database)
        with httpx2.Client(trust_env=False) as client:
            first = client.get(f"{base_url}/assistants", params={"limit": 100, "order": "asc"}).json()
            after = {"limit": 100, "order": "asc", "after": first["last_id"]}
            second = client.get(f"{base_url}/assistants", params=after).json()
    assert len({one["metadata"]["asstctl_key"] for one in first["data"] + second["data"]}) == COUNT


@pytest.mark.parametrize("point", POINTS[1::2])
def test_a_server_killed_after_commit_and_before_reply_leads_to_no_duplicate(tmp_path: Path, point: int) -> None:
    database = tmp_path / "server.db"
    with server(database, "--fault", f"stop-after-commit={point}:POST /assistants") as base_url:
        write_project(tmp_path, base_url)
        ended = subprocess.run(
            [sys.executable, "-m", "asstctl", "apply", "--yes"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )
    assert ended.returncode == ExitCode.FAILED, ended
    assert "unknown" in ended.stdout
    assert "Traceback" not in ended.stderr
    with server(database) as base_url:
        write_project(tmp_path, base_url)
        recover(tmp_path, database)


@pytest.mark.parametrize("point", POINTS)
def test_the_same_in_process(tmp_path: Path, point: int) -> None:
    write_project(tmp_path, None)
    killed = subprocess.run(
        [sys.executable, "-c", APPLY_IN_PROCESS, f"stop-after-commit={point}:POST /assistants"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert killed.returncode == -9, killed
    database = tmp_path / ".asstctl/local.db"
    assert len(stored(database)) >= point
    recover(tmp_path, database)
