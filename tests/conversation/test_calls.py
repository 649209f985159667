"""Expected calls against calls made, in every mode."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asstctl.conversation.case import CallMode, ExpectedCall
from asstctl.conversation.judging.calls import check_calls, matched, parse_arguments
from asstctl.core.conversation import CallMade
from asstctl.core.diagnostic import Where
from tests.conversation.operators import CALLS as SAMPLES
from tests.conversation.operators import CallsSample, failure_block, turn_of

TURN = Where("a.convo.yaml", 3)


def want(name: str, args: Any = None, line: int = 10, **more: Any) -> ExpectedCall:
    return ExpectedCall(name, Where("a.convo.yaml", line), args or {}, **more)


def made(name: str, **arguments: Any) -> CallMade:
    return CallMade(name, json.dumps(arguments))


def kinds(expected: list[ExpectedCall], calls: list[CallMade], mode: str = "any-order") -> list[str]:
    return [str(failure.kind) for failure in check_calls(expected, CallMode(mode), calls, TURN)]


GET, PUT = want("get"), want("put")

TABLE: list[tuple[str, str, list[ExpectedCall], list[CallMade], list[str]]] = [
    ("nothing expected, anything goes", "any-order", [], [made("x")], []),
    ("found among others", "any-order", [PUT], [made("get"), made("put")], []),
    ("any order", "any-order", [PUT, GET], [made("get"), made("put")], []),
    ("not called", "any-order", [GET], [made("put")], ["call_missing"]),
    ("other arguments", "any-order", [want("get", {"id": 1})], [made("get", id=2)], ["call_args"]),
    ("one call meets one expectation", "any-order", [GET, GET], [made("get")], ["call_missing"]),
    ("twice with times", "any-order", [want("get", times=2)], [made("get"), made("get")], []),
    ("too few", "any-order", [want("get", times=2)], [made("get")], ["call_missing"]),
    ("too many", "any-order", [want("get", times=1)], [made("get"), made("get")], ["call_unexpected"]),
    ("without times, more is fine", "any-order", [GET], [made("get"), made("get")], []),
    ("forbidden", "any-order", [want("get", times=0)], [made("put"), made("get")], ["call_unexpected"]),
    ("forbidden and not called", "any-order", [want("get", times=0)], [made("put")], []),
    ("forbidden arguments", "any-order", [want("get", {"id": 1}, times=0)], [made("get", id=2)], []),
    ("only these arguments", "any-order", [want("get", {"id": 1}), want("get", times=0)], [made("get", id=1)], []),
    (
        "the general takes what the special leaves",
        "any-order",
        [GET, want("get", {"id": 1})],
        [made("get", id=1), made("get", id=2)],
        [],
    ),
    (
        "calls that a count would miss are placed first",
        "any-order",
        [GET, want("get", {"id": 1}, times=1)],
        [made("get", id=2), made("get", id=1), made("get", id=1)],
        [],
    ),
    ("in order", "in-order", [GET, PUT], [made("get"), made("x"), made("put")], []),
    ("out of order", "in-order", [GET, PUT], [made("put"), made("get")], ["call_order"]),
    ("a repeated call can be in order", "in-order", [GET, PUT], [made("put"), made("get"), made("put")], []),
    ("missing is missing, not out of order", "in-order", [GET, PUT], [made("put")], ["call_missing"]),
    ("only", "only", [GET, PUT], [made("put"), made("get")], []),
    ("only, and another", "only", [GET], [made("get"), made("x")], ["call_unexpected"]),
    ("only, and again", "only", [GET], [made("get"), made("get")], ["call_unexpected"]),
    ("only nothing", "only", [], [made("x")], ["call_unexpected"]),
    ("exact", "exact", [GET, PUT], [made("get"), made("put")], []),
    ("exact, other order", "exact", [GET, PUT], [made("put"), made("get")], ["call_order"]),
    ("exact, another between", "exact", [GET, PUT], [made("get"), made("x"), made("put")], ["call_unexpected"]),
]


@pytest.mark.parametrize("mode, expected, calls, result", [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_a_mode_decides(mode: str, expected: list[ExpectedCall], calls: list[CallMade], result: list[str]) -> None:
    """Each row of the table."""
    assert kinds(expected, calls, mode) == result


def test_other_arguments_are_shown_for_the_closest_call() -> None:
    """Of several calls by one name, the one with the fewest differences is explained, at the expected line."""
    expected = want("ask", {"query": {"$icontains": "courses"}, "limit": 5}, line=15)
    calls = [made("ask", query="x", limit=1), made("ask", query="SELECT 1", limit=5)]

    (failure,) = check_calls([expected], CallMode.ANY_ORDER, calls)

    assert failure.message == "`ask` was not called with the expected arguments; this is the closest of 2 calls"
    assert [(m.path, m.expected, m.actual) for m in failure.mismatches] == [
        ("query", '$icontains "courses"', '"SELECT 1"')
    ]
    assert failure.where == Where("a.convo.yaml", 15)
    assert failure.call == 1


MESSAGES: list[tuple[list[ExpectedCall], list[CallMade], str, str]] = [
    ([want("get")], [], "any-order", "`get` was not called"),
    ([want("get", times=3)], [made("get")], "any-order", "`get` was called once, expected 3 times"),
    ([want("get", times=1)], [made("get")] * 2, "any-order", "`get` was called twice, expected once"),
    ([want("get", times=0)], [made("get")], "any-order", "`get` must not be called"),
    (
        [want("get", {"id": 1}, times=0)],
        [made("get", id=1)],
        "any-order",
        "`get` must not be called with these arguments",
    ),
    (
        [GET, GET],
        [made("get")],
        "any-order",
        "`get` was called once; each call counts for one expectation, and others took them all",
    ),
    ([], [made("x")], "only", "`x` was called and is not expected here (call_mode: only)"),
    ([GET, PUT], [made("put"), made("get")], "exact", "`get` was called out of order (call_mode: exact)"),
]


@pytest.mark.parametrize("expected, calls, mode, message", MESSAGES)
def test_a_failure_says_what_happened(
    expected: list[ExpectedCall], calls: list[CallMade], mode: str, message: str
) -> None:
    """One sentence each; the first failure is the one that speaks of it."""
    assert check_calls(expected, CallMode(mode), calls)[0].message == message


def test_out_of_order_shows_both_orders() -> None:
    """By the names, at the line of the call that is out of its place."""
    (failure,) = check_calls(
        [want("get", line=4), want("put", line=5)], CallMode.IN_ORDER, [made("put"), made("get"), made("x")]
    )

    assert [(m.expected, m.actual) for m in failure.mismatches] == [("get, put", "put, get, x")]
    assert (failure.where, failure.call) == (Where("a.convo.yaml", 5), 0)


def test_an_unexpected_call_is_blamed_on_the_turn() -> None:
    """Nothing in the file expects it, so the turn's line is the place."""
    (failure,) = check_calls([], CallMode.ONLY, [made("x")], TURN)

    assert (failure.where, failure.call) == (TURN, 0)


