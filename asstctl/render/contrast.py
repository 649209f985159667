"""What is to be done otherwise than was approved, side by side: an address, what of it, and both values."""

from collections.abc import Iterable
from itertools import groupby

from asstctl.core.change import Absent
from asstctl.core.json_types import Json
from asstctl.core.plans import Contrast, Step
from asstctl.render.style import Look, Style
from asstctl.render.text import Line, Span, cells, line, padded, wrapped
from asstctl.render.values import summary

_WIDEST_NAME = 24
_NOTHING = "nothing"
_DEFAULT = "(default)"
_ARROW = " -> "


def contrast_lines(contrasts: Iterable[Contrast], look: Look) -> list[Line]:
    """Two lines for each: as approved, and as it is at present."""
    lines: list[Line] = []
    for address, those in groupby(contrasts, key=lambda one: one.address):
        group = list(those)
        lines.append(line("  ", Span(address or "the whole plan", Style.STRONG)))
        column = max(min(cells(one.what), _WIDEST_NAME) for one in group) + 2
        for one in group:
            lines += _one(one, column, look)
    return lines


def _one(one: Contrast, column: int, look: Look) -> list[Line]:
    head = line("    ", padded(one.what, column))
    lines = []
    if cells(one.what) > _WIDEST_NAME:
        lines, head = [head], line(" " * (4 + column))
    for word, side in (("approved  ", one.approved), ("present   ", one.present)):
        room = look.width - cells(head) - cells(word)
        lines += wrapped(_said(side, room, look), look.width, line(head, word), " " * (cells(head) + cells(word)))
        head = line(" " * (4 + column))
    return lines


def _said(side: Step | str | None, room: int, look: Look) -> str:
    match side:
        case None:
            return _NOTHING
        case str():
            return side
    each = max(16, (room - cells(_ARROW)) // 2)
    return _ARROW.join(_value(value, each, look) for value in side)


def _value(value: Json | Absent, room: int, look: Look) -> str:
    return _DEFAULT if isinstance(value, Absent) else summary(value, room, look)
