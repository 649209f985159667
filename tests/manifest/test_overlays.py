"""Merge patches: the laws of RFC 7396, and the two meanings of null."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asstctl.core.merge_patch import merge_patch
from asstctl.manifest.overlays import with_body, with_overlay

WHOLE = frozenset({"response_format"})

scalars = st.none() | st.booleans() | st.integers(-3, 3) | st.text("ab", max_size=2)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
maps = st.dictionaries(st.sampled_from("abc"), values, max_size=3)


@pytest.mark.parametrize(
    "target, patch, result",
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_the_examples_of_rfc_7396(target: Any, patch: Any, result: Any) -> None:
    assert merge_patch(target, patch) == result


@given(values, values)
def test_a_patch_applied_twice_is_applied_once(target: Any, patch: Any) -> None:
    once = merge_patch(target, patch)

    assert merge_patch(once, patch) == once


@given(values)
def test_an_empty_patch_changes_no_map(target: Any) -> None:
    assert merge_patch(target, {}) == (target if isinstance(target, dict) else {})


@given(maps, maps)
def test_neither_side_is_changed(target: Any, patch: Any) -> None:
    before = repr((target, patch))
    with_overlay(with_body(target, patch, WHOLE), target, WHOLE)

    assert repr((target, patch)) == before


@given(maps, maps)
def test_an_overlay_alone_brings_no_null(body: Any, overlay: Any) -> None:
    def nulls(value: Any) -> bool:
        return value is None or (isinstance(value, dict) and any(map(nulls, value.values())))

    assert not any(nulls(value) for value in with_overlay({}, overlay, WHOLE).values())


@pytest.mark.parametrize(
    "defaults, body, result",
    [
        ({"temperature": 1}, {"temperature": None}, {"temperature": None}),
        ({"temperature": None}, {}, {}),
        ({"metadata": {"a": "1", "b": "2"}}, {"metadata": {"a": None}}, {"metadata": {"b": "2"}}),
        ({}, {"metadata": {"a": None}}, {"metadata": {}}),
        ({"tools": [1]}, {"tools": [2]}, {"tools": [2]}),
        ({"response_format": {"a": 1}}, {"response_format": {"b": None}}, {"response_format": {"b": None}}),
        ({"response_format": {"a": None}}, {}, {"response_format": {"a": None}}),
    ],
)
def test_null_in_a_body_means_managed_at_the_default(defaults: Any, body: Any, result: Any) -> None:
    assert with_body(defaults, body, WHOLE) == result


@pytest.mark.parametrize(
    "value, overlay, result",
    [
        ({"temperature": 1}, {"temperature": None}, {}),
        ({"temperature": None}, {}, {"temperature": None}),
        ({"metadata": {"a": "1"}}, {"metadata": {"a": None, "b": "2"}}, {"metadata": {"b": "2"}}),
        ({"response_format": {"a": 1}}, {"response_format": {"b": 1}}, {"response_format": {"b": 1}}),
        ({"response_format": {"a": 1}}, {"response_format": None}, {}),
    ],
)
def test_null_in_an_overlay_means_not_declared(value: Any, overlay: Any, result: Any) -> None:
    assert with_overlay(value, overlay, WHOLE) == result
