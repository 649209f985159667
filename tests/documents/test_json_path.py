"""JSONPath: which paths are taken, what they find, and that they end."""

from typing import Any

import pytest

from asstctl.documents.json_path import MAX_PATH, PathTimeout, check_path, find, is_singular

VALUE: dict[str, Any] = {"a": 1, "日": None, "l": [{"s": 1, "n": 2}, {"s": 2}], "d": {"l": [{"s": 3}]}}

FOUND: list[tuple[str, tuple[Any, ...], bool]] = [
    ("$", (VALUE,), True),
    ("$.a", (1,), True),
    ("$['日']", (None,), True),
    ("$.日", (None,), True),
    ("$.l[-1].s", (2,), True),
    ("$.l[5]", (), True),
    ("$.a.b", (), True),
    ("$.l[*].s", (1, 2), False),
    ("$.l[0:1].s", (1,), False),
    ("$..s", (1, 2, 3), False),
    ("$['a', 'a']", (1, 1), False),
    ("$.l[?@.n == 2].s", (1,), False),
    ("$.l[?length(@) == 1].s", (2,), False),
]


@pytest.mark.parametrize("path, found, singular", FOUND)
def test_a_path_finds_values_in_their_order(path: str, found: tuple[Any, ...], singular: bool) -> None:
    """Those of names and positions alone name one place."""
    assert check_path(path) is None
    assert find(path, VALUE) == found
    assert is_singular(path) is singular


REFUSED: list[tuple[str, str]] = [
    ("a.b", "it has to begin with `$`"),
    ("", "it has to begin with `$`"),
    ("$.a[", "unbalanced brackets"),
    ("$[99999999999999999999]", "index out of range"),
    ("$[?nothing(@)]", "function 'nothing' is not defined"),
    ("$[?match(@.a, '(a+)+$')]", "`match()` is left out here; use the matcher `$regex`"),
    ("$[?search(@.a, 'x')]", "`search()` is left out here; use the matcher `$regex`"),
    ("$" + ".a" * MAX_PATH, "it is longer than 1,000 characters"),
]


@pytest.mark.parametrize("path, words", REFUSED)
def test_a_path_that_cannot_be_used_is_refused(path: str, words: str) -> None:
    """In a sentence, before anything is followed."""
    assert check_path(path) == words


def test_a_path_that_branches_without_end_is_ended() -> None:
    """Each step multiplies what the next one looks at."""
    value: Any = 1
    for _ in range(30):
        value = [value]

    with pytest.raises(PathTimeout, match="took longer than 1 s"):
        find("$" + "[0, 0]" * 30, value)
