"""What a pull writes into the files, as a unified diff, and what it cannot write, each with its place."""

from difflib import unified_diff

from asstctl.core.change import Absent
from asstctl.core.json_types import Json
from asstctl.core.pull import Conflict, FileEdit, Left, Pulled
from asstctl.render.style import PLAIN, Look, Style
from asstctl.render.text import EMPTY, Line, Span, line, wrapped, written
from asstctl.render.values import counted, place, summary

_MOST_LINES = 400
"""Lines of one file's diff that are shown."""

_STYLES = {"+": Style.ADD, "-": Style.REMOVE, "@": Style.FAINT}


def found_text(pulled: Pulled, look: Look = PLAIN) -> str:
    """What is about to be written, before anybody is asked."""
    lines: list[Line] = []
    for edit in pulled.edits:
        lines += [*_diff(edit), EMPTY]
    for conflict in (*pulled.conflicts, *pulled.kept):
        lines += [*_conflict(conflict, pulled, look), EMPTY]
    for left in pulled.left:
        lines += [*_left(left, look), EMPTY]
    for note in pulled.notes:
        lines += [*wrapped(f"Note: {note}", look.width, rest="  "), EMPTY]
    return written(lines, look)


def pulled_text(pulled: Pulled, look: Look = PLAIN) -> str:
    """The closing lines."""
    lines = [
        text
        for again in pulled.again
        for text in wrapped(f"{again.address}: {again.field or 'it'} differs still.", look.width)
    ]
    return written([*lines, line(_summary(pulled))], look)


def pull_question(pulled: Pulled) -> str:
    """What is asked on a terminal, without a newline at the end."""
    return f"Write {counted(len(pulled.edits), 'file')}? Only 'yes' is accepted: "


def _summary(pulled: Pulled) -> str:
    parts = []
    if pulled.edits:
        verb = "Wrote" if pulled.written else "Would write"
        of = counted(len(pulled.taken), "field" if pulled.taken and pulled.taken[0].field else "object")
        taken = f" ({of} of {pulled.target.name})" if pulled.taken else ""
        parts.append(f"{verb} {counted(len(pulled.edits), 'file')}{taken}")
    if pulled.conflicts:
        parts.append(f"{counted(len(pulled.conflicts), 'conflict')} left to you")
    if pulled.left:
        parts.append(f"{len(pulled.left):,} not written")
    if pulled.kept:
        parts.append(f"kept {counted(len(pulled.kept), 'field')} of the files")
    if not parts:
        return f"Nothing to pull: {pulled.target.name} was not changed outside of your files."
    return f"{', '.join(parts)}."


def _diff(edit: FileEdit) -> list[Line]:
    before = [] if edit.before is None else _lines(edit.before)
    found = unified_diff(
        before,
        _lines(edit.after),
        fromfile=edit.path if edit.before is not None else "(new file)",
        tofile=edit.path,
        lineterm="",
        n=2,
    )
    lines: list[Line] = []
    for number, text in enumerate(found):
        if number > _MOST_LINES:
            return [*lines, line(Span("  (more lines)", Style.FAINT))]
        style = Style.STRONG if number < 2 else _STYLES.get(text[:1], Style.PLAIN)
        lines.append(line(Span(text, style)))
    return lines


def _lines(text: str) -> list[str]:
    """Lines as an editor counts them; their ends are shown only where they are not the usual ones."""
    lines = text.replace("\r\n", "\n").split("\n")
    if lines[-1]:
        lines[-1] += "\\ (no line end)"
    return lines if lines[-1] else lines[:-1]


def _left(left: Left, look: Look) -> list[Line]:
    head = line(Span("!", Style.DRIFT), f" {left.address}: {left.what} is not written", "   " if left.where else "")
    lines = [line(head, Span(place(left.where), Style.FAINT)), *wrapped(left.reason, look.width, "    ", "    ")]
    return lines + (wrapped(f"Hint: {left.hint}", look.width, "    ", "    ") if left.hint else [])


def _conflict(conflict: Conflict, pulled: Pulled, look: Look) -> list[Line]:
    address = f"{conflict.address}.{conflict.field}"
    head = line(Span("!", Style.DRIFT), f" {address}: both sides changed it   ")
    known = [("ours", conflict.ours), ("theirs", conflict.theirs)]
    if not isinstance(conflict.base, Absent):
        known.insert(0, (f"base (r={conflict.revision})", conflict.base))
    column = max(len(label) for label, _ in known) + 2
    lines = [line(head, Span(place(conflict.where), Style.FAINT))]
    lines += [line(f"    {label + ':':<{column}}", _short(value, look, column)) for label, value in known]
    if conflict in pulled.kept:
        way = pulled.target.command(f"apply --overwrite-drift {address}")
        return [*lines, *_way("the files won; write them to the target:", way, look)]
    lines += _way("take the live value:", pulled.target.command(f"pull {address} --theirs"), look)
    return lines + _way("keep the file's:", pulled.target.command(f"apply --overwrite-drift {address}"), look)


def _way(text: str, command: str, look: Look) -> list[Line]:
    if len(text) + len(command) + 6 <= look.width:
        return [line(f"    {text} ", Span(command, Style.STRONG))]
    return [line(f"    {text}"), *wrapped(Span(command, Style.STRONG), look.width, "      ", "        ")]


def _short(value: Json | Absent, look: Look, column: int) -> str:
    return "(default)" if isinstance(value, Absent) else summary(value, look.width - column - 5, look)
