"""Operators of `expect`: pass, fail, and the words of a failure."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asstctl.conversation.checks import CHECKS
from asstctl.conversation.text import fold

TABLE: list[tuple[str, Any, str, str, str]] = [
    ("equals", "x = 1", "x = 1", "x = 1\n", 'the reply must be exactly "x = 1"'),
    ("contains", "周三", "周三有课", "星期三有课", 'the reply must contain "周三"'),
    ("contains-any", ["周三", "星期三"], "星期三", "周四", 'the reply must contain any of "周三", "星期三"'),
    (
        "icontains",
        "Refund",
        "your ＲＥＦＵＮＤ is",
        "your money",
        'the reply must contain "Refund" (both sides compared NFKC-casefolded)',
    ),
    ("regex", r"R-\d+", "see R-12", "see R-x", 'the reply must match the pattern "R-\\\\d+"'),
]


def test_the_table_covers_every_operator_and_each_has_a_twin() -> None:
    """No operator is without a row, and `not-` stands before each."""
    names = {row[0] for row in TABLE}

    assert names | {f"not-{name}" for name in names} == set(CHECKS)


@pytest.mark.parametrize("name, expected, good, bad, words", TABLE)
def test_an_operator_and_its_twin(name: str, expected: Any, good: str, bad: str, words: str) -> None:
    """Where one is silent the other explains, with the operator and the reply beside each other."""
    check, twin = CHECKS[name], CHECKS[f"not-{name}"]
    assert check.explain(good, expected) is None
    assert twin.explain(bad, expected) is None

    failed, twin_failed = check.explain(bad, expected), twin.explain(good, expected)

    assert failed is not None
    assert failed.message == words
    assert twin_failed is not None
    assert twin_failed.message == words.replace("must", "must not", 1)
    assert failed.mismatch.path == "reply"
    assert failed.mismatch.expected.startswith(f"{name} ")
    assert twin_failed.mismatch.expected.startswith(f"not-{name} ")
    assert bad.strip() in failed.mismatch.actual


@pytest.mark.parametrize(
    "name, value, words",
    [
        ("equals", 1, "takes a text"),
        ("contains", "", "takes a text"),
        ("contains", None, "takes a text"),
        ("contains-any", "周三", "takes a list of texts"),
        ("contains-any", [], "takes a list of texts"),
        ("contains-any", ["a", 1], "takes a list of texts"),
        ("icontains", {"a": 1}, "takes a text"),
        ("regex", "(", "is not a regular expression: missing ), unterminated subpattern at position 0"),
        ("regex", "", "takes a regular expression"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused(name: str, value: Any, words: str) -> None:
    """Offline, in the words that follow the operator's name; the twin refuses the same."""
    assert CHECKS[name].refuses(value) == words
    assert CHECKS[f"not-{name}"].refuses(value) == words


def test_equals_takes_an_empty_text() -> None:
    """`equals: ""` means no reply at all."""
    assert CHECKS["equals"].refuses("") is None


@pytest.mark.parametrize("name", ["regex", "not-regex"])
def test_a_pattern_that_never_ends_fails_either_way(name: str) -> None:
    """What could not be checked has not been met, turned round or not."""
    failed = CHECKS[name].explain("a" * 40 + "b", "(a+)+$")

    assert failed is not None
    assert failed.message == f"`{name}` could not be checked: the pattern took too long on this reply"


TEXTS = st.text(min_size=1, max_size=8)


@given(st.text(max_size=30), TEXTS, st.sampled_from(["equals", "contains", "icontains"]))
def test_a_twin_is_the_negation(reply: str, text: str, name: str) -> None:
    """Exactly one of the two explains, whatever the reply."""
    plain, twin = CHECKS[name].explain(reply, text), CHECKS[f"not-{name}"].explain(reply, text)

    assert (plain is None) is not (twin is None)


@given(st.text(max_size=30), st.lists(TEXTS, min_size=1, max_size=3))
def test_contains_any_is_the_union(reply: str, texts: list[str]) -> None:
    """It holds when one of its texts is contained, and its twin when none is."""
    one = any(CHECKS["contains"].explain(reply, text) is None for text in texts)

    assert (CHECKS["contains-any"].explain(reply, texts) is None) is one
    assert (CHECKS["not-contains-any"].explain(reply, texts) is None) is not one


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    """So both sides of a comparison may come folded or not."""
    assert fold(fold(text)) == fold(text)
