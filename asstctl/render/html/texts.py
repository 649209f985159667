"""Texts of any length as they are shown: cut with a note of what is left out, JSON in lines, differences in words."""

from asstctl.core.json_text import json_lines, read_json
from asstctl.render.html.markup import Content, Markup, joined, tag
from asstctl.render.values import counted
from asstctl.render.words import Piece, Row, Side, diff_texts

LONGEST = 8000
"""Characters of one text that are shown; the JSON report has it all."""

_SHORT_JSON = 72
_FOLDED_CHARACTERS, _FOLDED_LINES = 700, 12
"""An answer of a tool that is longer is folded away."""

_MOST_ROWS = 200
_SIDES = {Side.OLD: "del", Side.NEW: "ins"}


def cut(text: str, longest: int = LONGEST) -> Content:
    """The beginning of a text, and how much of it is not there."""
    left = len(text) - longest
    if left <= 0:
        return text
    note = f"{counted(left, 'more character')}: the JSON report has them all"
    return (text[:longest], "… ", tag("span", note, class_="left-out"))


def prose(text: str) -> Content:
    """A sentence of ours, in which ticks stand around code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return text
    return [tag("code", part) if number % 2 else part for number, part in enumerate(parts)]


def json_shown(text: str) -> str:
    """JSON in lines, unless it is short; anything else as it is."""
    if len(text) > 4 * LONGEST:
        return text
    try:
        value = read_json(text)
    except ValueError:
        return text
    if not isinstance(value, dict | list) or len(text) <= _SHORT_JSON:
        return text
    return "\n".join(json_lines(value))


def foldable(label: str, text: str) -> Markup:
    """A block of text behind its label; a long one is folded."""
    block = tag("pre", cut(text))
    if len(text) <= _FOLDED_CHARACTERS and text.count("\n") < _FOLDED_LINES:
        return tag("div", tag("span", label, class_="label"), block, class_="part")
    size = tag("span", counted(len(text), "character"), class_="faint")
    return tag("details", tag("summary", tag("span", label, class_="label"), " ", size), block, class_="part")


def difference(old: str, new: str, *, whole: bool = False) -> Markup:
    """What went and what came, in the lines that changed and one line around them; `whole`: however much that is."""
    rows = diff_texts(old, new).rows
    near = {at for number, row in enumerate(rows) if row.changed for at in (number - 1, number, number + 1)}
    shown: list[Content] = []
    last = -1
    for number in sorted(near & set(range(len(rows)))):
        if len(shown) >= _MOST_ROWS and not whole:
            shown.append(tag("span", "the rest of the difference is left out", class_="row left-out"))
            break
        if number > last + 1:
            shown.append(tag("span", "⋯", class_="row faint", aria_hidden="true"))
        shown.append(_row(rows[number], whole=whole))
        last = number
    return tag("div", shown, class_="words", dir="auto")


def _row(row: Row, *, whole: bool) -> Markup:
    # an empty line that came or went would be invisible
    pieces = row.pieces if any(piece.text for piece in row.pieces) or not row.changed else (_break(row),)
    return tag("span", [_piece(piece, whole=whole) for piece in pieces], class_="row")


def _break(row: Row) -> Piece:
    return Piece(Side.NEW if row.new else Side.OLD, "↵")


def _piece(piece: Piece, *, whole: bool) -> Content:
    name = _SIDES.get(piece.side)
    text = piece.text if whole else cut(piece.text)
    return tag(name, text) if name else text


def lines_of(*parts: Content) -> Markup:
    """Contents below each other in the source, for whoever reads that."""
    return joined(*parts, by="\n")