EXACT: list[tuple[ExpectedCall, dict[str, Any], bool]] = [
    (want("f", {"a": 1}, exact=True), {"a": 1}, True),
    (want("f", {"a": 1}, exact=True), {"a": 1, "b": 2}, False),
    (want("f", {"a": 1}, exact=True, ignore=frozenset({"b"})), {"a": 1, "b": 2}, True),
    (want("f", {"a": 1, "b": 9}, exact=True, ignore=frozenset({"b"})), {"a": 1}, True),
    (want("f", {"a": 1}, exact=True, defaults={"b": 2}), {"a": 1, "b": 2}, True),
    (want("f", {"a": 1}, exact=True, defaults={"b": 2}), {"a": 1}, True),
    (want("f", {"a": 1}, exact=True, defaults={"b": 2}), {"a": 1, "b": 3}, False),
    (want("f", {"a": 1, "b": 2}, exact=True, defaults={"b": 2}), {"a": 1}, True),
    (want("f", {"b": 2}, defaults={"b": 2}), {}, True),
    (want("f", {"a": 1}, defaults={"b": 2}), {"a": 1, "b": 3}, True),
    (want("f", {"b": 3}, defaults={"b": 2}), {}, False),
    (want("f", {"a": 1, "n": {"$any": True}}, exact=True), {"a": 1, "n": 5}, True),
    (want("f", exact=True), {}, True),
]


