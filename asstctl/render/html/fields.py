"""The fields and files of one change: what goes and what comes, word by word in long texts, and what somebody else
changed as a table of who says what. Nothing is left out: this is where the whole is.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby

from asstctl.core.change import Absent, Change, FileChange
from asstctl.core.json_text import json_lines
from asstctl.core.json_types import Json
from asstctl.core.reference import is_known
from asstctl.render.fields import DEFAULT, NONE, UNKNOWN
from asstctl.render.files import file_words
from asstctl.render.html.markup import Content, Markup, tag
from asstctl.render.html.texts import difference, lines_of
from asstctl.render.tellings import Apart, Becomes, Remark, Telling, said_of, tellings
from asstctl.render.values import counted, is_long_text, value_text
from asstctl.render.words import diff_texts

_LONGEST = 120
"""Characters of a value that stands behind its name; a longer one has lines of its own."""

_LONGEST_CELL = 120
_FOLDED_LINES = 16
_FOLDED_FILES = 40
_WORDS = {"+": "comes", "-": "goes", "~": "changes", "!": "was changed by somebody else", " ": "stays"}
_KINDS = {"+": "good", "-": "bad", "~": "changed", "!": "warn", " ": "faint"}


def fields(change: Change) -> Content:
    """All of them; nothing where a change has none."""
    told = tellings(change)
    apart = [one for one in told if isinstance(one, Apart)]
    rows = [row for one in told for row in _rows(one)]
    listed = tag("dl", lines_of(*rows), class_="fields") if rows else None
    return (*_tables(apart), listed, _files(change.files))


def sign(symbol: str, kind: str, word: str) -> Markup:
    """A sign for the eye, and a word for whoever listens."""
    shown = tag("span", symbol, aria_hidden="true")
    return tag("span", shown, tag("span", word, class_="unseen"), class_=f"sign {kind}")


def _rows(told: Telling) -> Iterator[Markup]:
    match told:
        case Remark(symbol, name, said):
            yield _row(symbol, name, said)
        case Apart(name, heads, _, live, other) if max(len(said_of(live)), len(said_of(other))) > _LONGEST_CELL:
            last = "" if isinstance(other, Absent) else f" against {heads[-1]}"
            note = tag("p", f"{heads[0]}{last}", class_="faint")
            yield _row("!", name, (note, _values(live, other)))
        case Becomes(symbol, name, before, after, resets):
            reset = tag("span", f" → {DEFAULT}", class_="faint") if resets else None
            yield _row(symbol, name, (_values(before, after), reset))


def _row(symbol: str, name: str, said: Content) -> Markup:
    term = tag("dt", sign(symbol, _KINDS[symbol], _WORDS[symbol]), " ", tag("code", name))
    return tag("div", term, tag("dd", said), class_=f"field {_KINDS[symbol]}")


def _values(before: Json | Absent, after: Json | Absent) -> Content:
    if isinstance(before, str) and isinstance(after, str) and (_is_long(before) or _is_long(after)):
        found = diff_texts(before, after)
        note = f"{found.changed:,} of {counted(found.total, 'line')}" if found.total > 1 else ""
        return (tag("p", note, class_="faint") if note else None, difference(before, after, whole=True))
    sides = [_side("del", before), _side("ins", after)]
    return [side for side in sides if side is not None]


def _side(name: str, value: Json | Absent) -> Content:
    """A value that goes or comes, folded where it is long."""
    if isinstance(value, Absent):
        return None
    if isinstance(value, str) and _is_long(value):
        return _block(name, value)
    said = value_text(value)
    if len(said) <= _LONGEST or not is_known(value):
        return tag(name, tag("code", said), class_="value")
    return _block(name, "\n".join(json_lines(value)))


def _block(name: str, text: str) -> Markup:
    shown = tag("pre", tag(name, text))
    lines = text.count("\n") + 1
    if lines <= _FOLDED_LINES and len(text) <= _FOLDED_LINES * _LONGEST:
        return shown
    size = f"{counted(lines, 'line')}, {counted(len(text), 'character')}"
    return tag("details", tag("summary", size, class_="faint"), shown, class_="part")


def _is_long(text: str) -> bool:
    return is_long_text(text, _LONGEST)


def _tables(apart: Sequence[Apart]) -> Iterator[Markup]:
    """A table for each sort of sides, the field first."""
    for heads, those in groupby(apart, key=lambda one: one.heads):
        head = tag("thead", tag("tr", [tag("th", said, scope="col") for said in ("field", *heads)]))
        body = tag("tbody", lines_of(*(_table_row(one) for one in those)))
        label = f"Fields: {', '.join(heads)}"
        table = tag("table", head, body, class_="sides-of")
        yield tag("div", table, class_="scroll", tabindex="0", role="region", aria_label=label)


def _table_row(one: Apart) -> Markup:
    cells = [tag("td", _cell(side, one)) for side in one.sides]
    return tag("tr", tag("th", tag("code", one.name), scope="row"), cells)


def _cell(side: str, one: Apart) -> Markup:
    if len(side) > _LONGEST_CELL and side in map(said_of, (one.live, one.other)):
        return tag("span", "see below", class_="faint")
    return tag("span", side, class_="faint") if side in (DEFAULT, NONE, UNKNOWN) else tag("code", side)


def _files(files: Sequence[FileChange]) -> Content:
    if not files:
        return None
    listed = tag("ul", lines_of(*map(_file, files)), class_="files-of")
    if len(files) <= _FOLDED_FILES:
        return listed
    return tag("details", tag("summary", counted(len(files), "file")), listed, class_="part")


def _file(file: FileChange) -> Markup:
    symbol, said = file_words(file)
    shown = sign(symbol, _KINDS[symbol], _WORDS[symbol])
    return tag("li", shown, " ", tag("code", file.path), " ", tag("span", said, class_="faint") if said else None)
