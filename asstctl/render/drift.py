"""What was changed outside of git, as a nightly check reads it: like a plan, without what the files would change."""

from asstctl.core.plans import Drift
from asstctl.render.plan import change_lines, header_lines, note_lines
from asstctl.render.style import PLAIN, Look
from asstctl.render.text import EMPTY, Line, line, written
from asstctl.render.values import counted


def drift_text(drift: Drift, look: Look = PLAIN) -> str:
    """Every change with its ways on, and one closing line."""
    lines: list[Line] = []
    if drift.changes:
        lines += [*header_lines(drift.target, look), EMPTY, *change_lines(drift.changes, look)]
    return written([*lines, *note_lines(drift.notes, look), line(drift_summary(drift))], look)


def drift_summary(drift: Drift) -> str:
    """The closing line."""
    name, checked = drift.target.name, counted(drift.checked, "object")
    if drift.is_empty and not drift.checked:
        return f"No drift. Nothing of project {drift.target.project} is on {name}."
    if drift.is_empty:
        as_applied = "is as it was" if drift.checked == 1 else "are as they were"
        return f"No drift. {checked} on {name} {as_applied} last applied."
    parts = [f"{len(drift.changes):,} of {checked} changed outside of git"]
    if drift.notes:
        parts.append(f"{counted(len(drift.notes), 'object')} to look at")
    return f"Drift on {name}: {', '.join(parts)}."
