"""Patterns: what matches, what a mismatch says, and what is refused when a file is read."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asstctl.conversation.matchers import MATCHERS, mismatches, problems, same
from asstctl.core.change import ABSENT

TABLE: list[tuple[str, Any, list[Any], list[Any]]] = [
    ("$eq", 1, [1, 1.0], [2, True, "1", None]),
    ("$eq", {"$ref": "x"}, [{"$ref": "x"}], [{}, {"$ref": "y"}]),
    ("$ne", 1, [2, True, "1", None], [1, 1.0]),
    ("$in", ["a", 2], ["a", 2, 2.0], ["b", 3, None]),
    ("$regex", "(?i)weekday = \\d", ["SELECT Weekday = 3"], ["weekday", 3, None]),
    ("$contains", "Cou", ["Courses"], ["courses", 1, None, {"Cou": 1}]),
    ("$contains", ["a", "b"], ["cab", ["b", "a", 1]], ["ca", ["a"]]),
    ("$contains", 2, [[1, 2.0]], [[True], "2", 2]),
    ("$icontains", "courses", ["FROM COURSES", "ＣＯＵＲＳＥＳ"], ["course", 1]),
    ("$icontains", ["straße", "ﬁn"], ["STRASSE FINE"], ["strase"]),
    ("$gt", 41, [41.5, 42], [41, 40, "42", True, None]),
    ("$gte", 41, [41, 41.0, 42], [40, True]),
    ("$lt", "2026-02-01", ["2026-01-31"], ["2026-02-01", 1]),
    ("$lte", 2, [2, -1.5], [3, "1", float("nan")]),
    ("$type", "string", ["x", ""], [1, None, []]),
    ("$type", "number", [1, 1.5], [True, "1"]),
    ("$type", "integer", [1, 1.0, 10**400], [1.5, True]),
    ("$type", "boolean", [True], [1, "true"]),
    ("$type", "array", [[]], ["", {}]),
    ("$type", "object", [{}], [[], None]),
    ("$type", "null", [None], [0, ""]),
    ("$present", True, [1, None, ""], []),
    ("$any", True, [1, None], []),
    ("$absent", True, [], [1, None]),
]


def test_the_table_covers_every_matcher() -> None:
    """No matcher is without a row."""
    assert {row[0] for row in TABLE} == set(MATCHERS)


@pytest.mark.parametrize("name, wanted, fits, misses", TABLE)
def test_a_matcher_tells_values_apart(name: str, wanted: Any, fits: list[Any], misses: list[Any]) -> None:
    """Each matcher holds for the first list and for nothing in the second, and its own value is fine."""
    assert list(problems({name: wanted})) == []
    for value in fits:
        assert mismatches({"x": {name: wanted}}, {"x": value}) == (), value
    for value in misses:
        assert len(mismatches({"x": {name: wanted}}, {"x": value})) == 1, value


@pytest.mark.parametrize("name, wanted", [(row[0], row[1]) for row in TABLE])
def test_only_matchers_of_absence_hold_for_nothing(name: str, wanted: Any) -> None:
    """What is not there is matched by `$absent` and `$any` alone: not even `$ne` speaks of it."""
    assert (mismatches({"x": {name: wanted}}, {}) == ()) is (name in {"$absent", "$any"})


EXPLAINED: list[tuple[Any, Any, list[tuple[str, str, str]]]] = [
    ({"query": {"$icontains": "courses"}}, {"query": "SELECT 1"}, [("query", '$icontains "courses"', '"SELECT 1"')]),
    ({"a": {"$gte": 41, "$lte": 42}}, {"a": "41,50"}, [("a", "$gte 41, $lte 42", '"41,50"')]),
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
]


@pytest.mark.parametrize("pattern, at, summary", REFUSED)
def test_a_misused_matcher_is_a_problem_at_its_place(pattern: Any, at: tuple[Any, ...], summary: str) -> None:
    """What matching could not make sense of is refused before anything is played."""
    (problem,) = problems(pattern)

    assert problem.at == at
    assert problem.summary.startswith(summary)


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
