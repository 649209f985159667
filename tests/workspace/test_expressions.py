"""Expressions of `-k` and `--tag`: what they mean, and where they are wrong."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asstctl.core.errors import WrongUsage
from asstctl.workspace.conversations.expressions import read_expression

WORDS = {"refund", "german", "two words", "and"}


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("refund", True),
        ("slow", False),
        ("not slow", True),
        ("not not slow", False),
        ("refund and german", True),
        ("refund and slow", False),
        ("slow or german", True),
        ("slow or refund and slow", False),
        ("(slow or refund) and german", True),
        ("not (slow or refund)", False),
        ("not slow and refund", True),
        ("refund and(german)", True),
        ("'two words' and \"and\"", True),
        ("  refund  ", True),
        ("android", False),
    ],
)
def test_an_expression_means_what_python_would(text: str, fits: bool) -> None:
    assert read_expression(text, "-k")(WORDS.__contains__) is fits


@pytest.mark.parametrize(
    ("text", "what", "column"),
    [
        ("", "a word is missing", 0),
        ("   ", "a word is missing", 3),
        ("and", "a word is missing", 0),
        ("refund or", "a word is missing", 9),
        ("not", "a word is missing", 3),
        ("(refund", "`)` is missing", 7),
        ("()", "a word is missing", 1),
        ("refund)", "nothing was opened", 6),
        ("refund german", "`and` or `or` is missing", 7),
        ("refund 'german", "a quote is not closed", 7),
        ("(" * 60 + "a" + ")" * 60, "it is nested too deep", 51),
        ("not " * 2000 + "a", "it is nested too deep", 204),
    ],
)
def test_what_is_no_expression_is_shown_with_its_place(text: str, what: str, column: int) -> None:
    with pytest.raises(WrongUsage) as refused:
        read_expression(text, "-k")

    assert refused.value.summary == f"-k: {what}"
    assert refused.value.detail.split("\n")[-1] == " " * column + "^"


expressions = st.recursive(
    st.sampled_from(["a", "b", "c"]),
    lambda inner: st.one_of(
        st.builds("not {}".format, inner),
        st.builds("({} and {})".format, inner, inner),
        st.builds("({} or {})".format, inner, inner),
    ),
    max_leaves=12,
)


@given(expressions, st.frozensets(st.sampled_from(["a", "b", "c"])))
def test_any_expression_agrees_with_python(text: str, words: frozenset[str]) -> None:
    names = {name: name in words for name in "abc"}

    assert read_expression(text, "-k")(words.__contains__) is eval(text, {}, names)


@given(st.text(max_size=40))
def test_any_text_is_an_expression_or_wrong_usage(text: str) -> None:
    with suppress(WrongUsage):
        assert read_expression(text, "-k")(lambda word: True) in {True, False}
