"""Console blocks of Markdown files, executed: what a page shows is what the program prints.

A block is fenced as `console`. A line that begins with `$ ` is a command, the lines below it are its output,
standard error included. A line `…` stands for any lines, and `[exit 1]` at the end for the exit code, which is
0 without it. Ids, times and ports vary and are compared by shape. A block is run in the folder that the test
gives; `cd NAME` changes it for the blocks that follow.

    python -m tests.repository.consoles README.md examples/*/README.md

writes the real output into the pages, where it is not what they show.
"""

import contextlib
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).parents[2]
ANYTHING = "…"

_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_EXIT = re.compile(r"\[exit (\d+)\]")
_VARYING = (
    (re.compile(r"\b(asst|thread|run|msg|req)_[A-Za-z0-9]+(…[A-Za-z0-9]+)?"), r"\1_ID"),
    (re.compile(r"\s+\d+(\.\d+)? (ms|s)\b"), " T s"),
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:PORT"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"), "DATE"),
    (re.compile(r"asstctl \d\S* \(Python \S+\)"), "asstctl VERSION"),
)


@dataclass(frozen=True, slots=True)
class Step:
    """One command with the output and the exit code that a page shows. `start` and `end` are the output's lines."""

    line: int
    command: str
    output: tuple[str, ...]
    code: int
    end: int

    @property
    def shown(self) -> str:
        return "\n".join(self.output)


@dataclass
class Shell:
    """Runs the commands of one page: `asstctl` in this process, because that is quick, everything else in a shell."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def run(self, command: str) -> tuple[str, int]:
        """What it prints, and its exit code."""
        words = shlex.split(command)
        if words[0] == "cd":
            self.folder = self.folder / words[1]
            return "", 0
        if words[0] == "asstctl" and not set(command) & set("|;<>&$"):
            return self._in_process(words[1:])
        return self._in_shell(command)

    def _in_process(self, arguments: list[str]) -> tuple[str, int]:
        from asstctl.cli import run

        printed = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
        with (
            contextlib.chdir(self.folder),
            _environment(self.environment),
            contextlib.redirect_stdout(printed),
            contextlib.redirect_stderr(printed),
        ):
            code = run(arguments)
        return bytes(printed.buffer.getvalue()).decode(), int(code)

    def _in_shell(self, command: str) -> tuple[str, int]:
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        done = subprocess.run(
            command,
            shell=True,
            cwd=self.folder,
            env={**os.environ, "PATH": path, **self.environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
        return done.stdout, done.returncode


@contextlib.contextmanager
def _environment(more: dict[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(more)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def steps(page: str) -> list[Step]:
    """All commands of all console blocks of a page, in order."""
    found = []
    for block in _BLOCK.finditer(page):
        first = page.count("\n", 0, block.start(1)) + 1
        lines = block[1].splitlines()
        starts = [i for i, line in enumerate(lines) if line.startswith("$ ")]
        for start, stop in zip(starts, [*starts[1:], len(lines)], strict=True):
            output = lines[start + 1 : stop]
            while output and not output[-1]:
                output.pop()
            end = first + start + 1 + len(output)
            code = _EXIT.fullmatch(output[-1]) if output else None
            if code:
                output.pop()
            found.append(Step(first + start, lines[start][2:], tuple(output), int(code[1]) if code else 0, end))
    return found


def matches(shown: str, printed: str) -> bool:
    """Whether the output is what the page shows, apart from what varies."""
    pieces = [re.escape(piece.strip("\n")) for piece in re.split(rf"^{ANYTHING}$", _steady(shown), flags=re.MULTILINE)]
    return re.fullmatch(r"\n?(?:.*\n)?".join(pieces), _steady(printed), re.DOTALL) is not None


def _steady(text: str) -> str:
    for pattern, shape in _VARYING:
        text = pattern.sub(shape, text)
    lines = [line.rstrip() for line in text.strip("\n").splitlines()]
    groups = groupby(lines, _is_result)
    return "\n".join(line for results, some in groups for line in (sorted(some) if results else some))


def _is_result(line: str) -> bool:
    """Whether a line is the end of one conversation: several that run at once end in any order."""
    return line.startswith(("  ✓ ", "  ✗ "))


def copy_of(folder: Path, to: Path) -> Path:
    """A copy of an example or of the sample project, without what earlier runs left behind."""
    return Path(shutil.copytree(folder, to, ignore=shutil.ignore_patterns(".asstctl", "__pycache__", ".venv", ".git")))


def _update(page: Path) -> None:
    """Run a page's commands and write what they really print into it."""
    text = page.read_text("utf-8")
    lines = text.splitlines()
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary) / "work"
        shell = Shell(work if page.parent == ROOT else copy_of(page.parent, work), {"COLUMNS": "80"})
        work.mkdir(exist_ok=True)
        shift = 0
        for step in steps(text):
            printed, code = shell.run(step.command)
            if step.code == code and matches(step.shown, printed):
                continue
            new = [*printed.rstrip("\n").splitlines(), *([f"[exit {code}]"] if code else [])]
            lines[step.line + shift : step.end + shift - 1] = new
            shift += len(new) - (step.end - 1 - step.line)
            print(f"{page}:{step.line}: $ {step.command}")
    page.write_text("\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    for name in sys.argv[1:]:
        _update(Path(name).resolve())
