"""`asstctl test` on a server, ended by a signal at any moment: after `test gc` the server holds what it held before."""

import json
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.conftest import Project
from tests.contract.conftest import serving

MANIFEST = """
kind: assistant
key: guagua
name: Guagua
model: gpt-4o
instructions: Be brief.
tools: [{type: file_search}, {type: code_interpreter}]
tool_resources: {code_interpreter: {files: [/sales.csv]}, file_search: {vector_stores: [handbook]}}
"""
CONVERSATIONS = """
assistant: guagua
conversations:
  - id: with-files
    thread: {files: [{path: /sales.csv, for: file_search}]}
    turns:
      - {user: [hi, {attachment: /sales.csv, for: code_interpreter}], expect: {contains: hi}}
      - {user: so, expect: {contains: so}}
  - id: plain
    repeat: {runs: 5, pass: 5}
    turns: [{user: hi, expect: {contains: hi}}]
"""
TABLES = ("assistants", "vector_stores", "files", "threads")


def held(database: Path) -> dict[str, int]:
    """How many objects of each kind the database holds, read beside the server."""
    with closing(sqlite3.connect(database)) as opened:
        return {table: opened.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in TABLES}


def begun(project: Project, url: str) -> None:
    project.write(
        "asstctl.yaml",
        "version: 1\nproject: school\ndefault_target: far\n"
        f"targets: {{far: {{provider: assistants, base_url: '{url}'}}}}\n",
    )
    shutil.rmtree(project.root / "assistants")
    project.write("assistants/guagua.yaml", MANIFEST)
    project.write(
        "assistants/handbook.yaml", "kind: vector_store\nkey: handbook\nname: Handbook\nfiles: [/docs/*.md]\n"
    )
    project.write("docs/a.md", "How to begin.")
    project.write("sales.csv", "a,b\n1,2\n")
    project.write("assistants/a.convo.yaml", CONVERSATIONS)
    project.done("apply", "--yes")


def played(project: Project, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "asstctl", "test", *options, "--format", "json"]
    return subprocess.Popen(command, cwd=project.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda one: one.name)
def test_nothing_stays_on_the_server(project: Project, tmp_path: Path, number: signal.Signals) -> None:
    """At moments spread over the run; a thread whose create answer a kill swallowed is said by `gc`, and nobody's."""
    draw = random.Random(int(number))
    database = tmp_path / "server.db"
    with serving(database) as url:
        begun(project, url)
        before = held(database)
        project.write("docs/b.md", "How to end.")
        began = time.monotonic()
        whole = played(project, "--candidate")
        assert whole.wait() == 0, whole.communicate()
        whole.communicate()
        lasts = time.monotonic() - began
        assert held(database) == before
        lost = 0
        for part in range(8):
            running = played(project, "--candidate")
            time.sleep(lasts * (0.3 + 0.7 * (part + draw.random()) / 8))
            running.send_signal(number)
            running.communicate(timeout=30)
            if number is not signal.SIGKILL:
                assert held(database) == before, (part, held(database))
                continue
            time.sleep(0.2)  # what was sent before the kill is done by the server
            swept = json.loads(project.run("test", "gc", "--all", "--format", "json").out)
            lost += len(swept["lost"])
            after = held(database)
            stayed = {table: after[table] - before[table] for table in TABLES}
            assert (stayed["assistants"], stayed["vector_stores"]) == (0, 0), (part, swept)
            assert 0 <= stayed["files"] + stayed["threads"] <= lost, (part, swept)


def test_two_runs_at_once_end_as_each_would_alone(project: Project) -> None:
    """On one store, which both find as their files say: both have their verdicts, and both are remembered."""
    project.done("apply", "--yes")  # or both would make the assistant, and one of them lose it
    for name in "ab":
        project.write(
            f"assistants/{name}.convo.yaml",
            "assistant: tutor\nrepeat: {runs: 20, pass: 20}\nturns: [{user: hi, expect: {contains: hi}}]\n",
        )
    running = [played(project, f"assistants/{name}.convo.yaml") for name in "ab"]
    said = [(one.communicate(timeout=60), one.returncode) for one in running]
    assert [code for _, code in said] == [0, 0], said
    (history,) = (project.root / ".asstctl/history").iterdir()
    assert len(json.loads(history.read_text())["nodes"]) == 2
    assert not [*(project.root / ".asstctl").glob("ledger/*")]
