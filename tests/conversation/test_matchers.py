"""Patterns: what matches, what a mismatch says, and what is refused when a file is read."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asstctl.conversation.late import Late
from asstctl.conversation.matchers import expected_text, mismatches, problems, same
from asstctl.core.change import ABSENT
from tests.conversation.operators import MATCHERS as MATCHER_SAMPLES
from tests.conversation.operators import MatcherSample

MORE: list[tuple[Any, list[Any], list[Any]]] = [
    ({"$eq": {"$ref": "x"}}, [{"$ref": "x"}], [{}, {"$ref": "y"}]),
    ({"$contains": "Cou"}, ["Courses"], ["courses", 1, None, {"Cou": 1}]),
    ({"$contains": 2}, [[1, 2.0]], [[True], "2", 2]),
    ({"$icontains": ["straße", "ﬁn"]}, ["STRASSE FINE"], ["strase"]),
    ({"$type": "string"}, ["x", ""], [1, None, []]),
    ({"$type": "number"}, [1, 1.5], [True, "1"]),
    ({"$type": "boolean"}, [True], [1, "true"]),
    ({"$type": "array"}, [[]], ["", {}]),
    ({"$type": "object"}, [{}], [[], None]),
    ({"$type": "null"}, [None], [0, ""]),
    ({"$length": 2}, ["ab", [1, 2], {"a": 1, "b": 2}], ["abc", 2, None]),
    ({"$not": {"a": 1}}, [{"a": 2}, 1], [{"a": 1}, {"a": 1, "b": 2}]),
    ({"$not": {"$not": 1}}, [1], [2]),
    ({"$each": 1}, [[1, 1.0]], [[1, True]]),
    ({"$some": {"$each": 1}}, [[2, [1]]], [[1, 2]]),
]
ROWS = [*((sample.pattern, sample.fits, sample.misses) for sample in MATCHER_SAMPLES), *MORE]


def arguments(value: Any) -> dict[str, Any]:
    return {} if value is ABSENT else {"x": value}


@pytest.mark.parametrize("pattern, fits, misses", ROWS, ids=[str(row[0]) for row in ROWS])
def test_a_matcher_tells_values_apart(pattern: Any, fits: list[Any], misses: list[Any]) -> None:
    """Each matcher holds for the first list and for nothing in the second, and its own value is fine."""
    assert list(problems(pattern)) == []
    for value in fits:
        assert mismatches({"x": pattern}, arguments(value)) == (), value
    for value in misses:
        assert len(mismatches({"x": pattern}, arguments(value))) == 1, value


@pytest.mark.parametrize("sample", MATCHER_SAMPLES, ids=lambda sample: sample.name)
def test_a_matcher_is_shown_in_words(sample: MatcherSample) -> None:
    """Exactly these, beside the actual value."""
    shown = [
        (m.expected, m.path) for value in sample.misses for m in mismatches({"x": sample.pattern}, arguments(value))
    ]

    assert expected_text(sample.pattern) == sample.shown
    assert shown == [(sample.shown, "x")] * len(sample.misses)


@pytest.mark.parametrize("pattern", [row[0] for row in ROWS], ids=str)
def test_only_matchers_of_absence_hold_for_nothing(pattern: Any) -> None:
    """What is not there is matched by `$absent` and `$any` alone: not even `$ne` and `$not` speak of it."""
    assert (mismatches({"x": pattern}, {}) == ()) is bool(pattern.keys() & {"$absent", "$any"})


EXPLAINED: list[tuple[Any, Any, list[tuple[str, str, str]]]] = [
    ({"query": {"$icontains": "courses"}}, {"query": "SELECT 1"}, [("query", '$icontains "courses"', '"SELECT 1"')]),
    ({"a": {"$gte": 41, "$lte": 42}}, {"a": "41,50"}, [("a", "number, 41 <= x <= 42", '"41,50"')]),
    ({"a": {"$gt": 1, "$ne": 5}}, {"a": 5}, [("a", "number, x > 1, $ne 5", "5")]),
    ({"a": {"$gt": 1, "$gte": 2}}, {"a": 0}, [("a", "number, x > 1, x >= 2", "0")]),
    ({"a": {"$gte": "b", "$lt": "d"}}, {"a": "x"}, [("a", '"b" <= x < "d"', '"x"')]),
    ({"a": {"$not": {"$absent": True}}}, {}, [("a", "$not absent", "missing")]),
    ({"note": {"$regex": "(?i)refund"}}, {}, [("note", '$regex "(?i)refund"', "missing")]),
    ({"a": {"$absent": True}}, {"a": None}, [("a", "absent", "null")]),
    ({"a": {"$present": True}}, {}, [("a", "present", "missing")]),
    ({"a": 1}, {"a": True}, [("a", "1", "true")]),
    ({"日": "周三"}, {"日": "周四"}, [("日", '"周三"', '"周四"')]),
    ({"a": {"b": [1, {"c": 2}]}}, {"a": {"b": [1, {"c": 3}]}}, [("a.b.1.c", "2", "3")]),
    ({"a": [1, 2]}, {"a": [1]}, [("a", "[1, 2]", "[1]")]),
    ({"a": {"b": 1}}, {"a": 5}, [("a", '{"b": 1}', "5")]),
    ({"a": 1, "b": 2}, {"a": 2, "b": 1}, [("a", "1", "2"), ("b", "2", "1")]),
]


@pytest.mark.parametrize("pattern, actual, expected", EXPLAINED)
def test_a_mismatch_shows_both_sides(pattern: Any, actual: Any, expected: list[tuple[str, str, str]]) -> None:
    """Each difference has its path, what was expected and what came."""
    assert [(m.path, m.expected, m.actual) for m in mismatches(pattern, actual)] == expected


def test_exact_refuses_what_is_not_named_at_every_depth() -> None:
    """A partial match ignores further keys, an exact one names each."""
    pattern, actual = {"a": {"b": 1}}, {"a": {"b": 1, "c": 2}, "d": 3}

    assert mismatches(pattern, actual) == ()
    assert [m.path for m in mismatches(pattern, actual, exact=True)] == ["a.c", "d"]


def test_a_regex_that_never_ends_is_a_mismatch_that_says_so() -> None:
    """Backtracking without bound ends at the time limit."""
    (found,) = mismatches({"a": {"$regex": "(a+)+$"}}, {"a": "a" * 40 + "b"})

    assert found.expected == '$regex "(a+)+$" (gave up: the pattern took too long)'


@pytest.mark.parametrize(
    "pattern",
    [{"$not": {"$regex": "(a+)+$"}}, {"$not": {"b": {"$regex": "(a+)+$"}}}, {"$not": {"$some": {"$regex": "(a+)+$"}}}],
)
def test_a_regex_that_never_ends_is_no_no(pattern: Any) -> None:
    """`$not` does not hold for what could not be decided."""
    text = "a" * 40 + "b"
    value = [text] if "$some" in pattern["$not"] else {"b": text} if "b" in pattern["$not"] else text

    assert len(mismatches({"a": pattern}, {"a": value})) == 1


REFUSED: list[tuple[Any, tuple[Any, ...], str]] = [
    ({"a": {"$regx": "x"}}, ("a", "$regx"), "`$regx` is not a matcher"),
    ({"a": {"$regex": "("}}, ("a", "$regex"), "`$regex` is not a regular expression"),
    ({"a": {"$regex": 1}}, ("a", "$regex"), "`$regex` takes a regular expression"),
    ({"a": {"$regex": ""}}, ("a", "$regex"), "`$regex` takes a regular expression"),
    ({"a": {"$gt": True}}, ("a", "$gt"), "`$gt` takes a number or a text"),
    ({"a": {"$in": "abc"}}, ("a", "$in"), "`$in` takes a list of values"),
    ({"a": {"$contains": ""}}, ("a", "$contains"), "`$contains` takes a text, a number or a list of them"),
    ({"a": {"$icontains": [1]}}, ("a", "$icontains"), "`$icontains` takes a text or a list of texts"),
    ({"a": {"$type": "text"}}, ("a", "$type"), "`$type` takes one of string, number"),
    ({"a": {"$absent": False}}, ("a", "$absent"), "`$absent` takes only true"),
    ({"a": [{"b": {"$gt": 1, "c": 2}}]}, ("a", 0, "b", "c"), "`c` stands beside a matcher"),
    ({"a": {"$length": -1}}, ("a", "$length"), "`$length` takes a whole number or a matcher"),
    ({"a": {"$length": {"$gt": True}}}, ("a", "$length", "$gt"), "`$gt` takes a number or a text"),
    ({"a": {"$each": [{"$nin": [1]}]}}, ("a", "$each", 0, "$nin"), "`$nin` is not a matcher"),
    ({"a": {"$not": {"$regex": "("}}}, ("a", "$not", "$regex"), "`$regex` is not a regular expression"),
    ({"a": {"$approx": 1}}, ("a", "$approx"), "`$approx` takes {value: number, within: number}"),
]


@pytest.mark.parametrize("pattern, at, summary", REFUSED)
def test_a_misused_matcher_is_a_problem_at_its_place(pattern: Any, at: tuple[Any, ...], summary: str) -> None:
    """What matching could not make sense of is refused before anything is played."""
    (problem,) = problems(pattern)

    assert problem.at == at
    assert problem.summary.startswith(summary)


def test_a_value_that_is_filled_in_late_is_looked_at_when_it_is_known() -> None:
    """What it will be nobody knows when the file is read; what it then is may not fit its matcher."""
    assert list(problems({"a": {"$regex": Late.of("({{ saved.x }}", {})}})) == []

    (found,) = mismatches({"a": {"$regex": "("}}, {"a": "("})

    assert found.expected.startswith('$regex "(" (`$regex` is not a regular expression')


def test_a_literal_below_eq_is_not_a_pattern() -> None:
    """`$eq` is the way to compare objects whose keys begin with `$`."""
    assert list(problems({"a": {"$eq": {"$whatever": 1}}})) == []


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
KEYS = st.text(min_size=1).filter(lambda key: not key.startswith("$"))
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3))
OBJECTS = st.dictionaries(KEYS, VALUES, max_size=4)


@given(OBJECTS, OBJECTS)
def test_a_superset_always_matches_partially(pattern: dict[str, Any], more: dict[str, Any]) -> None:
    """Further arguments never break a partial match."""
    assert mismatches(pattern, {**more, **pattern}) == ()


@given(VALUES, VALUES)
def test_an_exact_match_is_equality(left: Any, right: Any) -> None:
    """Without matchers an exact match holds exactly for values that are the same; and every value is itself."""
    assert (mismatches(left, right, exact=True) == ()) is same(left, right)
    assert same(left, left)


@given(VALUES)
def test_ne_is_the_negation_of_eq(value: Any) -> None:
    """For every value that is there."""
    for other in (value, None, 1, "x"):
        assert bool(mismatches({"$eq": value}, other)) is not bool(mismatches({"$ne": value}, other))
    assert mismatches({"$ne": value}, ABSENT)
