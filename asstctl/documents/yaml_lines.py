"""Lines of YAML on their way to text, and the columns in which the comments behind them stand."""

from collections.abc import Sequence
from dataclasses import dataclass

from asstctl.documents.yaml_comments import Comment

_NEAR = 2
"""A comment behind a value by so many blanks or fewer stands there for the value's sake, and not in a column."""


@dataclass(eq=False)
class Line:
    """One line on its way: `code` at a column, and a comment behind it, or alone. `raw` is a line of a text.

    `under`: the line in whose column of comments this one stands, which holds nothing else.
    """

    column: int
    code: str
    comment: Comment | None = None
    raw: bool = False
    under: "Line | None" = None

    @property
    def width(self) -> int:
        return self.column + len(self.code) if self.code else 0


def with_comments(lines: Sequence[Line]) -> list[str]:
    """The lines as text, the comments behind them where they were: near their values, or in their columns."""
    columns: dict[int, list[Line]] = {}
    for line in lines:
        if line.comment is not None and line.code:
            columns.setdefault(line.comment.column, []).append(line)
    places: dict[int, int] = {}
    for column, members in columns.items():
        spaces = [one.comment.space or 0 for one in members if one.comment]
        widest, least = max(one.width for one in members), min(_NEAR, *spaces)
        for one, space in zip(members, spaces, strict=True):
            if max(spaces) <= _NEAR:
                places[id(one)] = one.width + space
            else:
                places[id(one)] = column if widest + least <= column else widest + _NEAR
    return [_shown(line, places) for line in lines]


def _shown(line: Line, places: dict[int, int]) -> str:
    code = line.code if line.raw else " " * line.column + line.code
    if line.comment is None:
        return code if line.raw or line.code else ""
    if line.under is not None:
        return " " * places[id(line.under)] + line.comment.text
    if not line.code:
        return " " * line.column + line.comment.text
    return code.ljust(places[id(line)]) + line.comment.text
