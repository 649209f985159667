"""Citations: markers found in a text that comes in pieces, whatever the pieces are."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asstctl.emulator.runs.citations import Citations, Piece, marker

ONE, TWO = marker(1, 0, "guide.md"), marker(1, 10, "a】b.md")
_MARKERS = {ONE: "file-1", TWO: "file-2"}


def test_a_marker_names_position_index_and_file() -> None:
    assert marker(4, 0, "guide.md") == "【4:0†guide.md】"


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        (["plain"], [Piece("plain")]),
        (["", "a", ""], [Piece("a")]),
        ([ONE], [Piece(ONE, "file-1")]),
        ([f"See {ONE}."], [Piece("See "), Piece(ONE, "file-1"), Piece(".")]),
        ([ONE + TWO + ONE], [Piece(ONE, "file-1"), Piece(TWO, "file-2"), Piece(ONE, "file-1")]),
        (["See 【1:", "0†gui", "de.md】 now"], [Piece("See "), Piece(ONE, "file-1"), Piece(" now")]),
        (list(ONE), [Piece(ONE, "file-1")]),
        (["【1:0†source】"], [Piece("【1:0†source】", "file-1")]),
        (["【1:1†source】"], [Piece("【1:1†source】")]),
        (["【1:", "2†other】"], [Piece("【1:2†other】")]),
        (["【【1:0†guide.md】"], [Piece("【"), Piece(ONE, "file-1")]),
        (["【1:0†【1:0†guide.md】"], [Piece("【1:0†"), Piece(ONE, "file-1")]),
        (["note 【", "sic】"], [Piece("note "), Piece("【sic】")]),
        (["open 【1:0†gui"], [Piece("open "), Piece("【1:0†gui")]),
    ],
)
def test_known_markers_are_pieces_of_their_own(pieces: list[str], expected: list[Piece]) -> None:
    citations = Citations(_MARKERS)
    found = [piece for text in pieces for piece in citations.feed(text)] + citations.flush()
    assert found == expected


def test_without_markers_nothing_is_held_back() -> None:
    assert Citations({}).feed("【1:") == [Piece("【1:")]


def test_a_text_full_of_openings_costs_no_more_than_its_length() -> None:
    citations = Citations({marker(1, number, "guide.md"): "file-1" for number in range(20)})
    text = "【" * 100_000
    before = time.process_time()
    assert "".join(piece.text for piece in citations.feed(text) + citations.flush()) == text
    # Tenths of a second; ten seconds and more where each look copies the rest of the text.
    assert time.process_time() - before < 3


@given(
    st.lists(st.sampled_from([ONE, TWO, "【1:0†source】", "【1:0†", "【", "】", "plain ", "1:0†guide.md】"])).map(
        "".join
    ),
    st.data(),
)
def test_the_pieces_join_to_the_text_whatever_the_cuts(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)))))
    citations = Citations(_MARKERS)
    pieces = [
        piece
        for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)
        for piece in citations.feed(text[start:end])
    ]
    pieces += citations.flush()
    assert "".join(piece.text for piece in pieces) == text
    whole = Citations(_MARKERS)
    cited = [piece for piece in whole.feed(text) + whole.flush() if piece.cites]
    assert [piece for piece in pieces if piece.cites] == cited
