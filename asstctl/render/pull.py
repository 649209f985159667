"""What a pull writes into the files, as a unified diff, and what it cannot write, each with its place."""

from collections.abc import Sequence

from asstctl.core.change import Absent, WayOn
from asstctl.core.diagnostic import Where
from asstctl.core.json_types import Json
from asstctl.core.pull import Conflict, FileEdit, Left, Pulled
from asstctl.render.edits import edit_lines, file_lines
from asstctl.render.plan import way_lines
from asstctl.render.style import PLAIN, Look, Style
from asstctl.render.text import EMPTY, Line, Span, cells, line, padded, sentence, wrapped, written
from asstctl.render.values import counted, place, summary

_MOST_LINES = 400
"""Lines of one file's diff that are shown."""

_FOLDED_ABOVE = 3
"""Above as many new files only their names are shown."""


def found_text(pulled: Pulled, look: Look = PLAIN) -> str:
    """What is about to be written, before anybody is asked."""
    new = [edit for edit in pulled.edits if edit.before is None]
    folded = new if len(new) > _FOLDED_ABOVE and not look.full else []
    lines: list[Line] = []
    for edit in pulled.edits:
        lines += [] if edit in folded else [*edit_lines(edit, most=_MOST_LINES), EMPTY]
    if folded:
        lines += [*_new_files(folded), EMPTY]
    for conflict in (*pulled.conflicts, *pulled.kept):
        lines += [*_conflict(conflict, pulled, look), EMPTY]
    for left in pulled.left:
        lines += [*_left(left, look), EMPTY]
    for note in pulled.notes:
        lines += [*sentence(f"Note: {note}", look.width, rest="  "), EMPTY]
    return written(lines, look)


def pulled_text(pulled: Pulled, look: Look = PLAIN) -> str:
    """The closing lines."""
    lines = [
        text
        for again in pulled.again
        for text in wrapped(
            f"{again.address}: {again.field or 'it'} still differs; the next plan shows how.", look.width
        )
    ]
    return written([*lines, line(_summary(pulled)), *_next(pulled)], look)


def pull_question(pulled: Pulled) -> str:
    """What is asked on a terminal, without a newline at the end."""
    return f"Write {counted(len(pulled.edits), 'file')}? Only 'yes' is accepted: "


def _summary(pulled: Pulled) -> str:
    parts = []
    if pulled.edits:
        verb = "Wrote" if pulled.written else "Would write"
        of = counted(len(pulled.taken), "object" if pulled.adopting else "field")
        taken = f" ({of} from {pulled.target.name})" if pulled.taken else ""
        parts.append(f"{verb} {counted(len(pulled.edits), 'file')}{taken}")
    if pulled.conflicts:
        parts.append(f"{counted(len(pulled.conflicts), 'conflict')} left to you")
    if pulled.left:
        parts.append(f"{len(pulled.left):,} not written")
    if pulled.kept:
        parts.append(f"kept {counted(len(pulled.kept), 'field')} of the files")
    if parts:
        said = ", ".join(parts)
        return f"{said[0].upper()}{said[1:]}."
    if pulled.adopting:
        return f"Nothing to pull: every object on {pulled.target.name} has its place in some project's files."
    return f"Nothing to pull: {pulled.target.name} was not changed outside of your files."


def _next(pulled: Pulled) -> list[Line]:
    """What to do once files were written, and what has not happened yet."""
    if not pulled.written:
        return []
    if pulled.adopting:
        unsaid = "It shows the adoptions; apply makes them."
    else:
        unsaid = "The marks there still tell of the old values, until apply refreshes them."
    return [line("Next: ", Span(pulled.target.command("plan"), Style.STRONG)), line("  ", unsaid)]


def _new_files(edits: Sequence[FileEdit]) -> list[Line]:
    """Their names and lengths, as `init` lists what it makes."""
    column = max(cells(edit.path) for edit in edits)
    return [
        line(
            "  ",
            Span("+", Style.ADD),
            " ",
            padded(edit.path, column),
            f"   {counted(len(file_lines(edit.after)), 'line')}",
        )
        for edit in edits
    ]


def _left(left: Left, look: Look) -> list[Line]:
    lines = _head(f"{left.address}: {left.what} is not written", left.where, look)
    lines += wrapped(left.reason, look.width, "    ", "    ")
    return lines + (sentence(left.hint, look.width, "    ", "    ") if left.hint else [])


def _conflict(conflict: Conflict, pulled: Pulled, look: Look) -> list[Line]:
    address = f"{conflict.address}.{conflict.field}"
    known = [("ours", conflict.ours), ("theirs", conflict.theirs)]
    if not isinstance(conflict.base, Absent):
        known.insert(0, (f"base (r={conflict.revision})", conflict.base))
    column = max(len(label) for label, _ in known) + 2
    lines = _head(f"{address}: both sides changed it", conflict.where, look)
    lines += [line(f"    {label + ':':<{column}}", _short(value, look, column)) for label, value in known]
    if conflict in pulled.kept:
        way = pulled.target.command(f"apply --overwrite-drift {address}")
        return [*lines, *way_lines((WayOn("the files won; write them to the target", way),), look)]
    ways = (
        WayOn("take the live value", pulled.target.command(f"pull {address} --theirs")),
        WayOn("keep the file's", pulled.target.command(f"apply --overwrite-drift {address}")),
    )
    return [*lines, *way_lines(ways, look)]


def _head(said: str, where: Where | None, look: Look) -> list[Line]:
    """What it is about and where, on one line or on two."""
    lines = wrapped(said, look.width, line(Span("!", Style.DRIFT), " "), "  ")
    if where is None:
        return lines
    beside = line(lines[-1], "   ", Span(place(where), Style.FAINT))
    if cells(beside) <= look.width:
        return [*lines[:-1], beside]
    return [*lines, line("    ", Span(place(where), Style.FAINT))]


def _short(value: Json | Absent, look: Look, column: int) -> str:
    return "(default)" if isinstance(value, Absent) else summary(value, look.width - column - 5, look)
