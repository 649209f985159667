"""`asstctl test` on a terminal: lines move while it goes on, and in the end only the results stand there."""

import os
import pty
import re
import subprocess
import sys

from tests.cli.conftest import Project

TALKS = "assistant: tutor\nconversations:\n" + "".join(
    f"  - {{id: talk-{number}, turns: [{{user: Hi {number}, expect: {{contains: Hi}}}}]}}\n" for number in range(6)
)
_STEP = re.compile(r"\x1b\[(?P<n>\d*)A|\x1b\[2K|\x1b\[\??[\d;]*[a-zA-Z]|\r|\n|[^\x1b\r\n]+")


def screen(written: str) -> list[str]:
    """What a terminal of endless height shows in the end."""
    lines, row = [""], 0
    for step in _STEP.finditer(written):
        text = step.group()
        if text == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif text.endswith("A") and text.startswith("\x1b"):
            row = max(0, row - int(step["n"] or 1))
        elif text == "\x1b[2K":
            lines[row] = ""
        elif text[0] not in "\x1b\r":
            lines[row] += text
    return lines


def test_only_results_are_left_on_a_terminal(project: Project) -> None:
    project.write("assistants/talks.convo.yaml", TALKS)
    ours, theirs = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name not in {"CI", "GITHUB_ACTIONS"}}
    testing = subprocess.Popen(
        [sys.executable, "-m", "asstctl", "test", "-j", "2"],
        cwd=project.root,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**environment, "TERM": "xterm"},
    )
    os.close(theirs)
    written = b""
    try:
        while block := os.read(ours, 65536):
            written += block
    except OSError:
        pass  # how the end of a terminal is told
    finally:
        os.close(ours)
        assert testing.wait(timeout=30) == 0, written

    text = written.decode()
    assert "of 6 done" in text
    *results, blank, summary, end = screen(text)
    assert sorted(re.findall(r"talk-\d", "\n".join(results))) == [f"talk-{number}" for number in range(6)]
    assert all("1 turn" in line for line in results)
    assert (blank, end) == ("", "")
    assert summary.startswith("6 passed in ")