@pytest.mark.parametrize("expected, arguments, fits", EXACT)
def test_exact_ignore_and_defaults(expected: ExpectedCall, arguments: dict[str, Any], fits: bool) -> None:
    """`ignore` takes names away on both sides, `defaults` fill in what a call leaves out."""
    assert (check_calls([expected], CallMode.ANY_ORDER, [made("f", **arguments)]) == ()) is fits


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.title)
def test_an_expectation_of_the_page_holds_or_explains(sample: CallsSample, tmp_path: Path) -> None:
    """Read from its snippet it is silent where the example passes, and explains the other in exactly these words."""
    turn = turn_of(sample.yaml, tmp_path)
    assert check_calls(turn.calls, turn.call_mode, sample.good, TURN, schemas=sample.schemas) == ()

    (failure,) = check_calls(turn.calls, turn.call_mode, sample.bad, TURN, schemas=sample.schemas)

    assert failure_block(failure) == sample.failure


SCHEMA = {
    "type": "object",
    "properties": {
        "unit": {"enum": ["C", "F"]},
        "days": {"type": "integer", "maximum": 7},
        "at": {"$ref": "#/$defs/at"},
    },
    "additionalProperties": False,
    "$defs": {"at": {"type": "array", "items": {"type": "number"}}},
}

NOTES: list[tuple[Any, dict[str, Any], str, str]] = [
    ({"unit": "C"}, {"unit": "K"}, '"K" (schema says one of "C", "F")', "unit"),
    ({"unit": "C"}, {"unit": "F"}, '"F"', "unit"),
    ({"days": 7}, {"days": 9}, "9 (schema says maximum 7)", "days"),
    ({"at": [1]}, {"at": ["1"]}, '"1" (schema says number)', "at.0"),
    ({"Days": {"$absent": True}}, {"Days": 1}, "1 (schema has no such parameter)", "Days"),
]


@pytest.mark.parametrize("args, arguments, actual, path", NOTES)
def test_a_difference_knows_the_schema(args: Any, arguments: dict[str, Any], actual: str, path: str) -> None:
    """Where a call is not what its function takes, that is said beside the value."""
    (failure,) = check_calls([want("f", args)], CallMode.ANY_ORDER, [made("f", **arguments)], schemas={"f": SCHEMA})

    assert [(m.path, m.actual) for m in failure.mismatches] == [(path, actual)]


def test_a_schema_that_is_none_is_left_alone() -> None:
    """It has a diagnostic of its own elsewhere."""
    (failure,) = check_calls([want("f", {"a": 1})], CallMode.ANY_ORDER, [made("f", a=2)], schemas={"f": {"type": "x"}})

    assert [m.actual for m in failure.mismatches] == ["2"]


PATHS: list[tuple[str, Any, bool]] = [
    ("$.lines[0].sku", "SKU-1", True),
    ("$.lines[1].sku", {"$absent": True}, True),
    ("$.lines[1].sku", "x", False),
    ("$.lines[*].sku", ["SKU-1"], True),
    ("$..nothing", [], True),
    ("$..nothing", {"$length": 0}, True),
    ("$.lines[?@.n > 1].sku", {"$some": "SKU-1"}, True),
    ("$.lines[?@.n > 2].sku", {"$some": "SKU-1"}, False),
    ("$.currency", "EUR", True),
]


