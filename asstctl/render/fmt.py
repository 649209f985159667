"""What `fmt` says: the files that change or would, line by line where that is asked, and those with problems."""

from asstctl.core.formatting import Formatted
from asstctl.render.diagnostics import diagnostics_text
from asstctl.render.edits import edit_lines
from asstctl.render.style import PLAIN, Look
from asstctl.render.text import EMPTY, Line, line, written
from asstctl.render.values import counted, listed


def formatted_text(formatted: Formatted, look: Look = PLAIN) -> str:
    """Every problem, every file that differs, and one closing line."""
    lines: list[Line] = []
    for edit in formatted.edits:
        lines += [*edit_lines(edit), EMPTY] if formatted.in_full else [line(edit.path)]
    problems = diagnostics_text(formatted.diagnostics, look)
    return problems + written([*lines, *([] if look.brief else [line(_closing(formatted))])], look)


def _closing(formatted: Formatted) -> str:
    changed, broken = len(formatted.edits), len({one.where.path for one in formatted.diagnostics if one.where})
    rest = formatted.files - changed - broken
    verb = "formatted" if formatted.written else "would be formatted"
    parts = [f"{counted(changed, 'file')} {verb}"] if changed else []
    parts += [f"{counted(rest, 'file')} left as {'it is' if rest == 1 else 'they are'}"] if rest else []
    parts += [f"{counted(broken, 'file')} not formatted"] if broken else []
    return f"{listed(parts)}." if parts else "There is no file of a project here."
