"""`undo` without a run: what earlier commands did, a line each, the newest first."""

from asstctl.core.runs import Runs, RunSummary
from asstctl.render.apply import DONE
from asstctl.render.style import PLAIN, Look
from asstctl.render.tables import table
from asstctl.render.text import cells, line, written
from asstctl.render.values import counted

_NARROWEST = 20
"""Cells that the last column has at least."""


def runs_text(runs: Runs, look: Look = PLAIN) -> str:
    """A table with a heading, its last column on as many lines as it takes; none at all is said in words."""
    said = [line(f"The journal of {run} cannot be read.") for run in runs.unreadable]
    if not runs.runs:
        return written([line("No run here has written anything yet."), *said], look)
    rows = [("RUN", "COMMAND", "TARGET", "GIT", "WHAT IT DID")]
    columns = [(run.run, run.command, run.target, run.revision or "") for run in runs.runs]
    taken = sum(max(cells(text) for text in column) + 3 for column in zip(*columns, rows[0][:4], strict=True))
    room = max(_NARROWEST, look.width - taken)
    for run, facts in zip(runs.runs, columns, strict=True):
        first, *rest = _filled(_did(run), room)
        rows += [(*facts, first), *(("", "", "", "", more) for more in rest)]
    return table(rows, look) + written(said, look)


def _did(run: RunSummary) -> list[str]:
    did = [f"{number} {DONE[action]}" for action, number in sorted(run.done.items())]
    if run.uploads:
        did.append(f"{counted(run.uploads, 'file')} uploaded")
    if run.failed:
        did.append(f"{counted(run.failed, 'write')} failed")
    if run.unknown:
        did.append(f"{counted(run.unknown, 'write')} unknown")
    return did or ["nothing"]


def _filled(parts: list[str], room: int) -> list[str]:
    """The parts behind each other, on lines that are no longer than the room where that can be."""
    lines = [parts[0]]
    for part in parts[1:]:
        longer = f"{lines[-1]}, {part}"
        if cells(longer) <= room - 1:
            lines[-1] = longer
        else:
            lines[-1] += ","
            lines.append(part)
    return lines
