"""History: what is remembered of a run, and what of it the next one."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from asstctl.core.conversation import CaseResult, Failure, FailureKind, Status, TurnResult
from asstctl.core.diagnostic import Where
from asstctl.core.errors import StoreError
from asstctl.core.thread import Usage
from asstctl.workspace.conversations import history
from asstctl.workspace.conversations.history import history_file, not_passed, read_history, remember, with_results

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def ended(id: str, kind: FailureKind | None = None, *, skipped: str = "", not_run: str = "") -> CaseResult:
    where = Where(f"{id}.convo.yaml")
    failure = Failure(kind, "m") if kind else None
    turns = () if skipped or not_run else (TurnResult(1, Status.PASSED, usage=Usage(3, 4)),)
    return CaseResult("tutor", id, where, turns, 0.5, skipped, failure, not_run=not_run)


def test_a_run_is_remembered(tmp_path: Path) -> None:
    remember(tmp_path, "local", [ended("a"), ended("b", FailureKind.TEXT)])

    past = read_history(tmp_path, "local")

    assert {node: one.status for node, one in past.items()} == {
        "a.convo.yaml::a": Status.PASSED,
        "b.convo.yaml::b": Status.FAILED,
    }
    assert (past["a.convo.yaml::a"].seconds, past["a.convo.yaml::a"].tokens) == (0.5, 7)


def test_a_file_whose_name_is_no_utf8_is_remembered(tmp_path: Path) -> None:
    remember(tmp_path, "local", [ended("a\udcff")])

    assert read_history(tmp_path, "local").keys() == {"a\udcff.convo.yaml::a\udcff"}


def test_targets_have_histories_of_their_own(tmp_path: Path) -> None:
    remember(tmp_path, "local", [ended("a")])

    assert read_history(tmp_path, "staging") == {}


@pytest.mark.parametrize(
    "kind", [FailureKind.TEXT, FailureKind.TIMEOUT, FailureKind.TAPE_STALE, FailureKind.TAPE_MISSING]
)
def test_whatever_has_no_good_end_did_not_pass(kind: FailureKind) -> None:
    assert not_passed(with_results({}, [ended("a", kind)], NOON)) == {"a.convo.yaml::a"}


@pytest.mark.parametrize("now", [ended("a", skipped="--no-code"), ended("a", not_run="budget")])
def test_what_was_not_begun_keeps_what_was_known(now: CaseResult) -> None:
    before = with_results({}, [ended("a", FailureKind.TEXT)], NOON)

    assert with_results(before, [now], NOON + timedelta(hours=1)) == before


def test_a_later_end_counts() -> None:
    before = with_results({}, [ended("a", FailureKind.TEXT), ended("b")], NOON)

    after = with_results(before, [ended("a")], NOON + timedelta(hours=1))

    assert not_passed(after) == frozenset()
    assert after["b.convo.yaml::b"] == before["b.convo.yaml::b"]


def test_the_oldest_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "KEPT", 2)
    before = with_results({}, [ended("a"), ended("b")], NOON)

    assert with_results(before, [ended("c")], NOON + timedelta(hours=1)).keys() == {
        "b.convo.yaml::b",
        "c.convo.yaml::c",
    }


@pytest.mark.parametrize(
    "content",
    [
        "",
        "no json",
        "[]",
        "{}",
        "null",
        '{"schema": "asstctl/history/v9", "nodes": {}}',
        '{"schema": "asstctl/history/v1"}',
        '{"schema": "asstctl/history/v1", "nodes": {"a": {"status": "great"}}}',
    ],
)
def test_a_file_that_is_no_history_is_none(tmp_path: Path, content: str) -> None:
    remember(tmp_path, "local", [ended("a")])
    history_file(tmp_path, "local").write_text(content, "utf-8")

    assert read_history(tmp_path, "local") == {}
    remember(tmp_path, "local", [ended("b")])
    assert json.loads(history_file(tmp_path, "local").read_text("utf-8"))["nodes"].keys() == {"b.convo.yaml::b"}


def test_the_folder_is_ours_alone_and_nothing_is_left_beside(tmp_path: Path) -> None:
    remember(tmp_path, "local", [ended("a")])

    file = history_file(tmp_path, "local")
    assert [path.name for path in file.parent.iterdir()] == ["local.json"]
    assert file.stat().st_mode & 0o077 == 0
    assert file.parent.stat().st_mode & 0o077 == 0


def test_no_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / ".asstctl").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(StoreError, match="history"):
        remember(tmp_path, "local", [ended("a")])

    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize(("name", "value"), [("when", 5), ("seconds", 10**400), ("tokens", []), ("status", ["passed"])])
def test_an_odd_history_stands_in_no_way(tmp_path: Path, name: str, value: object) -> None:
    """Whatever wrote it: the next run is remembered."""
    remember(tmp_path, "local", [ended("a")])
    file = history_file(tmp_path, "local")
    document = json.loads(file.read_text())
    document["nodes"]["a.convo.yaml::a"][name] = value
    file.write_text(json.dumps(document))

    remember(tmp_path, "local", [ended("b")])

    assert "b.convo.yaml::b" in read_history(tmp_path, "local")


MANY = """
import sys
from pathlib import Path
from asstctl.workspace.conversations.history import remember
from tests.workspace.test_history import ended
for number in range(40):
    remember(Path(sys.argv[1]), "local", [ended(f"{sys.argv[2]}{number}")])
"""


def test_of_runs_that_end_together_each_is_remembered(tmp_path: Path) -> None:
    running = [subprocess.Popen([sys.executable, "-c", MANY, str(tmp_path), name]) for name in "abc"]
    assert [one.wait() for one in running] == [0, 0, 0]
    wanted = {f"{name}{number}.convo.yaml::{name}{number}" for name in "abc" for number in range(40)}
    assert read_history(tmp_path, "local").keys() == wanted
