"""JSON as text: one text for equal values, one way to show them, and what is refused from outside."""

from collections import UserDict, UserList
from types import MappingProxyType
from typing import Any

import pytest

from asstctl.core.json_text import MAX_DEPTH, canonical, json_lines, json_text, read_json

FROZEN = MappingProxyType({"b": (1, MappingProxyType({"瓜": None})), "a": UserList([UserDict({"x": 1.5})])})


def test_frozen_values_are_written_like_plain_ones() -> None:
    """Any mapping is an object and any sequence a list."""
    value: Any = FROZEN

    assert canonical(value) == '{"a":[{"x":1.5}],"b":[1,{"瓜":null}]}'
    assert json_text(value) == '{"b": [1, {"瓜": null}], "a": [{"x": 1.5}]}'
    assert json_lines(value)[:3] == ["{", '  "b": [', "    1,"]


def test_what_is_no_json_is_not_written() -> None:
    """A set has no order that two runs would agree on."""
    value: Any = {"a": {1}}
    with pytest.raises(TypeError, match="set"):
        json_text(value)


@pytest.mark.parametrize("text", ["", "{", "nothing", "NaN", "[Infinity]", "1e999", b"\xff", "[" * 100_000])
def test_what_cannot_be_held_is_refused(text: str | bytes) -> None:
    """With one error for every reason."""
    with pytest.raises(ValueError):
        read_json(text)


@pytest.mark.parametrize("as_bytes", [True, False])
def test_nesting_has_an_end(as_bytes: bool) -> None:
    """As deep as is allowed, and one deeper."""

    def nested(depth: int) -> str | bytes:
        text = '{"a":' * depth + "[]" + "}" * depth
        return text.encode() if as_bytes else text

    assert read_json(nested(MAX_DEPTH - 1))
    assert read_json("[" + ",".join(["[]"] * 2 * MAX_DEPTH) + "]")
    with pytest.raises(ValueError, match="deep"):
        read_json(nested(MAX_DEPTH + 1))
