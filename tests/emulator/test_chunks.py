"""Chunks: they cover the text, overlap as they were asked to, and none is over the limit."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asstctl.emulator.knowledge.chunks import spans
from asstctl.emulator.replies.tokens import estimate

_TEXTS = st.one_of(
    st.text(max_size=2_000),
    st.text(alphabet="ab .\n退款，。！é\U0001f600", max_size=5_000),
    st.builds(
        lambda piece, times: piece * times, st.text(alphabet="word 退。\n", min_size=1, max_size=9), st.just(400)
    ),
)
_SIZES = st.integers(100, 300).flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size // 2)))


@settings(deadline=None)
@given(text=_TEXTS, sizes=_SIZES)
def test_chunks_without_their_overlap_are_the_text(text: str, sizes: tuple[int, int]) -> None:
    joined, last = "", 0
    for start, end in spans(text, *sizes):
        assert start <= last < end or not joined
        joined += text[last:end]
        last = end
    assert joined == text


@settings(deadline=None)
@given(text=_TEXTS, sizes=_SIZES)
def test_no_chunk_and_no_overlap_is_over_its_limit(text: str, sizes: tuple[int, int]) -> None:
    cut = list(spans(text, *sizes))
    assert all(estimate(text[start:end]) <= sizes[0] for start, end in cut)
    for (_, last), (start, _) in pairwise(cut):
        assert estimate(text[start:last]) <= max(sizes[1], 0)


@settings(deadline=None)
@given(text=_TEXTS, sizes=_SIZES)
def test_every_chunk_but_the_last_brings_a_quarter_of_its_size(text: str, sizes: tuple[int, int]) -> None:
    cut = list(spans(text, *sizes))
    for (_, last), (_, end) in pairwise(cut[:-1]):
        assert estimate(text[last:end]) >= sizes[0] // 4 - 1


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("word " * 60 + "\n\n" + "word " * 60, "word " * 60 + "\n\n"),
        ("word " * 60 + "end.\n" + "word " * 60, "word " * 60 + "end.\n"),
        ("word " * 60 + "end. " + "word " * 60, "word " * 60 + "end. "),
        ("word " * 120, "word " * 80),
        ("退款政策。" * 50, "退款政策。" * 20),
        ("x" * 500, "x" * 400),
    ],
    ids=["paragraph", "line", "sentence", "word", "Chinese sentence", "no border"],
)
def test_a_chunk_ends_at_the_best_border_near_its_end(text: str, first: str) -> None:
    start, end = next(spans(text, 100, 0))
    assert text[start:end] == first


def test_an_overlap_begins_with_a_whole_word() -> None:
    text = "alpha beta gamma delta " * 200
    starts = [start for start, _ in spans(text, 100, 50)]
    assert all(start == 0 or text[start - 1] == " " for start in starts)
    assert len(starts) > 5
