"""Differences of texts."""

import random
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from asstctl.core.address import Address
from asstctl.core.change import Action, Change, FieldChange, FieldState
from asstctl.render.differences import marked
from asstctl.render.fields import field_lines
from asstctl.render.style import PLAIN, Look
from asstctl.render.text import Line
from asstctl.render.words import Piece, Side, TextDiff, diff_texts

few = st.text(st.sampled_from("ab 你好\n。"), max_size=40)


def shown(spans: Line) -> str:
    return "".join(span.text for span in spans)


def pieces_of(old: str, new: str) -> tuple[Piece, ...]:
    """The difference of two texts of one line each."""
    (row,) = diff_texts(old, new).rows
    return row.pieces


def put_together(diff: TextDiff, side: Side) -> str:
    """One of the two texts again."""
    rows = (row for row in diff.rows if (row.old if side is Side.OLD else row.new))
    return "\n".join("".join(p.text for p in row.pieces if p.side in {Side.SAME, side}) for row in rows)


@pytest.mark.parametrize(
    "old, new, difference",
    [
        (
            "你是AGI课堂的助手。你只回答",
            "你是AGI课堂的智能助理。你只回答",
            "你是AGI课堂的[-助手-]{+智能助理+}。你只回答",
        ),
        ("the quick brown fox jumps", "the slow red fox jumps", "the [-quick brown-]{+slow red+} fox jumps"),
        ("be kind", "be kind and short", "be kind{+ and short+}"),
        ("be very kind", "be kind", "be [-very -]kind"),
        ("one thing", "something else entirely", "[-one thing-]{+something else entirely+}"),
        ("f(x) = 1 + y", "f(x) = 2 + y", "f(x) = [-1-]{+2+} + y"),
        ("", "new", "{+new+}"),
        ("old", "", "[-old-]"),
        ("same", "same", "same"),
    ],
)
def test_words(old: str, new: str, difference: str) -> None:
    """Words are compared, CJK characters each on their own, and neighbouring changes are one."""
    assert shown(marked(pieces_of(old, new), PLAIN)) == difference


def test_colour_replaces_the_marks() -> None:
    """On a terminal colour tells the sides apart; marks stay around what cannot be seen."""
    color = Look(color=True)

    assert shown(marked(pieces_of("be kind now", "be rude now"), color)) == "be kindrude now"
    assert shown(marked(pieces_of("be kind", "be kind "), color)) == "be kind{+ +}"


@pytest.mark.parametrize(
    "old, new, changed, total",
    [
        ("a\nb\nc", "a\nB\nc", 1, 3),
        ("a\nb\nc\n", "a\nB\nc\n", 1, 3),
        ("a\nb", "a\nb\nc", 1, 3),
        ("a\nb\nc", "a", 2, 3),
        ("a", "b", 1, 1),
        ("", "", 0, 1),
        ("a", "a\n", 1, 2),
    ],
)
def test_lines_are_counted(old: str, new: str, changed: int, total: int) -> None:
    """A line and what became of it count once; the newline at the end begins no line."""
    diff = diff_texts(old, new)

    assert (diff.changed, diff.total) == (changed, total)


def test_a_line_is_compared_with_the_one_it_became() -> None:
    """A line put in between does not set every following line against its neighbour."""
    old = "intro\nAnswer in one short sentence.\nNever guess an answer.\nend"
    new = "intro\nBe honest about it all.\nAnswer in two short sentences.\nNever guess any answer.\nend"

    rows = [shown(marked(row.pieces, PLAIN)) for row in diff_texts(old, new).rows if row.changed]

    assert rows == [
        "{+Be honest about it all.+}",
        "Answer in [-one-]{+two+} short [-sentence-]{+sentences+}.",
        "Never guess [-an-]{+any+} answer.",
    ]


def test_a_rewritten_line_stays_one_line() -> None:
    """Lines that have nothing in common are set against each other in order, each pair one line."""
    rows = [shown(marked(row.pieces, PLAIN)) for row in diff_texts("a\nb\nc", "x\ny\nc").rows]

    assert rows == ["[-a-]{+x+}", "[-b-]{+y+}", "c"]


def test_long_texts_are_compared_to_the_end() -> None:
    """Two edits far apart in a long text are two changed lines, not everything between them."""
    lines = [f"Rule {n}: be {n}" for n in range(5000)]
    edited = [*lines[:3], "Rule three: be 3", *lines[4:4990], "", *lines[4990:]]

    assert diff_texts("\n".join(lines), "\n".join(edited)).changed == 2


def test_a_rewrite_of_a_huge_line_stays_readable() -> None:
    """A line of a quarter of a million characters that has nothing in common with the old one is cut, and says so."""
    field = FieldChange("instructions", FieldState.OURS, "one\n" + "old " * 60_000, "one\n" + "new " * 60_000)

    lines = field_lines(Change(Address("assistant", "a"), Action.UPDATE, (field,)), PLAIN)

    assert len(lines) < 100
    assert "(+238,000 characters)" in shown(tuple(span for spans in lines for span in spans))


def test_a_rewrite_of_many_lines_is_counted() -> None:
    """Beyond some hundred changed lines the rest is a number; JSON has them all."""
    old, new = ("\n".join(f"{word} {n}" for n in range(300)) for word in ("before", "afterwards"))
    field = FieldChange("instructions", FieldState.OURS, old, new)

    lines = field_lines(Change(Address("assistant", "a"), Action.UPDATE, (field,)), PLAIN)

    assert shown(lines[-1]).strip() == "(100 more changed lines)"


@given(few, few)
@example("a\n", "a")
@example("\n\n", "\n")
def test_both_sides_are_kept(old: str, new: str) -> None:
    """From a difference both texts can be put together again, whatever they hold."""
    diff = diff_texts(old, new)

    assert put_together(diff, Side.OLD) == old
    assert put_together(diff, Side.NEW) == new
    assert 0 <= diff.changed <= diff.total or old == new


@given(st.text(max_size=60), st.text(max_size=60))
def test_both_sides_are_kept_of_any_text(old: str, new: str) -> None:
    """The same for texts of any characters."""
    diff = diff_texts(old, new)

    assert put_together(diff, Side.OLD) == old
    assert put_together(diff, Side.NEW) == new


@pytest.mark.parametrize("alphabet", ["a \n", "ab ", "abcdefgh \n", "你我他\n"])
def test_work_is_bounded(alphabet: str) -> None:
    """Texts at the old limit of 256,000 characters that have almost nothing in common end soon."""
    draw = random.Random(7)
    old, new = ("".join(draw.choices(alphabet, k=256_000)) for _ in range(2))
    began = time.monotonic()

    diff = diff_texts(old, new)

    assert put_together(diff, Side.OLD) == old
    assert time.monotonic() - began < 20  # minutes where it is not bounded
