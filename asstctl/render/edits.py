"""An edit of a file as a unified diff."""

from difflib import unified_diff

from asstctl.core.pull import FileEdit
from asstctl.render.style import Style
from asstctl.render.text import Line, Span, line

_STYLES = {"+": Style.ADD, "-": Style.REMOVE, "@": Style.FAINT}


def edit_lines(edit: FileEdit, *, most: int | None = None) -> list[Line]:
    """The lines that go and come, `most` of them at the most."""
    found = unified_diff(
        [] if edit.before is None else file_lines(edit.before),
        file_lines(edit.after),
        fromfile=edit.path if edit.before is not None else "(new file)",
        tofile=edit.path,
        lineterm="",
        n=2,
    )
    lines: list[Line] = []
    for number, text in enumerate(found):
        if most is not None and number > most:
            return [*lines, line(Span("  (more lines)", Style.FAINT))]
        style = Style.STRONG if number < 2 else _STYLES.get(text[:1], Style.PLAIN)
        lines.append(line(Span(text, style)))
    return lines


def file_lines(text: str) -> list[str]:
    """Lines as an editor counts them; their ends are shown only where they are not the usual ones."""
    lines = text.replace("\r\n", "\n").split("\n")
    if lines[-1]:
        lines[-1] += "\\ (no line end)"
    return lines if lines[-1] else lines[:-1]
