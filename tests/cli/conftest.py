"""A project in a folder of its own, and the command line run on it in this process."""

import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from asstctl.cli import run

TUTOR = """
kind: assistant
key: tutor
name: Tutor
model: gpt-4o
instructions: You teach mathematics to beginners.
temperature: 0.2
"""


@dataclass(frozen=True)
class Result:
    """How a command ended: exit code, stdout, stderr."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Project:
    """A folder that commands run in."""

    root: Path
    capture: pytest.CaptureFixture[str]

    def write(self, name: str, text: str) -> Path:
        """Write a file, dedented."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip("\n"), "utf-8")
        return path

    def run(self, *arguments: str) -> Result:
        """Run `asstctl ARGUMENTS` here."""
        self.capture.readouterr()
        code = run(arguments)
        captured = self.capture.readouterr()
        return Result(code, captured.out, captured.err)

    def done(self, *arguments: str) -> str:
        """Run a command that must succeed; its stdout."""
        result = self.run(*arguments)
        assert result.code == 0, result
        return result.out


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Project:
    """A folder with nothing in it."""
    monkeypatch.chdir(tmp_path)
    return Project(tmp_path, capsys)


@pytest.fixture
def project(empty: Project) -> Project:
    """A project of one assistant, on the embedded provider."""
    empty.write("asstctl.yaml", "version: 1\nproject: school\n")
    empty.write("assistants/tutor.yaml", TUTOR)
    return empty


@pytest.fixture
def rewrite(project: Project) -> Callable[[str, str], None]:
    """Replace text in the tutor's manifest."""

    def replace(old: str, new: str) -> None:
        path = project.root / "assistants/tutor.yaml"
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new), "utf-8")

    return replace
