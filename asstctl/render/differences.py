"""The lines of a difference of two texts: each changed line once, with what went and what came marked in it.

What the difference is was found by `words`.
"""

from collections.abc import Iterable, Iterator, Sequence

from asstctl.render.style import PLAIN, Look, Style
from asstctl.render.text import EMPTY, Line, Span, cells, line, wrapped
from asstctl.render.values import counted
from asstctl.render.words import Piece, Row, Side, TextDiff

SHOWN_ROWS = 200
_CONTEXT = 24
"""Columns of unchanged text kept on each side of a change in a line that does not fit."""

_LONGEST_PIECE = 2000
_SIDE_STYLES = {Side.SAME: Style.PLAIN, Side.OLD: Style.REMOVE, Side.NEW: Style.ADD}


def diff_lines(diff: TextDiff, look: Look, indent: str, most: int = SHOWN_ROWS) -> Iterator[Line]:
    """The changed lines, at most so many of them, each behind a bar."""
    shown, last = 0, None
    for number, row in enumerate(diff.rows):
        if not row.changed:
            continue
        if shown == most:
            yield line(indent, Span(f"({counted(diff.changed - shown, 'more changed line')})", Style.FAINT))
            return
        if last is not None and number > last + 1:
            yield line(indent, Span(look.glyphs.ellipsis, Style.FAINT))
        yield from wrapped(_row(row, look, indent), look.width, f"{indent}| ", f"{indent}| ")
        shown, last = shown + 1, number


def _row(row: Row, look: Look, indent: str) -> Line:
    if not any(piece.text for piece in row.pieces):
        # an empty line that comes or goes: shown as the line break that it is
        side = Side.NEW if row.new else Side.OLD
        return marked((Piece(side, "\n"),), look)
    pieces = row.pieces
    if sum(cells(p.text) for p in pieces) > look.width - len(indent) - 2:
        pieces = _folded(pieces, look.glyphs.ellipsis)
    return marked(pieces, look)


def words_text(row: Row) -> str:
    """`…[-old-]{+new+}…`: what changed in one line, and what stands beside it, whatever the width."""
    return "".join(span.text for span in marked(_folded(row.pieces, PLAIN.glyphs.ellipsis), PLAIN))


def marked(pieces: Iterable[Piece], look: Look) -> Line:
    """`[-old-]{+new+}`; in colour the brackets are needed only around what cannot be seen otherwise."""
    spans: Line = EMPTY
    for piece in pieces:
        style = _SIDE_STYLES[piece.side]
        bare = piece.side is Side.SAME or (look.color and not piece.text.isspace())
        opening, closing = ("[-", "-]") if piece.side is Side.OLD else ("{+", "+}")
        spans += (Span(piece.text if bare else f"{opening}{piece.text}{closing}", style),)
    return spans


def _folded(pieces: Sequence[Piece], ellipsis: str) -> tuple[Piece, ...]:
    """Long unchanged stretches cut down to what stands beside a change, and changes of thousands of characters."""
    folded = []
    for number, piece in enumerate(pieces):
        text = piece.text
        if piece.side is Side.SAME and len(text) > 2 * _CONTEXT + 4:
            before = text[:_CONTEXT] if number else ""
            after = text[-_CONTEXT:] if number < len(pieces) - 1 else ""
            text = f"{before}{ellipsis}{after}"
        elif len(text) > _LONGEST_PIECE:
            text = f"{text[:_LONGEST_PIECE]}{ellipsis} (+{counted(len(text) - _LONGEST_PIECE, 'character')})"
        folded.append(Piece(piece.side, text))
    return tuple(folded)
