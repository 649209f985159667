"""Results of a run that somebody changed: `test merge` joins them or says what is wrong, and never breaks."""

import copy
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asstctl.core.conversation import CallMade, CaseResult, Failure, FailureKind, Mismatch, Status, TurnResult
from asstctl.core.coverage import Coverage, Covered, Subject
from asstctl.core.diagnostic import Where
from asstctl.core.plan import TargetInfo
from asstctl.core.suite import Spend, SuiteResult
from asstctl.core.thread import Usage
from asstctl.render.json.test_lines import suite_lines
from tests.cli.conftest import Project
from tests.security.test_hostile_conversations import paths

STAGING = TargetInfo("staging", "assistants", "assistants-v2", "127.0.0.1:8000", "shop")
WHERE = Where("a.convo.yaml", 3, 2, 4, "  x: y")
BAD = Failure(FailureKind.CALL_ARGS, "no", (Mismatch("a.b", "1", "2"),), WHERE, 0)
TURN = TurnResult(
    1, Status.FAILED, "hi", reply="so", calls=(CallMade("f", "{}", "1"),), failures=(BAD,), usage=Usage(1, 2)
)
CASES = (
    CaseResult("clerk", "a", WHERE, (TURN,), 1.0, closing=(BAD,), tags=("smoke",)),
    CaseResult("clerk", "b", WHERE, (), skipped="no code"),
)
COVERAGE = Coverage((Covered("clerk", Subject.FUNCTION, "f", 1),), 60.0)
SUITE = replace(SuiteResult(CASES, STAGING, "echoed", False, 2.0), coverage=COVERAGE, spend=Spend(3, 0.5, 1, None))
LINES = [json.loads(line) for line in suite_lines(SUITE).splitlines()]
PLACES = [(number, path) for number, line in enumerate(LINES) for path in paths(line) if path]
HALF = json.loads('"\\ud83d"')
NASTY: tuple[Any, ...] = (
    *(None, True, -1, 0, 2**70, 10**400, 1e300, 1e-300, "", HALF, "\x1b[31m\u202e", "</script>]]>&", "\0"),
    *([], {}, [[]], {"a": {"b": 1}}, "passed", "failed", "2026", "1e999", "a" * 5000),
)


def merged(project: Project, text: str) -> str:
    """Merge it, with every report that there is."""
    (project.root / "r.jsonl").write_text(text, "utf-8", errors="surrogatepass")
    shown = project.run("test", "merge", "r.jsonl", "--junit", "j.xml", "--html", "h.html", "--jsonl", "l.jsonl")
    assert "error[bug]" not in shown.err + shown.out, (text, shown)
    assert "Traceback" not in shown.err
    assert shown.code in {0, 1, 2, 3, 130}
    assert "\x1b" not in shown.out + shown.err
    return shown.out


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(places=st.lists(st.tuples(st.sampled_from(PLACES), st.sampled_from(NASTY)), min_size=1, max_size=3))
def test_whatever_stands_in_them(project: Project, places: list[tuple[tuple[int, tuple[Any, ...]], Any]]) -> None:
    lines = copy.deepcopy(LINES)
    for (number, path), nasty in places:
        holder = lines[number]
        try:
            for step in path[:-1]:
                holder = holder[step]
            holder[path[-1]] = nasty
        except (TypeError, KeyError, IndexError):
            continue  # an earlier one took its place away
    merged(project, "".join(json.dumps(line) + "\n" for line in lines))


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    order=st.lists(st.sampled_from(range(len(LINES))), max_size=6),
    cut=st.integers(0, 400),
    tail=st.sampled_from(["", "\n", "\0", "[" * 3000, "\ufeff", "{}\n", "null\n", "\x85", "\u2028"]),
)
def test_however_they_are_torn_and_joined(project: Project, order: list[int], cut: int, tail: str) -> None:
    text = "".join(json.dumps(LINES[number]) + "\n" for number in order)
    merged(project, text[: len(text) - cut] + tail)


@pytest.mark.slow
def test_every_place_and_every_oddity(project: Project) -> None:
    """The long version."""
    for number, path in PLACES:
        for nasty in NASTY:
            lines = copy.deepcopy(LINES)
            holder = lines[number]
            for step in path[:-1]:
                holder = holder[step]
            holder[path[-1]] = nasty
            merged(project, "".join(json.dumps(line) + "\n" for line in lines))
