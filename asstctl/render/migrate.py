"""What a migration writes, what it cannot bring, and what another provider would make of it all."""

import shlex
from collections import Counter
from collections.abc import Sequence

from asstctl.core.migration import BroughtThread, Fate, FieldFate, Migrated, Prospect, Unbrought
from asstctl.core.pull import FileEdit
from asstctl.render.style import PLAIN, Look, Style
from asstctl.render.text import EMPTY, Line, Span, cells, line, padded, sentence, wrapped, written
from asstctl.render.values import counted, listed

MEANINGS = {
    Fate.CHANGED: "Maps, with a changed meaning",
    Fate.MOVED: "Moved to where conversations are had",
    Fate.LOST: "Lost",
}
"""What stands above the sentences on the fields of a fate."""

_STYLES = {Fate.MAPS: Style.PLAIN, Fate.CHANGED: Style.CHANGE, Fate.MOVED: Style.CHANGE, Fate.LOST: Style.REMOVE}
_COLUMN = max(map(len, Fate)) + 2
_MOST_FILES = 40


def migrated_text(migrated: Migrated, look: Look = PLAIN) -> str:
    """All of it; the closing line says what to do next."""
    lines: list[Line] = []
    if migrated.edits:
        lines += [*_files(migrated.edits, look), EMPTY]
    for thread in migrated.threads:
        lines += _thread(thread, look)
    for one in migrated.unbrought:
        lines += [*_unbrought(one, look), EMPTY]
    for note in migrated.notes:
        lines += [*sentence(f"Note: {note}", look.width, rest="  "), EMPTY]
    if migrated.prospect and migrated.prospect.fates:
        lines += _prospect(migrated.prospect, look)
    for again in migrated.again:
        lines += wrapped(f"{again.address}: {again.field or 'it'} differs from its object", look.width)
    return written([*lines, *_closing(migrated, look)], look)


def meanings(prospect: Prospect, fate: Fate) -> list[tuple[FieldFate, int]]:
    """What is to be said of the fields of a fate, once for all assistants: with how many of them it holds for."""
    told = [one for _, one in prospect if one.fate is fate and one.said]
    number = Counter((one.field, one.said) for one in told)
    first = {(one.field, one.said): one for one in reversed(told)}
    return [(first[key], number[key]) for key in sorted(number)]


def fields_of(fates: Sequence[FieldFate], fate: Fate) -> list[str]:
    """The fields of one fate, with how many functions each is about."""
    return [
        f"{one.field} ({len(one.names):,})" if len(one.names) > 1 else one.field for one in fates if one.fate is fate
    ]


def closing(migrated: Migrated) -> str:
    """`Wrote 5 files: 2 assistants and 1 conversation from saved.`"""
    counts = [counted(len(migrated.assistants), "assistant"), counted(len(migrated.threads), "conversation")]
    what = listed([count for count in counts if not count.startswith("0 ")])
    source = listed(list(migrated.sources))
    left = f"; {len(migrated.unbrought):,} not written" if migrated.unbrought else ""
    if not migrated.edits:
        return f"Nothing to write: no assistant of {source} becomes a file{left}."
    verb = "Wrote" if migrated.written else "Would write"
    return f"{verb} {counted(len(migrated.edits), 'file')}: {what} from {source}{left}."


def next_command(migrated: Migrated) -> str:
    """What to type once the files are there."""
    folder = f" -C {shlex.quote(migrated.folder)}" if migrated.folder and migrated.folder != "." else ""
    target = f" --target {migrated.adopting}" if migrated.adopting else ""
    return f"asstctl{folder} plan{target}" if migrated.adopting else f"asstctl{folder} validate"


def _files(edits: Sequence[FileEdit], look: Look) -> list[Line]:
    shown = edits if look.full else edits[:_MOST_FILES]
    column = max(cells(edit.path) for edit in shown)
    marks = {True: Span("+", Style.ADD), False: Span("~", Style.CHANGE)}
    lines = [
        line("  ", marks[edit.before is None], " ", padded(edit.path, column), f"   {_length(edit.after)}")
        for edit in shown
    ]
    more = len(edits) - len(shown)
    return [*lines, line(f"  and {more:,} more")] if more else lines


def _length(text: str) -> str:
    return counted(text.count("\n") + (not text.endswith("\n")), "line")


def _thread(thread: BroughtThread, look: Look) -> list[Line]:
    """What of a thread is not in its conversation."""
    if not thread.notes:
        return []
    lines = wrapped(f"Note: {thread.path}, of {thread.id}:", look.width, rest="  ")
    for note in thread.notes:
        lines += wrapped(note, look.width, "  ", "  ")
    return [*lines, EMPTY]


def _unbrought(one: Unbrought, look: Look) -> list[Line]:
    lines = wrapped(f"{one.what} is not written", look.width, line(Span("!", Style.DRIFT), " "), "  ")
    lines += wrapped(one.reason, look.width, "    ", "    ")
    return lines + (sentence(one.hint, look.width, "    ", "    ") if one.hint else [])


def _prospect(prospect: Prospect, look: Look) -> list[Line]:
    head = line(
        Span(f"What {prospect.target} would make of them", Style.STRONG), f" {look.glyphs.dot} {prospect.dialect}"
    )
    lines = [head, *(part for note in prospect.notes for part in wrapped(note, look.width, "  ", "  ")), EMPTY]
    for address, fates in prospect.fates.items():
        lines.append(line("  ", Span(str(address), Style.STRONG)))
        for fate in Fate:
            if fields := fields_of(fates, fate):
                first = line("    ", Span(f"{fate:<{_COLUMN}}", _STYLES[fate]))
                lines += wrapped(", ".join(fields), look.width, first, " " * (4 + _COLUMN))
        lines.append(EMPTY)
    for fate, heading in MEANINGS.items():
        if found := meanings(prospect, fate):
            lines += [line(Span(heading, _STYLES[fate])), *_meanings(found, look), EMPTY]
    return lines + _accepting(prospect, look)


def _meanings(found: Sequence[tuple[FieldFate, int]], look: Look) -> list[Line]:
    lines: list[Line] = []
    for one, number in found:
        lines += wrapped(f"{one.field}, of {counted(number, 'assistant')}", look.width, "  ", "  ")
        lines += sentence(one.said, look.width, "    ", "    ")
        if one.way:
            lines += sentence(one.way, look.width, "    way on: ", "    ")
    return lines


def _accepting(prospect: Prospect, look: Look) -> list[Line]:
    if not prospect.accepting:
        return []
    head = (
        f"To accept these losses, have this under `targets.{prospect.target}` of asstctl.yaml; until then each is an "
        "error at its line:"
    )
    return [*wrapped(head, look.width), *(line("  ", text) for text in prospect.accepting), EMPTY]


def _closing(migrated: Migrated, look: Look) -> list[Line]:
    lines = wrapped(closing(migrated), look.width, rest="  ")
    if migrated.written:
        lines.append(line("Next: ", Span(next_command(migrated), Style.STRONG)))
    if migrated.prospect:
        lines.append(line(f"Nothing was made on {migrated.prospect.target}."))
    return lines
