"""The folder that we write in is ours alone: nothing is written where git tracks it, or a link leads elsewhere."""

import subprocess
from pathlib import Path

import pytest

from asstctl.workspace.git import NoAnswer, ask_git
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


def test_what_is_tracked_is_seen_in_the_checkout_of_somebody_else_too(
    tracked: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A container of CI runs as another user than whoever checked out, and git answers nothing there by itself."""
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    result = tracked.run("apply", "--yes")
    assert (result.code, "git rm -r --cached .asstctl" in result.err) == (1, True)

    monkeypatch.delenv("GIT_TEST_ASSUME_DIFFERENT_OWNER")
    git(tracked, "rm", "-r", "-q", "--cached", ".asstctl")
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    assert tracked.run("apply", "--yes").code == 0


def test_where_git_fails_a_folder_that_is_there_is_refused(project: Project) -> None:
    """In the words of git; a folder that we make ourselves did not come with a checkout."""
    project.write(".git", "gitdir: /nowhere\n")
    assert project.run("plan").code == 0

    project.write(".asstctl/local.db", "")
    result = project.run("apply", "--yes")

    assert (result.code, (project.root / ".asstctl/local.db").read_bytes()) == (1, b"")
    assert "git does not say whether it tracks .asstctl" in result.err
    assert "not a git repository: /nowhere" in result.err
    assert "git ls-files .asstctl" in result.err


def test_a_repository_runs_nothing_when_git_is_asked(tracked: Project, tmp_path: Path) -> None:
    """Neither what it names for watching files, nor what it names for fetching."""
    trace = tmp_path / "ran"
    git(tracked, "commit", "-q", "-m", "one")
    for name, value in {
        "core.fsmonitor": f"touch {trace}",
        "core.sshCommand": f"touch {trace}",
        "protocol.ext.allow": "always",
        "remote.origin.url": f"ext::touch {trace}",
        "remote.origin.promisor": "true",
        "extensions.partialClone": "origin",
        "core.repositoryFormatVersion": "1",
    }.items():
        git(tracked, "config", name, value)

    assert ask_git(tracked.root, "ls-files")
    with pytest.raises(NoAnswer):
        ask_git(tracked.root, "show", "1" * 40)
    assert not trace.exists()
