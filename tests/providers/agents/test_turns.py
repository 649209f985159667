"""What sessions, turns and their items say: readings that need no server."""

from typing import Any

import pytest

from asstctl.core.errors import BadAnswer
from asstctl.core.thread import CodeRun, PastCall, Spoken, Usage
from asstctl.providers.agents.items import code_in, reply_in, spoken_in
from asstctl.providers.agents.turns import rests, session_status, state_of, turns_in
from tests.providers.agents.sessions import call, message, session, turn

CALLS = session("requires_action", call())


@pytest.mark.parametrize(
    ("found", "of", "answered", "still"),
    [
        (session("in_progress"), turn(), set(), False),
        (session("idle"), None, set(), False),
        (session("idle"), turn(status="queued"), set(), False),
        (session("idle"), turn(status="waiting"), set(), False),
        (session("idle"), turn(status="failed"), set(), True),
        (CALLS, turn(status="waiting"), set(), True),
        (CALLS, turn(status="waiting"), {"call_1"}, False),
        (CALLS, None, set(), False),
        (CALLS, turn("turn_2", status="waiting"), set(), False),
        (session("requires_action"), turn(status="waiting"), set(), False),
        (session("budget_reached"), None, set(), True),
        (session("failed"), None, set(), True),
    ],
)
def test_when_nothing_moves_without_us(found: Any, of: Any, answered: set[str], still: bool) -> None:
    """Neither the session nor its turn says it alone."""
    assert rests(found, of, answered) is still


@pytest.mark.parametrize(
    ("code", "no_verdict", "limited"),
    [
        ("server_error", True, False),
        ("rate_limit_exceeded", True, True),
        ("flex_unavailable", True, False),
        ("credit_balance_exhausted", True, False),
        ("context_length_exceeded", False, False),
        ("max_output_tokens", False, False),
        ("cyber_policy", False, False),
        ("never_heard_of", False, False),
        (["odd"], False, False),
    ],
)
def test_whose_fault_a_failed_turn_is(code: Any, no_verdict: bool, limited: bool) -> None:
    """The provider's own troubles prove nothing; what is not known is a failure."""
    state = state_of(session(), turn(status="failed", error={"code": code, "message": "no"}), set(), "")

    assert (state.status, state.no_verdict, state.rate_limited) == ("failed", no_verdict, limited)
    assert state.error == f"{code}: no"


SPENT = "the session's own limit of $0.05 was reached"


@pytest.mark.parametrize(
    ("found", "of", "said"),
    [
        (session("budget_reached", spend_control={"limit": 5, "consumed": 5}), None, SPENT),
        (session("budget_reached", spend_control={"limit": 5}), turn(status="waiting"), SPENT),
        (session("budget_reached"), turn(status="in_progress"), "the session's own limit was reached"),
        (session("budget_reached", spend_control={"limit": "x"}), None, "the session's own limit was reached"),
        (
            session("idle", spend_control={"limit": 5}),
            turn(status="failed", error={"code": "session_budget_exceeded", "message": "no"}),
            SPENT,
        ),
    ],
)
def test_a_session_that_cost_what_it_may_says_its_limit(found: Any, of: Any, said: str) -> None:
    """Which proves nothing about the assistant."""
    state = state_of(found, of, set(), "so far")

    assert (state.status, state.error, state.reply) == ("failed", said, "so far")
    assert (state.no_verdict, state.cost_limited, state.rate_limited) == (True, True, False)


def test_a_turn_that_came_to_its_end_counts_whatever_its_session_cost() -> None:
    state = state_of(session("budget_reached"), turn(), set(), "all of it")

    assert (state.status, state.reply, state.cost_limited) == ("completed", "all of it", False)


def test_calls_come_before_what_nobody_can_give() -> None:
    """What can be answered is asked for first; an approval beside it ends the turn afterwards."""
    both = session("requires_action", {"type": "computer_use_approval_request"}, call())

    assert state_of(both, turn(status="waiting"), set(), "").status == "requires_action"
    ended = state_of(both, turn(status="waiting"), {"call_1"}, "so far")
    assert (ended.status, ended.reply, ended.no_verdict) == ("failed", "so far", False)
    assert "somebody has to approve what it does with a computer" in ended.error


@pytest.mark.parametrize("status", ["dreaming", None, 7])
def test_a_status_that_the_wire_does_not_have_is_a_bad_answer(status: Any) -> None:
    with pytest.raises(BadAnswer):
        session_status({"status": status})
    with pytest.raises(BadAnswer):
        rests(session(), turn(status=status), set())


@pytest.mark.parametrize("data", [None, {}, [{}], [{"id": ""}], ["turn_1"]])
def test_turns_without_ids_are_a_bad_answer(data: Any) -> None:
    with pytest.raises(BadAnswer):
        turns_in({"data": data})


@pytest.mark.parametrize("action", [{"call_id": None}, {"name": 7}, {"call_id": ""}])
def test_a_call_that_cannot_be_read_is_a_bad_answer(action: dict[str, Any]) -> None:
    with pytest.raises(BadAnswer):
        state_of(session("requires_action", {**call(), **action}), turn(status="waiting"), set(), "")


@pytest.mark.parametrize(
    ("usage", "read"),
    [
        (None, None),
        ((3, 4), Usage(3, 4)),
        ({"input_tokens": 3}, None),
        ({"input_tokens": True, "output_tokens": 1}, None),
        ({"input_tokens": -1, "output_tokens": 1}, None),
    ],
)
def test_usage_is_known_or_unknown(usage: Any, read: Usage | None) -> None:
    assert state_of(session(), turn(usage=usage), set(), "").usage == read


def test_an_answer_is_what_was_finished_and_is_no_commentary() -> None:
    """The parts of a message are one text, messages are lines."""
    parts = [{"type": "output_text", "text": "a"}, {"type": "output_text", "text": "b"}, {"type": "odd"}, 7]
    items = [
        message("question", "user"),
        message("thinking aloud", phase="commentary"),
        {**message("x"), "content": parts, "phase": "final_answer"},
        message("half", status="incomplete"),
        message("c", phase=None),
        {"type": "reasoning"},
    ]

    assert reply_in(items) == "ab\nc"


def test_items_that_cannot_be_read_say_nothing() -> None:
    assert reply_in([{"type": "message", "role": "assistant", "status": "completed", "content": None}]) == ""
    assert code_in([{"type": "command_execution"}]) == (CodeRun(""),)
    assert spoken_in([]) == Spoken(None)
    assert spoken_in([{"type": "function_call"}]) == Spoken(None, "", (PastCall("", "null"),))


def test_a_call_in_the_past_has_its_output_or_what_was_said_of_its_failure() -> None:
    items = [
        message("go", "user"),
        message("on", "user"),
        *({"type": "function_call", "call_id": id, "name": id, "arguments": "{}"} for id in "abc"),
        {"type": "function_call_output", "call_id": "a", "output": [{"type": "input_text", "text": "one"}]},
        {"type": "function_call_output", "call_id": "b", "output": None, "error": "two"},
    ]

    assert spoken_in(items) == Spoken(
        "go\non", "", (PastCall("a", "{}", "one"), PastCall("b", "{}", "two"), PastCall("c", "{}", None))
    )
