"""Console blocks of Markdown files, executed: what a page shows is what the program prints.

A block is fenced as `console`. A line that begins with `$ ` is a command, the lines below it are its output,
standard error included. A line `…` stands for any lines, and `[exit 1]` at the end for the exit code, which is
0 without it. Ids, times, ports and revisions vary and are compared by shape. A block is run in the folder that the test
gives; `cd NAME` changes it for the blocks that follow, and so does `export NAME=VALUE` the environment.

A command that ends in ` &` is a server: what it prints until it is ready is its output, and it runs until `kill %1`
or the end of the page. It takes a free port instead of the one that the page, or the page's `asstctl.yaml`, names.

A block below a line that is nothing but a file's name in backticks and a colon is that file.

    python -m tests.repository.consoles README.md docs/*.md examples/*/README.md

writes the real output into the pages, where it is not what they show.
"""

import contextlib
import io
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Self

ROOT = Path(__file__).parents[2]
ANYTHING = "…"

PORT = "8642"
"""The port of `asstctl serve`, as pages name it."""

_READY = "export OPENAI_API_KEY="
"""In the last line that a server prints before it answers."""

_DEADLINE = 60
"""Seconds for one command, or for a server to be ready."""

_FILE = re.compile(
    r"^`(?P<name>[\w./-]+)`:\n(?P<fence>`{3,})(?P<language>\w+)\n(?P<text>.*?)^(?P=fence)$", re.MULTILINE | re.DOTALL
)
_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_EXIT = re.compile(r"\[exit (\d+)\]")
_VARYING = (
    (re.compile(r"\b(asst|agent|vs|thread|sess|run|msg|req)_[A-Za-z0-9]+(…[A-Za-z0-9]+)?"), r"\1_ID"),
    (re.compile(r"\s+\d+(\.\d+)? (ms|s)\b"), " T s"),
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:PORT"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"), "DATE"),
    (re.compile(r"asstctl \d\S* \(Python \S+\)"), "asstctl VERSION"),
    (re.compile(r"sha256:[0-9a-f]{64}"), "sha256:DIGEST"),
    (re.compile(r"\b[0-9a-f]{7}   \d{4}-\d\d-\d\d"), "REVISION   DAY"),
    (re.compile(r"\br=[0-9a-f]{7}\b"), "r=REVISION"),
    (re.compile(r"\bindex [0-9a-f]{7}\.\.[0-9a-f]{7}\b"), "index A..B"),
    (re.compile(r"\d{8}-\d{6}-\w{4}"), "RUN"),
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


@dataclass(frozen=True, slots=True)
class File:
    """A file that a page shows."""

    line: int
    name: str
    language: str
    text: str

    def write(self, folder: Path) -> None:
        path = folder / self.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.text, "utf-8")


@dataclass
class Shell:
    """Runs the commands of one page: `asstctl` in this process, because that is quick, everything else in a shell.

    A context, which ends the servers that are left.
    """

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    _servers: list[subprocess.Popen[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.port = free_port()
        self.environment = {"ASSTCTL_SERVE_PORT": self.port, **self.environment}
        for file in self.folder.glob("asstctl.yaml"):
            file.write_text(file.read_text("utf-8").replace(f":{PORT}", f":{self.port}"), "utf-8")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        while self._servers:
            self._end_server()

    def run(self, command: str) -> tuple[str, int]:
        """What it prints, and its exit code."""
        printed, code = self._run(command.replace(PORT, self.port))
        return printed.replace(f":{self.port}", f":{PORT}"), code

    def _run(self, command: str) -> tuple[str, int]:
        words = shlex.split(command)
        if words[0] == "cd":
            self.folder = self.folder / words[1]
            return "", 0
        if words[0] == "export":
            expanded, code = self._in_shell(command.replace("export", r"printf '%s\n'", 1))
            self.environment |= dict(line.split("=", 1) for line in expanded.splitlines())
            return "", code
        if words[0] == "kill":
            self._end_server()
            return "", 0
        if words[-1] == "&":
            return self._in_background(command.removesuffix("&"))
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
        process = self._process(command)
        with _limited(process):
            printed, _ = process.communicate()
        return printed, process.returncode

    def _in_background(self, command: str) -> tuple[str, int]:
        server = self._process(command)
        self._servers.append(server)
        assert server.stdout
        lines = []
        with _limited(server):
            for line in server.stdout:
                lines.append(line)
                if _READY in line:
                    return "".join(lines), 0
        return "".join(lines), server.wait()

    def _process(self, command: str) -> subprocess.Popen[str]:
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        return subprocess.Popen(
            command,
            shell=True,
            start_new_session=True,
            cwd=self.folder,
            env={**os.environ, "PATH": path, **self.environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )

    def _end_server(self) -> None:
        with self._servers.pop() as server, _limited(server), contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGTERM)


@contextlib.contextmanager
def _limited(process: subprocess.Popen[str]) -> Iterator[None]:
    """The process and its children are killed when they take longer than this block may."""
    timer = threading.Timer(_DEADLINE, lambda: os.killpg(process.pid, signal.SIGKILL))
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


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


def files(page: str) -> list[File]:
    """The files that a page shows, in order."""
    return [
        File(page.count("\n", 0, found.start()) + 1, found["name"], found["language"], found["text"])
        for found in _FILE.finditer(page)
    ]


def played(page: str, shell: Shell) -> Iterator[tuple[Step, str, int]]:
    """Each command of a page with what it really prints and its exit code; files shown above it are written before."""
    waiting = files(page)
    for step in steps(page):
        while waiting and waiting[0].line < step.line:
            waiting.pop(0).write(shell.folder)
        yield (step, *shell.run(step.command))


def assert_true(page: Path, shell: Shell) -> None:
    """Each command of the page ends with the code and prints the text that the page shows."""
    ran = 0
    for step, printed, code in played(page.read_text("utf-8"), shell):
        place = f"{page.relative_to(ROOT)}:{step.line}: $ {step.command}\n{printed}"
        assert (code, matches(step.shown, printed)) == (step.code, True), place
        ran += 1
    assert ran


def matches(shown: str, printed: str) -> bool:
    """Whether the output is what the page shows, apart from what varies."""
    pieces = [re.escape(piece.strip("\n")) for piece in re.split(rf"^{ANYTHING}$", _steady(shown), flags=re.MULTILINE)]
    return re.fullmatch(r"\n?(?:.*\n)?".join(pieces) + r"\n?", f"{_steady(printed)}\n", re.DOTALL) is not None


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
        if (ROOT / "examples") in page.parents:
            copy_of(page.parent, work)
        work.mkdir(exist_ok=True)
        shift = 0
        with Shell(work, {"COLUMNS": "80"}) as shell:
            for step, printed, code in played(text, shell):
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
