"""Explanations: which parts of a changed field differ, by path."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asstctl.core.change import ABSENT, Detail
from asstctl.engine.planning.explain import explain
from asstctl.kinds.canonical import plain, same


@pytest.mark.parametrize(
    "before, after, expected",
    [
        pytest.param("a", "b", (), id="a text has no parts"),
        pytest.param(ABSENT, {"a": 1}, (), id="nothing to compare with"),
        pytest.param({"a": 1}, {"a": 1}, (), id="no difference"),
        pytest.param({"b": 1, "a": 1}, {"b": 2, "a": 2}, (Detail("a", 1, 2), Detail("b", 1, 2)), id="in path order"),
        pytest.param({"a": {"b": 1}}, {"a": {}}, (Detail("a.b", 1, ABSENT),), id="gone"),
        pytest.param({"a": [1]}, {"a": [1, 2]}, (Detail("a.1", ABSENT, 2),), id="added to a list"),
        pytest.param({"a": 1}, {"a": True}, (Detail("a", 1, True),), id="1 and true"),
        pytest.param({"a": 1}, {"a": None}, (Detail("a", 1, None),), id="null is not absent"),
        pytest.param({"a": [0, 1]}, {"a": [False, 1]}, (Detail("a.0", 0, False),), id="0 and false in a list"),
        pytest.param(
            {"a": [1]},
            {"a": [1, {"b": [True]}]},
            (Detail("a.1", ABSENT, {"b": [True]}),),
            id="booleans inside what is added",
        ),
        pytest.param({"__a": 1}, {"__a": 2}, (Detail("__a", 1, 2),), id="two underscores"),
        pytest.param({"a": "x"}, {"a": {"b": 1}}, (Detail("a", "x", {"b": 1}),), id="another type"),
        pytest.param(
            {"a": {"k": 1, "b": 1, "c": 1, "d": 1}},
            {"a": {"k": 2, "e": 1, "f": 1, "g": 1}},
            (
                Detail("a.b", 1, ABSENT),
                Detail("a.c", 1, ABSENT),
                Detail("a.d", 1, ABSENT),
                Detail("a.e", ABSENT, 1),
                Detail("a.f", ABSENT, 1),
                Detail("a.g", ABSENT, 1),
                Detail("a.k", 1, 2),
            ),
            id="mostly different, and still by path",
        ),
    ],
)
def test_a_difference_is_told_by_its_path(before: Any, after: Any, expected: tuple[Detail, ...]) -> None:
    """Each once, ABSENT on the side that lacks it."""
    assert explain(before, after) == expected


# 0, 1 and the booleans often, since Python takes them for each other
SCALARS = st.sampled_from([0, 1, False, True, None, "", "a", 0.5]) | st.text(max_size=3)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "__c__"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(JSON, JSON)
def test_an_explanation_is_empty_exactly_where_values_are_the_same(left: Any, right: Any) -> None:
    """The decision and its explanation cannot contradict each other."""
    before, after = plain({"value": left}), plain({"value": right})

    assert same(before, after) is (explain(before, after) == ())
    assert explain(before, before) == ()