@pytest.mark.parametrize("path, pattern, fits", PATHS)
def test_where_looks_into_the_arguments(path: str, pattern: Any, fits: bool) -> None:
    """One place gives its value or nothing, any other path a list; defaults count as given."""
    expected = want("f", paths=((path, pattern),), defaults={"currency": "EUR"})

    assert (check_calls([expected], CallMode.ANY_ORDER, [made("f", lines=[{"sku": "SKU-1", "n": 2}])]) == ()) is fits


def test_a_missing_call_shows_what_was_wanted_of_it() -> None:
    """Arguments and paths."""
    (failure,) = check_calls([want("f", {"a": 1}, paths=(("$.b", {"$gt": 1}),))], CallMode.ANY_ORDER, [])

    assert [(m.path, m.expected, m.actual) for m in failure.mismatches] == [
        ("f", '{"a": 1}', "missing"),
        ("$.b", "number, x > 1", "missing"),
    ]


def test_calls_that_were_expected_are_marked() -> None:
    """Each fills one expectation; those that nobody asked for stay as they are."""
    calls = [made("get", id=1), made("get", id=2), made("x")]

    assert [call.matched for call in matched([want("get", {"id": 2})], calls)] == [False, True, False]


def test_parameters_may_be_named_like_our_keys() -> None:
    """A function whose arguments are `args` and `times` is no problem for the short form."""
    assert kinds([want("f", {"args": 1, "times": 2})], [made("f", args=1, times=2)]) == []


@pytest.mark.parametrize("text", ["{", "[1]", '"x"', "[" * 100_000])
def test_arguments_that_are_no_object_fit_nothing(text: str) -> None:
    """Whatever the model wrote, it is shown and breaks nothing."""
    (failure,) = check_calls([want("f")], CallMode.ANY_ORDER, [CallMade("f", text)])

    assert [(m.expected, m.actual) for m in failure.mismatches] == [("a JSON object", text)]


def test_no_arguments_are_an_empty_object() -> None:
    """Models send nothing at all for a function without parameters."""
    assert parse_arguments("") == parse_arguments(" {}") == {}


ENTRIES = st.builds(
    lambda name, id, times: want(name, {} if id is None else {"id": id}, times=times),
    st.sampled_from("ab"),
    st.none() | st.integers(1, 2),
    st.none() | st.integers(0, 3),
)
CALLS = st.builds(lambda name, id: made(name, id=id), st.sampled_from("ab"), st.integers(1, 2))


@given(
    st.lists(ENTRIES, max_size=4),
    st.lists(CALLS, max_size=5).flatmap(lambda c: st.tuples(st.just(c), st.permutations(c))),
)
def test_any_order_means_any_order(expected: list[ExpectedCall], calls: tuple[list[CallMade], list[CallMade]]) -> None:
    """The verdict does not depend on the order in which calls came."""
    assert bool(kinds(expected, calls[0])) is bool(kinds(expected, calls[1]))


@given(st.lists(ENTRIES, max_size=4), st.lists(CALLS, max_size=5))
def test_modes_are_ordered_by_strictness(expected: list[ExpectedCall], calls: list[CallMade]) -> None:
    """What passes as exact passes in order and as only, and what passes as either passes in any order."""
    passes = {mode: not kinds(expected, calls, mode) for mode in ("any-order", "in-order", "only", "exact")}

    assert passes["exact"] <= passes["in-order"] <= passes["any-order"]
    assert passes["exact"] <= passes["only"] <= passes["any-order"]


@given(st.lists(CALLS, max_size=5))
def test_what_was_made_can_be_expected(calls: list[CallMade]) -> None:
    """Expectations written down from a conversation hold for it, in the strictest mode."""
    expected = [want(call.name, json.loads(call.arguments), exact=True) for call in calls]

    assert kinds(expected, calls, "exact") == []
