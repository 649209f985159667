"""Repeats: a verdict is certain as early as it can be, and never another than that of all playings."""

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asstctl.conversation.case import Case, Repeat, Turn
from asstctl.conversation.playing.player import case_result
from asstctl.conversation.playing.rates import merged, still_needed
from asstctl.core.conversation import CaseResult, Failure, FailureKind, Rate, Status
from asstctl.core.diagnostic import Where
from asstctl.core.thread import Usage

WHERE = Where("a.convo.yaml", 1)
CASE = Case("guagua", "a", WHERE, (Turn(WHERE, "hi"),))
P, F, E = Status.PASSED, Status.FAILED, Status.ERROR


def ended(status: Status, **more: object) -> CaseResult:
    from dataclasses import replace

    kinds = {F: FailureKind.TEXT, E: FailureKind.PROVIDER_ERROR, Status.STALE: FailureKind.TAPE_STALE}
    failure = Failure(kinds[status], "no") if status in kinds else None
    result = case_result(CASE, failure=failure)
    turns = tuple(replace(turn, status=P) for turn in result.turns) if status is P else result.turns
    return replace(result, turns=turns, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "runs, needed, statuses, more",
    [
        (1, 1, [], 1),
        (1, 1, [P], 0),
        (1, 1, [F], 0),
        (5, 4, [], 2),
        (5, 4, [P, P, P], 1),
        (5, 4, [F], 1),
        (5, 4, [F, F], 0),
        (5, 4, [P, P, P, P], 0),
        (5, 5, [F], 0),
        (5, 5, [P], 1),
        (5, 1, [], 1),
        (5, 1, [F, F, F, F], 1),
        (5, 3, [E, E, E], 0),
        (5, 3, [E, E], 1),
        (4, 2, [P, E, E, F], 0),
        (100, 90, [], 11),
    ],
)
def test_it_is_known_how_many_playings_are_needed_at_least(
    runs: int, needed: int, statuses: list[Status], more: int
) -> None:
    assert still_needed(Repeat(runs, needed), statuses) == more


repeats = st.integers(1, 12).flatmap(lambda runs: st.builds(Repeat, st.just(runs), st.integers(1, runs)))
outcomes = st.lists(st.sampled_from([P, F, E, Status.STALE]), min_size=12, max_size=12)


def verdict(repeat: Repeat, statuses: list[Status]) -> Literal["passed", "failed", "none"]:
    status = merged(repeat, [ended(one) for one in statuses], 0).status
    return "passed" if status is P else "failed" if status is F else "none"


@given(repeats, outcomes)
def test_stopping_early_changes_no_verdict(repeat: Repeat, statuses: list[Status]) -> None:
    """That of the playings that were had is that of all."""
    played: list[Status] = []
    while more := still_needed(repeat, played):
        played += statuses[len(played) : len(played) + more]

    assert len(played) <= repeat.runs
    assert verdict(repeat, played) == verdict(repeat, statuses[: repeat.runs])


@given(repeats, outcomes)
def test_a_batch_is_never_one_too_many(repeat: Repeat, statuses: list[Status]) -> None:
    """Playing one after the other would have begun them all."""
    batches: list[Status] = []
    while more := still_needed(repeat, batches):
        batches += statuses[len(batches) : len(batches) + more]
    one_by_one: list[Status] = []
    while still_needed(repeat, one_by_one):
        one_by_one.append(statuses[len(one_by_one)])

    assert batches == one_by_one


def test_the_result_of_all_shows_the_first_that_did_not_pass() -> None:
    """And reckons everything together; the rate is of those that were played."""
    usage = Usage(3, 1)
    playings = [
        ended(P, retries=1, judged=usage, judge_cost=0.5),
        ended(F, judged=usage, judge_cost=0.25),
        ended(E, retries=1),
    ]

    result = merged(Repeat(3, 2), playings, 1.5)

    assert (result.status, result.failure) == (E, playings[1].failure)
    assert (result.rate, result.repeats) == (Rate(1, 3, 2, 3), tuple(playings))
    assert (result.retries, result.seconds, result.judged, result.judge_cost) == (2, 1.5, Usage(6, 2), 0.75)


def test_a_judge_whose_price_is_unknown_makes_all_unknown() -> None:
    """It is never 0."""
    playings = [ended(P, judged=Usage(1, 1), judge_cost=0.5), ended(P, judged=Usage(1, 1))]

    assert merged(Repeat(2, 2), playings, 0).judge_cost is None


def test_playings_that_were_never_had_leave_no_verdict() -> None:
    """However many passed before; why is said."""
    cut = merged(Repeat(3, 3), [ended(P), case_result(CASE, not_run="interrupted")], 0)
    spent = merged(Repeat(3, 3), [ended(P), case_result(CASE, not_run="the budget is spent")], 0)

    assert (cut.status, cut.not_run, cut.rate) == (Status.NOT_RUN, "interrupted", Rate(1, 1, 3, 3))
    assert (spent.status, spent.not_run, spent.rate) == (Status.NOT_RUN, "the budget is spent", Rate(1, 1, 3, 3))
