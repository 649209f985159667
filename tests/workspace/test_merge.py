"""Several runs in one: every conversation once, and nothing that nobody played counted as passed."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from asstctl.core.conversation import CaseResult, Failure, FailureKind, Status, TurnResult
from asstctl.core.coverage import Coverage, Covered, Subject
from asstctl.core.diagnostic import Where
from asstctl.core.errors import InvalidInput, Refused
from asstctl.core.exit_codes import ExitCode
from asstctl.core.plan import TargetInfo
from asstctl.core.suite import Planned, Spend, SuiteBegan, SuiteResult
from asstctl.render.json.test_lines import case_line, header_line, suite_lines, summary_line
from asstctl.workspace.conversations.merge import durations, merged

STAGING = TargetInfo("staging", "assistants", "assistants-v2", "127.0.0.1:8000", "shop")


def ended(id: str, kind: FailureKind | None = None, *, skipped: str = "", seconds: float = 1.0) -> CaseResult:
    failure = Failure(kind, "m") if kind else None
    turns = (TurnResult(1, Status.PASSED),)
    return CaseResult("clerk", id, Where(f"{id}.convo.yaml"), turns, seconds, skipped, failure)


def run_of(*cases: CaseResult, **facts: object) -> SuiteResult:
    return replace(SuiteResult(cases, STAGING, "from assistants", True, 2.0), **facts)  # type: ignore[arg-type]


def written(folder: Path, *runs: SuiteResult) -> list[Path]:
    paths = [folder / f"shard-{number}.jsonl" for number in range(1, len(runs) + 1)]
    for path, run in zip(paths, runs, strict=True):
        path.write_text(suite_lines(run), "utf-8")
    return paths


def test_one_file_is_its_run_as_it_was(tmp_path: Path) -> None:
    run = run_of(ended("a"), selection="1 of 2 conversations: -k a", deployed=True)
    assert merged(written(tmp_path, run)) == run


def test_shards_become_one_run(tmp_path: Path) -> None:
    one = run_of(ended("a"), seconds=3.0, spend=Spend(100, 0.5, 10, None), warnings=("w",), run="r1")
    two = run_of(ended("b", FailureKind.TEXT), seconds=5.0, spend=Spend(50, 0.25, 0, None), warnings=("w",), run="r2")

    suite = merged(written(tmp_path, one, two))

    assert [case.id for case in suite.cases] == ["a", "b"]
    assert (suite.seconds, suite.spend, suite.warnings, suite.run) == (
        5.0,
        Spend(150, 0.75, 10, None),
        ("w",),
        "r1, r2",
    )
    assert suite.exit_code is ExitCode.FAILED


@pytest.mark.parametrize(
    ("runs", "code"),
    [
        ([run_of(ended("a")), run_of(ended("b"))], ExitCode.DONE),
        ([run_of(ended("a")), run_of(ended("b", FailureKind.TIMEOUT))], ExitCode.INCONCLUSIVE),
        ([run_of(ended("a")), run_of(empty_is_fine=True)], ExitCode.DONE),
        ([run_of(empty_is_fine=True)] * 2, ExitCode.DONE),
        ([run_of()] * 2, ExitCode.FAILED),
        ([run_of(ended("a")), run_of(ended("b", skipped="no code"), no_skips=True)], ExitCode.FAILED),
        ([run_of(ended("a")), run_of(ended("b"), interrupted=True)], ExitCode.INTERRUPTED),
    ],
)
def test_it_ends_as_one_run_would_have_ended(runs: list[SuiteResult], code: ExitCode, tmp_path: Path) -> None:
    assert merged(written(tmp_path, *runs)).exit_code is code


def test_what_no_shard_played_was_not_run(tmp_path: Path) -> None:
    """Every shard knows what all of them play."""
    planned = tuple(Planned("clerk", id, Where(f"{id}.convo.yaml")) for id in "abc")
    path = tmp_path / "shard-1.jsonl"
    path.write_text(
        header_line(SuiteBegan(STAGING, planned, shard="1/2")) + case_line(0, ended("b")) + summary_line(run_of()),
        "utf-8",
    )

    suite = merged([path])

    assert [(case.id, case.status) for case in suite.cases] == [
        ("a", Status.NOT_RUN),
        ("b", Status.PASSED),
        ("c", Status.NOT_RUN),
    ]
    assert suite.cases[0].not_run == "no file holds its result: is a shard missing?"
    assert suite.exit_code is ExitCode.INCONCLUSIVE


def test_a_run_that_broke_off_is_said(tmp_path: Path) -> None:
    (path,) = written(tmp_path, run_of(ended("a"), ended("b")))
    path.write_text("".join(path.read_text("utf-8").splitlines(keepends=True)[:2]), "utf-8")

    suite = merged([path])

    assert suite.warnings == (f"{path} breaks off: its run did not come to its end",)
    assert [case.status for case in suite.cases] == [Status.PASSED, Status.NOT_RUN]
    assert suite.exit_code is ExitCode.INCONCLUSIVE


@pytest.mark.parametrize("turned", [False, True])
def test_of_two_results_the_worse_counts_and_is_said(tmp_path: Path, turned: bool) -> None:
    runs = [run_of(ended("a")), run_of(ended("a", FailureKind.TEXT))]
    first, second = written(tmp_path, *(runs[::-1] if turned else runs))

    suite = merged([first, second])

    assert [case.status for case in suite.cases] == [Status.FAILED]
    assert suite.warnings == (f"a.convo.yaml::a is in {first} and in {second}: failed counts",)


@pytest.mark.parametrize("turned", [False, True])
def test_a_skip_does_not_stand_in_the_way_of_a_result(tmp_path: Path, turned: bool) -> None:
    runs = [run_of(ended("a", skipped="no code")), run_of(ended("a"))]

    suite = merged(written(tmp_path, *(runs[::-1] if turned else runs)))

    assert [case.status for case in suite.cases] == [Status.PASSED]
    assert suite.warnings == ()


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (run_of(target=replace(STAGING, name="prod")), "different targets"),
        (run_of(target=replace(STAGING, project="other")), "different targets"),
        (run_of(candidate=True), "different kinds of assistants"),
    ],
)
def test_runs_that_cannot_be_compared_are_refused(tmp_path: Path, other: SuiteResult, said: str) -> None:
    paths = written(tmp_path, run_of(ended("a")), other)

    with pytest.raises(Refused, match=said) as refused:
        merged(paths)

    assert all(str(path) in refused.value.detail for path in paths)


def test_all_files_are_looked_at_before_anything_is_said(tmp_path: Path) -> None:
    paths = written(tmp_path, run_of(), run_of(ended("a")), run_of())
    paths[0].write_text("{}\n", "utf-8")
    paths[2].write_text("", "utf-8")

    with pytest.raises(InvalidInput) as invalid:
        merged(paths)

    assert [str(one.where) for one in invalid.value.diagnostics] == [f"{paths[0]}:1:1", f"{paths[2]}:1:1"]


def test_a_file_named_twice_counts_once(tmp_path: Path) -> None:
    (path,) = written(tmp_path, run_of(ended("a")))

    assert merged([path, path]).warnings == ()


def test_an_unknown_cost_makes_the_sum_unknown(tmp_path: Path) -> None:
    paths = written(tmp_path, run_of(spend=Spend(1, 0.5)), run_of(spend=Spend(1, None)), run_of(spend=Spend(0, None)))

    assert merged(paths).spend == Spend(2, None)
    assert merged([paths[0], paths[2]]).spend == Spend(1, 0.5)


def test_coverage_is_that_of_all(tmp_path: Path) -> None:
    def covered(**counts: int) -> Coverage:
        return Coverage(tuple(Covered("clerk", Subject.FUNCTION, name, n) for name, n in counts.items()), 60.0)

    suite = merged(written(tmp_path, run_of(coverage=covered(f=1, g=0)), run_of(coverage=covered(f=2, g=1)), run_of()))

    assert suite.coverage == covered(f=3, g=1)


def test_durations_are_those_of_what_was_played(tmp_path: Path) -> None:
    (path,) = written(tmp_path, run_of(ended("a", seconds=2.5), ended("b", skipped="no code")))

    assert durations(path) == {"a.convo.yaml::a": 2.5}


def test_what_is_read_is_what_is_written_again(tmp_path: Path) -> None:
    """A merge of a merge is that merge."""
    paths = written(tmp_path, run_of(ended("a")), run_of(ended("b", FailureKind.TEXT)))
    once = merged(paths)
    (path,) = written(tmp_path, once)

    assert json.loads(suite_lines(merged([path])).splitlines()[-1])["counts"] == {
        status: once.count(status) for status in Status
    }
    assert merged([path]).cases == once.cases
