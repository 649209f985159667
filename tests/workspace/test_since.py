"""Since when lines stand as they do: by git's own word, without giving a repository anything to run."""

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from asstctl.core.diagnostic import Where
from asstctl.core.explanation import Explained, Said, Variable
from asstctl.core.origin import Origin, Source
from asstctl.workspace.explain.since import Annals

FILE = "assistants/tutor.yaml"


def git(root: Path, *words: str, day: int = 1) -> str:
    identity = ["-c", "user.name=n", "-c", "user.email=n@example.com", "-c", "commit.gpgsign=false"]
    moment = {f"GIT_{who}_DATE": f"2026-11-{day:02}T12:00:00Z" for who in ("AUTHOR", "COMMITTER")}
    done = subprocess.run(
        ["git", *identity, *words], cwd=root, check=True, capture_output=True, env={**os.environ, **moment}
    )
    return done.stdout.decode().strip()


def commit(root: Path, text: str, subject: str, day: int) -> str:
    (root / FILE).write_text(text)
    git(root, "add", ".")
    git(root, "commit", "-qm", subject, day=day)
    return git(root, "rev-parse", "HEAD")[:7]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A file whose first line is older than its second."""
    root = tmp_path / "project"
    (root / "assistants").mkdir(parents=True)
    git(root, "init", "-q")
    commit(root, "model: a\ntemperature: 1\n", "First", 1)
    commit(root, "model: a\ntemperature: 2\n", "Cooler", 2)
    return root


def lines(first: int, last: int = 0, path: str = FILE) -> Origin:
    return Origin(Source.BODY, "", Where(path, first), last)


def test_a_line_stands_since_the_commit_that_wrote_it(root: Path) -> None:
    annals, head = Annals(root), git(root, "rev-parse", "HEAD")[:7]

    older, newer = annals.of(lines(1)), annals.of(lines(2))
    assert older is not None
    assert newer is not None
    assert (older.subject, older.date) == ("First", "2026-11-01")
    assert (newer.revision, newer.subject, newer.date, newer.reason) == (head, "Cooler", "2026-11-02", "")


def test_several_lines_stand_since_the_newest_of_their_commits(root: Path) -> None:
    since = Annals(root).of(lines(1, 2))
    assert since is not None
    assert since.subject == "Cooler"


def test_lines_that_moved_in_the_working_tree_are_found_where_they_were(root: Path) -> None:
    (root / FILE).write_text("# a remark\n\nmodel: a\nname: new\ntemperature: 2\n")
    annals = Annals(root)
    found = [annals.of(lines(number)) for number in (3, 4, 5)]
    assert [one.subject or one.reason for one in found if one] == ["First", "not committed yet", "Cooler"]


def test_a_file_that_git_does_not_have_is_not_committed(root: Path) -> None:
    (root / "new.yaml").write_text("a: 1\n")
    since = Annals(root).of(lines(1, path="new.yaml"))
    assert since is not None
    assert (since.revision, since.reason) == ("", "not committed yet")


def test_outside_of_a_repository_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a: 1\n")
    since = Annals(tmp_path).of(lines(1, path="a.yaml"))
    assert since is not None
    assert since.reason == "not in a git repository"


def test_a_repository_without_a_commit_has_committed_nothing(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / "a.yaml").write_text("a: 1\n")
    since = Annals(tmp_path).of(lines(1, path="a.yaml"))
    assert since is not None
    assert since.reason == "not committed yet"


def test_where_a_shallow_clone_ends_it_is_at_least_since_then(root: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{root}", "clone")
    since = Annals(tmp_path / "clone").of(lines(1))
    assert since is not None
    assert (since.at_least, since.subject) == (True, "Cooler")
    assert "shallow" in since.reason


def test_the_first_commit_of_a_whole_history_is_no_end_of_it(root: Path) -> None:
    since = Annals(root).of(lines(1))
    assert since is not None
    assert not since.at_least


def test_a_folder_inside_of_a_repository_is_a_project_too(root: Path) -> None:
    since = Annals(root / "assistants").of(lines(2, path="tutor.yaml"))
    assert since is not None
    assert since.subject == "Cooler"


@pytest.mark.parametrize("source", [Source.FLAG, Source.PROGRAM, Source.VAR_FILE])
def test_what_is_in_no_file_of_the_project_has_no_revision(root: Path, source: Source) -> None:
    assert Annals(root).of(Origin(source, "--var", None)) is None


def test_nothing_that_a_repository_configures_is_run(root: Path, tmp_path: Path) -> None:
    """Filters, text conversions, monitors, signatures: each would leave a trace, on a file that differs too."""
    trace = tmp_path / "ran"
    for key in ("filter.x.clean", "filter.x.smudge", "filter.x.process", "diff.x.textconv", "core.fsmonitor"):
        git(root, "config", key, f"touch {trace}; cat")
    git(root, "config", "gpg.program", str(tmp_path / "gpg"))
    (tmp_path / "gpg").write_text(f"#!/bin/sh\ntouch {trace}\n")
    (tmp_path / "gpg").chmod(0o755)
    for key in ("log.showSignature", "core.pager", "blame.coloring"):
        git(root, "config", key, "true" if key == "log.showSignature" else f"touch {trace}")
    (root / ".gitattributes").write_text("*.yaml filter=x diff=x\n")
    (root / FILE).write_text("model: b\ntemperature: 2\n")

    since = Annals(root).of(lines(2))
    assert since is not None
    assert since.subject == "Cooler"
    assert not trace.exists()


def test_what_a_value_takes_in_counts_too(root: Path) -> None:
    """Its included files, the lines of its variables, and its parts."""
    include = Origin(Source.INCLUDE, "tone.txt", Where("tone.txt"), 1)
    vars_line = Origin(Source.PROJECT, "", Where("asstctl.yaml", 1), 1)
    (root / "asstctl.yaml").write_text("version: 1\n")
    commit(root, "model: a\ntemperature: 2\n\n", "Project", 3)
    plain = Explained("name", "x", declared=True, said=(Said(lines(1)),))

    def subject(one: Explained) -> str:
        since = Annals(root).dated(one).since
        assert since is not None
        return since.subject or since.reason

    assert subject(plain) == "First"
    assert subject(replace(plain, variables=(Variable("v", (Said(vars_line), Said(lines(2)))),))) == "Project"
    assert subject(replace(plain, parts=(replace(plain, said=(Said(lines(2)),)),))) == "Cooler"
    (root / "tone.txt").write_text("new\n")
    assert subject(replace(plain, includes=(include,))) == "not committed yet: tone.txt"


def test_lines_are_counted_as_git_counts_them(root: Path) -> None:
    """Neither a page break nor a paragraph separator ends one."""
    commit(root, "model: a\x0c\u2028\ntemperature: 2\ntop_p: 1\n", "Third", 3)
    (root / FILE).write_text("model: a\x0c\u2028\ntop_p: 1\n")
    since = Annals(root).of(lines(2))
    assert since is not None
    assert since.subject == "Third"


def test_words_of_a_file_and_of_a_subject_are_no_answer_of_git(root: Path) -> None:
    forged = f"{'a' * 40} 1 1\u2028committer-time 9999999999\u2028summary forged"
    commit(root, f"model: a\u2028{forged}\n", f"Real\u2028{forged}", 3)
    since = Annals(root).of(lines(1))
    assert since is not None
    assert (since.revision, since.date) == (git(root, "rev-parse", "HEAD")[:7], "2026-11-03")


def test_a_commit_later_than_any_calendar_has_no_day(root: Path) -> None:
    (root / FILE).write_text("model: z\n")
    moment = {"GIT_COMMITTER_DATE": "@9999999999999 +0000"}
    words = ["git", "-c", "user.name=n", "-c", "user.email=n@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run([*words, "commit", "-qam", "Late"], cwd=root, check=True, env={**os.environ, **moment})
    since = Annals(root).of(lines(1))
    assert since is not None
    assert (since.subject, since.date) == ("Late", "")


def test_an_empty_file_has_no_line_that_could_be_new(root: Path) -> None:
    commit(root, "", "Emptied", 3)
    since = Annals(root).of(lines(1))
    assert since is not None
    assert (since.revision, since.reason) == ("", "the file is empty")
