"""The fields and files of one change in Markdown: what comes and goes as a `diff`, which forges colour, and what
somebody else changed as a table of who says what.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby

from asstctl.core.change import Absent, Change, FileChange
from asstctl.core.json_text import json_lines
from asstctl.core.json_types import Json
from asstctl.core.reference import is_known
from asstctl.render.differences import words_text
from asstctl.render.fields import DEFAULT, NONE, UNKNOWN
from asstctl.render.files import file_words
from asstctl.render.markdown.text import code, fenced, table
from asstctl.render.tellings import Apart, Becomes, Remark, Telling, said_of, tellings
from asstctl.render.text import cells, clipped
from asstctl.render.values import counted, is_long_text, value_text
from asstctl.render.words import Row, Side, TextDiff, diff_texts

_LONGEST = 100
"""Characters of a value that stands behind its name; a longer one has lines of its own."""

_LONGEST_CELL = 80
_SHORT_LINE = 72
"""Columns of a line in which a change is seen without help."""


def change_blocks(change: Change) -> list[str]:
    """All fields and files, as lines of Markdown."""
    told = tellings(change)
    apart = [one for one in told if isinstance(one, Apart)]
    lines = [*_tables(apart)]
    shown = [text for one in told for text in _diff(one)]
    shown += [_file(file) for file in change.files]
    if shown:
        lines += [*([""] if lines else []), *fenced(shown, "diff")]
    return lines


def names_words(change: Change) -> str:
    """The fields by their names alone, and how many files."""
    names = [f"{code(field.name)}{_extent(field.before, field.after)}" for field in change.fields]
    files = [counted(len(change.files), "file")] if change.files else []
    return ", ".join([*names, *files])


def _extent(before: Json | Absent, after: Json | Absent) -> str:
    """How much of a long text changes."""
    if not (isinstance(before, str) and isinstance(after, str)) or "\n" not in before + after:
        return ""
    return f" ({_header(diff_texts(before, after))})"


def _file(file: FileChange) -> str:
    symbol, said = file_words(file)
    return f"{symbol} {file.path}  {said}".rstrip()


def _tables(apart: Sequence[Apart]) -> Iterator[str]:
    """A table for each sort of sides, the field first."""
    for number, (heads, those) in enumerate(groupby(apart, key=lambda one: one.heads)):
        if number:
            yield ""
        rows = [[code(one.name), *(_cell(side, one) for side in one.sides)] for one in those]
        yield from table(("field", *heads), rows)


def _cell(side: str, one: Apart) -> str:
    if side in (DEFAULT, NONE, UNKNOWN):
        return side
    if len(side) > _LONGEST_CELL and side in map(said_of, (one.live, one.other)):
        return "see below"
    return code(clipped(side, _LONGEST_CELL, "…"))


def _diff(told: Telling) -> Iterator[str]:
    match told:
        case Remark(sign, name, said):
            yield f"{sign} {name}: {said}"
        case Apart(name, heads, _, live, other) if max(len(said_of(live)), len(said_of(other))) > _LONGEST_CELL:
            last = "" if isinstance(other, Absent) else f", + {heads[-1]}"
            yield f"! {name}: (- {heads[0]}{last})"
            yield from _becomes(name, live, other)
        case Becomes(_, name, before, after, resets):
            yield from _becomes(name, before, after, f" -> {DEFAULT}" if resets else "")


def _becomes(name: str, before: Json | Absent, after: Json | Absent, remark: str = "") -> Iterator[str]:
    if isinstance(before, str) and isinstance(after, str) and (_is_long(before) or _is_long(after)):
        diff = diff_texts(before, after)
        yield f"  {name}: {_header(diff)}".rstrip()
        yield from _hunks(diff)
        return
    if not isinstance(before, Absent):
        yield from _side("-", name, before, remark)
    if not isinstance(after, Absent):
        yield from _side("+", name, after)


def _side(sign: str, name: str, value: Json, remark: str = "") -> Iterator[str]:
    if isinstance(value, str) and _is_long(value):
        lines = value.split("\n")
        yield f"{sign} {name}: ({_size(value)}){remark}"
        yield from (f"{sign}   {text}" for text in lines)
        return
    said = value_text(value)
    if len(said) <= _LONGEST or not is_known(value):
        yield f"{sign} {name}: {said}{remark}"
        return
    first, *rest = json_lines(value)
    yield f"{sign} {name}: {first}"
    yield from (f"{sign} {text}" for text in rest)


def _size(text: str) -> str:
    lines = text.count("\n") + 1
    return (f"{counted(lines, 'line')}, " if lines > 1 else "") + counted(len(text), "character")


def _header(diff: TextDiff) -> str:
    return f"{diff.changed:,} of {counted(diff.total, 'line')}" if diff.total > 1 else ""


def _is_long(text: str) -> bool:
    return is_long_text(text, _LONGEST)


def _hunks(diff: TextDiff) -> Iterator[str]:
    """The changed lines with one around them, and of a long line the words that changed."""
    near = {at for number, row in enumerate(diff.rows) if row.changed for at in (number - 1, number, number + 1)}
    last, line = -1, 0
    for number, row in enumerate(diff.rows):
        line += row.new
        if number not in near:
            continue
        if diff.total > 1 and (number > last + 1 or not number):
            yield f"@@ line {max(1, line)} @@"
        yield from _row(row)
        last = number


def _row(row: Row) -> Iterator[str]:
    old, new = (
        "".join(piece.text for piece in row.pieces if piece.side in (Side.SAME, side)) for side in (Side.OLD, Side.NEW)
    )
    if not row.changed:
        yield f"  {new}"
        return
    if row.old:
        yield f"- {old}"
    if row.new:
        yield f"+ {new}"
    shared = any(piece.side is Side.SAME and piece.text.strip() for piece in row.pieces)
    if row.old and row.new and shared and max(cells(old), cells(new)) > _SHORT_LINE:
        yield f"# {words_text(row)}"
