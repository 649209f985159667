"""The verdict on a turn and on a whole conversation."""

from asstctl.conversation.case import CallMode, Closing, Expectation, ExpectedCall, Turn
from asstctl.conversation.judging.verdict import expects_end, for_judges, is_slow, judge, judge_stopped
from asstctl.conversation.observed import Observed
from asstctl.core.conversation import CallMade, Failure, FailureKind, Mismatch
from asstctl.core.diagnostic import Where
from asstctl.core.json_types import Json

LINE = Where("a.convo.yaml", 3)


def expecting(**operators: Json) -> tuple[Expectation, ...]:
    named = ((name.replace("_", "-"), value) for name, value in operators.items())
    return tuple(Expectation(name, value, Where("a.convo.yaml", 10 + i)) for i, (name, value) in enumerate(named))


def kinds(failures: tuple[Failure, ...]) -> list[str]:
    return [str(failure.kind) for failure in failures]


CALL = ExpectedCall("f", Where("a.convo.yaml", 5))


def test_all_failures_come_at_once() -> None:
    """Calls first, then the operators in the order of the file, each of its own kind and at its own line."""
    expect = expecting(
        contains="x", json_path={"$.a": 1}, latency={"max_seconds": 1}, cost={"max_usd": 1}, cites="a.md"
    )
    failures = judge(Turn(LINE, calls=(CALL,), expect=expect), Observed("y", seconds=2.0))

    assert kinds(failures) == ["call_missing", "text", "json", "latency", "budget", "retrieval"]
    assert [failure.where.line for failure in failures if failure.where] == [5, 10, 11, 12, 13, 14]


def test_what_judges_decide_is_left_to_them() -> None:
    """It is no failure here, and it is told apart for whoever asks them."""
    turn = Turn(LINE, expect=expecting(rubric="is polite", contains="x", not_similar="no"))

    assert judge(turn, Observed("x")) == ()
    assert [one.operator for one in for_judges(turn)] == ["rubric", "not-similar"]


def test_a_run_that_did_not_complete_is_the_only_failure() -> None:
    """Whatever else is missing follows from it."""
    turn = Turn(LINE, calls=(CALL,), expect=expecting(contains="x"))

    (failure,) = judge(turn, Observed("", status="failed", error="no credit"))

    assert (failure.kind, failure.message, failure.where) == (
        FailureKind.RUN_STATUS,
        "the run ended as failed: no credit",
        LINE,
    )


def test_a_run_may_be_expected_to_fail() -> None:
    """Then everything else is looked at too."""
    turn = Turn(LINE, expect=expecting(run={"status": "failed"}, contains="x"))

    assert expects_end(turn)
    assert not expects_end(Turn(LINE, expect=expecting(contains="x")))
    assert kinds(judge(turn, Observed("", status="failed"))) == ["text"]
    assert kinds(judge(turn, Observed("x"))) == ["run_status"]


def test_a_closing_speaks_of_the_whole_conversation() -> None:
    """Its calls are those of all turns; its failures name no call, for no one turn holds it."""
    closing = Closing(
        LINE,
        (ExpectedCall("f", LINE, {"a": 1}),),
        CallMode.ANY_ORDER,
        expecting(calls_count={"max": 0}),
    )

    args, count = judge(closing, Observed("", calls=(CallMade("f", '{"a": 2}'),)))

    assert (args.kind, args.call, args.mismatches) == (FailureKind.CALL_ARGS, None, (Mismatch("a", "1", "2"),))
    assert count.message == "the conversation must make at most 0 calls"


def test_a_turn_is_slow_where_a_pattern_may_be() -> None:
    """Then it is judged in a thread."""
    assert [is_slow(Turn(LINE, expect=one)) for one in (expecting(contains="x"), expecting(regex="x"))] == [False, True]
    assert is_slow(Turn(LINE, calls=(CALL,)))


def test_a_turn_that_was_stopped_is_told_by_the_call_it_stopped_at() -> None:
    """What the file says of that very call comes first; that others did not come proves nothing."""
    unanswered = Failure(FailureKind.CALL_UNEXPECTED, "no stub answers it", call=0)
    forbidden = ExpectedCall("f", LINE, times=0)

    (failure,) = judge_stopped(
        Turn(LINE, calls=(forbidden, ExpectedCall("g", LINE))), [CallMade("f", "{}")], [unanswered]
    )

    assert failure.message == "`f` must not be called"
