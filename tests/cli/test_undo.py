"""`asstctl undo`: the runs, the way back of one of them, and what git is for."""

import json
import os
import re
import subprocess
from collections.abc import Callable

import pytest

from tests.cli.conftest import Project
from tests.cli.test_edits import edit_live, live

RUN = re.compile(r"\d{8}-\d{6}-[a-z0-9]{4}")


def runs(project: Project) -> list[str]:
    """The ids of all runs, newest first."""
    return [run["run"] for run in json.loads(project.done("undo", "--format", "json"))["runs"]]


def git(project: Project, *words: str) -> str:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.com")
    done = subprocess.run(["git", *identity, *words], cwd=project.root, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def twice(project: Project, rewrite: Callable[[str, str], None]) -> Project:
    """Applied, changed, applied again, each from a commit."""
    git(project, "init", "-q")
    for old, new in (("temperature: 0.2", "temperature: 0.2"), ("temperature: 0.2", "temperature: 0.7")):
        rewrite(old, new)
        git(project, "add", "asstctl.yaml", "assistants")
        git(project, "commit", "-q", "--allow-empty", "-m", "one")
        project.done("apply", "--yes")
    return project


def test_runs_are_listed_newest_first(twice: Project) -> None:
    told = twice.done("undo")

    heading, newest, oldest = told.splitlines()
    assert heading.split() == ["RUN", "COMMAND", "TARGET", "GIT", "WHAT", "IT", "DID"]
    assert "1 updated" in newest
    assert "1 created" in oldest
    assert RUN.match(newest)
    assert git(twice, "rev-parse", "HEAD")[:7] in newest


def test_without_runs_that_is_said(project: Project) -> None:
    assert project.done("undo") == "No run here has written anything yet.\n"


def test_a_run_is_taken_back_and_git_is_named_for_the_files(twice: Project) -> None:
    newest = runs(twice)[0]
    result = twice.run("undo", newest, "--yes")

    first, second = git(twice, "rev-parse", "HEAD~1")[:7], git(twice, "rev-parse", "HEAD")[:7]
    assert result.code == 0, result
    assert "temperature" in result.out
    assert live(twice)[0]["temperature"] == 0.2
    assert f"The files still say what run {newest} deployed (git {second})" in result.err
    assert f"git revert {first}..{second}" in result.err

    plan = json.loads(twice.done("plan", "--format", "json"))
    (change,) = plan["changes"]
    assert [(field["name"], field["state"]) for field in change["fields"]] == [("temperature", "ours")]
    git(twice, "revert", "--no-edit", f"{first}..{second}")
    assert "No changes." in twice.done("plan")
    assert len(runs(twice)) == 3
    assert json.loads(twice.done("undo", "--format", "json"))["runs"][0]["command"] == "undo"


def test_the_same_run_twice_has_nothing_left(twice: Project) -> None:
    newest = runs(twice)[0]
    twice.done("undo", newest, "--yes")
    again = twice.run("undo", newest, "--yes")

    assert (again.code, len(runs(twice))) == (0, 3)
    assert f"No changes. Nothing that run {newest} did is left to be taken back." in again.out


@pytest.mark.parametrize("brought_along", [True, False])
def test_an_undo_deletes_no_more_than_is_allowed(project: Project, brought_along: bool) -> None:
    """By the target's limit, or by --max-deletes; the way on is what to type."""
    for number in range(3):
        project.write(f"assistants/a{number}.yaml", f"kind: assistant\nkey: a{number}\nmodel: gpt-4o\n")
    project.done("apply", "--yes")
    (run,) = runs(project)
    journal = project.root / ".asstctl/journal" / f"{run}.jsonl"
    (project.root / "artifact.jsonl").write_bytes(journal.read_bytes())
    which = ("--journal", "artifact.jsonl") if brought_along else (run,)

    result = project.run("undo", *which, "--yes")
    assert (result.code, len(live(project))) == (1, 4)
    assert f"asstctl undo {' '.join(which)} --max-deletes 4" in result.out
    assert "4 deletes are more than the 3 allowed at once" in result.out
    assert project.run("undo", *which, "--max-deletes", "4", "--yes").code == 0
    assert live(project) == []
    assert project.run("undo", *which, "--max-deletes", "4", "--yes").code == 0


def test_a_field_that_changed_since_is_told_with_what_the_run_left(twice: Project) -> None:
    edit_live(twice, {"temperature": 1.1})
    result = twice.run("undo", runs(twice)[0], "--yes")

    assert result.code == 1
    assert "! temperature: live 1.1, the run left 0.7, before it 0.2" in " ".join(result.out.split())
    assert "was changed since that run" in result.out
    assert "last applied" not in result.out
    assert live(twice)[0]["temperature"] == 1.1


def test_nobody_to_ask_needs_yes(twice: Project) -> None:
    newest = runs(twice)[0]
    result = twice.run("undo", newest)

    assert result.code == 64
    assert f"asstctl undo {newest} --yes" in result.err
    assert live(twice)[0]["temperature"] == 0.7


def test_a_journal_may_be_brought_along(twice: Project) -> None:
    newest = runs(twice)[0]
    (twice.root / ".asstctl/journal" / f"{newest}.jsonl").rename(twice.root / "artifact.jsonl")

    twice.done("undo", "--journal", "artifact.jsonl", "--yes")
    assert live(twice)[0]["temperature"] == 0.2


@pytest.mark.parametrize(
    "old, new, said",
    [
        ('"project": "school"', '"project": "other"', "another project"),
        ('"target": "local"', '"target": "prod"', "the project has no such target"),
        ('"provider": "local"', '"provider": "assistants"', "another provider"),
    ],
)
def test_a_journal_of_something_else_is_refused(twice: Project, old: str, new: str, said: str) -> None:
    path = twice.root / ".asstctl/journal" / f"{runs(twice)[0]}.jsonl"
    text = path.read_text("utf-8")
    assert old in text
    (twice.root / "artifact.jsonl").write_text(text.replace(old, new), "utf-8")
    result = twice.run("undo", "--journal", "artifact.jsonl", "--yes")

    assert result.code == 1
    assert said in " ".join(result.err.split())
    assert live(twice)[0]["temperature"] == 0.7


def test_another_target_than_the_run_s_is_refused(twice: Project) -> None:
    twice.write("asstctl.yaml", "version: 1\nproject: school\ntargets:\n  pr: {provider: local}\n")
    result = twice.run("undo", runs(twice)[0], "--target", "pr", "--yes")

    assert result.code == 1
    assert "was on local" in result.err


@pytest.mark.parametrize("content", ["", "{}\n", "not JSON\n", '{"line": "header"}\n'])
def test_what_is_no_journal_is_said(project: Project, content: str) -> None:
    project.write("artifact.jsonl", content)
    result = project.run("undo", "--journal", "artifact.jsonl", "--yes")

    assert result.code == 1
    assert "a journal cannot be read" in result.err


def test_an_unknown_run_is_wrong_usage(twice: Project) -> None:
    result = twice.run("undo", "20200101-000000-aaaa", "--yes")

    assert result.code == 64
    assert runs(twice)[0] in result.err


@pytest.mark.parametrize("name", ["artifact.jsonl", "/dev/zero"])
def test_a_journal_is_read_from_a_plain_file_alone(project: Project, name: str) -> None:
    """A pipe would never begin, a device never end; and nobody is told to remove it."""
    os.mkfifo(project.root / "artifact.jsonl")
    result = project.run("undo", "--journal", name, "--yes")
    assert (result.code, "it is not a plain file" in result.err) == (1, True)
    assert "rm " not in result.err


def test_a_run_and_a_journal_at_once_is_wrong_usage(twice: Project) -> None:
    twice.write("artifact.jsonl", "")

    assert twice.run("undo", runs(twice)[0], "--journal", "artifact.jsonl").code == 64


def test_an_apply_that_was_killed_is_taken_back_by_what_it_had_written_down(twice: Project) -> None:
    """Its journal ends in the middle of a line; what is open is looked for by its nonce."""
    newest, first = runs(twice)
    twice.done("undo", newest, "--yes")
    path = twice.root / ".asstctl/journal" / f"{first}.jsonl"
    header, begun, ended = path.read_text("utf-8").splitlines(keepends=True)
    path.write_text(header + begun + ended[:20], "utf-8")
    twice.done("undo", first, "--yes")

    assert live(twice) == []
