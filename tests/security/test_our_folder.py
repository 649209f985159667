"""The folder that we write in is ours alone: nothing is written where git tracks it, or a link leads elsewhere."""

import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import Project

COMMANDS = [("apply", "--yes"), ("plan",), ("test",), ("serve", "--port", "0"), ("destroy", "--yes"), ("list",)]

CONVERSATION = "assistant: tutor\nturns:\n  - user: hello\n    expect: {icontains: hello}\n"


def git(project: Project, *arguments: str) -> None:
    subprocess.run(
        ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", *arguments],
        cwd=project.root,
        check=True,
        capture_output=True,
    )


@pytest.fixture
def tracked(project: Project) -> Project:
    """A checkout that brings a journal of its own."""
    project.write("assistants/tutor.convo.yaml", CONVERSATION)
    project.write(".asstctl/journal/20261122-101500-ab12.jsonl", "{}\n")
    git(project, "init", "-q")
    git(project, "add", "-f", ".asstctl")
    return project


def written(project: Project) -> set[Path]:
    return {path for path in (project.root / ".asstctl").rglob("*") if path.is_file()}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda one: one[0])
def test_a_folder_that_git_tracks_is_refused(tracked: Project, command: tuple[str, ...]) -> None:
    """Nothing is written, and the command that ends it is said."""
    before = written(tracked)

    result = tracked.run(*command)

    assert (result.code, written(tracked)) == (1, before)
    assert "git rm -r --cached .asstctl" in result.err


def test_the_command_that_is_said_is_the_way_on(tracked: Project) -> None:
    git(tracked, "rm", "-r", "-q", "--cached", ".asstctl")
    assert tracked.run("apply", "--yes").code == 0
    assert tracked.run("plan", "--detailed-exitcode").code == 0


def test_a_project_below_the_root_of_its_repository_is_looked_at_too(
    tracked: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = tracked.root / "inner"
    (inner / ".asstctl").mkdir(parents=True)
    (inner / ".asstctl/local.db").write_bytes(b"")
    (inner / "asstctl.yaml").write_text("version: 1\n")
    git(tracked, "add", "-f", "inner")
    git(tracked, "rm", "-r", "-q", "--cached", ".asstctl")
    monkeypatch.chdir(inner)

    result = tracked.run("apply", "--yes")

    assert (result.code, (inner / ".asstctl/local.db").read_bytes()) == (1, b"")
    assert "inner" not in result.err.partition("hint")[2]


def test_files_can_be_checked_all_the_same(tracked: Project) -> None:
    """`validate` writes nothing and asks git nothing."""
    assert tracked.run("validate").code == 0


@pytest.mark.parametrize("command", COMMANDS, ids=lambda one: one[0])
def test_a_link_in_place_of_the_folder_is_refused(project: Project, tmp_path: Path, command: tuple[str, ...]) -> None:
    project.write("assistants/tutor.convo.yaml", CONVERSATION)
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (project.root / ".asstctl").symlink_to(theirs)

    result = project.run(*command)

    assert (result.code, list(theirs.iterdir())) == (1, [])
    assert ".asstctl is a symlink" in result.err


def test_without_git_nothing_is_tracked(tracked: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert tracked.run("apply", "--yes").code == 0
    assert tracked.run("plan", "--detailed-exitcode").code == 0
