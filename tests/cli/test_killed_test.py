"""A run of conversations that is killed: its JSON Lines hold what had ended, and no more is made of them."""

import subprocess
import sys
import time

import pytest

from tests.cli.conftest import Project
from tests.cli.test_two_commands import ASKING, GREETS, REPLIES, WAITING, WAITS

pytestmark = pytest.mark.slow


def test_what_had_ended_is_kept_and_the_rest_was_not_run(project: Project) -> None:
    project.write(
        "asstctl.yaml",
        "version: 1\nproject: school\ntargets:\n  local: {provider: local, replies: {script: replies.yaml}}\n",
    )
    project.write("replies.yaml", REPLIES)
    project.write("waiting.py", WAITING)
    project.write("assistants/clerk.yaml", ASKING)
    project.write("assistants/a.convo.yaml", GREETS)
    project.write("assistants/b-waits.convo.yaml", WAITS)
    command = [sys.executable, "-m", "asstctl", "test", "-j", "1", "--jsonl", "lines.jsonl"]
    testing = subprocess.Popen(command, cwd=project.root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 30
        while not (project.root / "waiting").exists():
            assert time.monotonic() < deadline
            assert testing.poll() is None
            time.sleep(0.02)
    finally:
        testing.kill()
        testing.wait()
        (project.root / "go-on").touch()

    result = project.run("test", "merge", "lines.jsonl")

    assert result.code == 3
    assert "lines.jsonl breaks off: its run did not come to its end" in result.out
    assert "\n1 passed, 1 not run in " in result.out
