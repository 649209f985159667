"""Two commands at once on one local database: `test` goes on while others plan and apply beside it."""

import subprocess
import sys
import time

from tests.cli.conftest import Project

CASES = 6

ASKING = """
kind: assistant
key: clerk
name: Clerk
model: gpt-4o
tools: [{type: function, function: wait}]
---
kind: function
key: wait
description: Waits.
parameters: {type: object, properties: {}}
"""

REPLIES = """
rules:
  - {tool: wait, say: "{{ output }}"}
  - {assistant: Clerk, call: {wait: {}}}
  - say: "You said {{ user }}"
"""

WAITING = """
import time
from pathlib import Path

HERE = Path(__file__).parent


def wait():
    (HERE / "waiting").touch()
    while not (HERE / "go-on").exists():
        time.sleep(0.01)
    return "waited"
"""

WAITS = """
assistant: clerk
turns:
  - user: Wait
    calls: [wait: {}]
    expect: {contains: waited}
  - user: Wait again
    calls: [wait: {}]
    expect: {contains: waited}
stubs: {wait: {python: "/waiting.py:wait"}}
"""

GREETS = "assistant: tutor\nturns:\n" + "".join(
    f"  - user: Hi {number}\n    expect: {{contains: Hi {number}}}\n" for number in range(5)
)


def test_a_plan_and_an_apply_leave_a_running_test_alone(project: Project) -> None:
    project.write(
        "asstctl.yaml",
        "version: 1\nproject: school\ntargets:\n  local: {provider: local, replies: {script: replies.yaml}}\n",
    )
    project.write("replies.yaml", REPLIES)
    project.write("waiting.py", WAITING)
    project.write("assistants/clerk.yaml", ASKING)
    project.write("assistants/waits.convo.yaml", WAITS)
    for number in range(CASES):
        project.write(f"assistants/greets{number}.convo.yaml", GREETS)
    command = [sys.executable, "-W", "error", "-m", "asstctl", "test"]
    testing = subprocess.Popen(command, cwd=project.root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        deadline = time.monotonic() + 30
        while not (project.root / "waiting").exists():
            assert time.monotonic() < deadline
            assert testing.poll() is None, testing.communicate()
            project.done("list")

        assert "No changes" in project.done("plan")
        project.write("assistants/late.yaml", "kind: assistant\nkey: late\nname: Late\nmodel: gpt-4o\n")
        project.done("apply", "--yes")
        assert "No changes" in project.done("plan")
        assert testing.poll() is None

        (project.root / "go-on").touch()
        said, _ = testing.communicate(timeout=30)
    finally:
        testing.kill()
        testing.wait()
        assert testing.stdout is not None
        testing.stdout.close()
    assert testing.returncode == 0, said
    assert f"{CASES + 1} passed" in said
    assert "No changes" in project.done("plan")
