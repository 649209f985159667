"""The database of a target in this process: whether it is sound, can be written, and who works on it."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from asstctl.core.doctor import Finding, Standing
from asstctl.core.errors import AsstctlError
from asstctl.render.values import counted, size
from asstctl.workspace.doctor.patient import Patient

if TYPE_CHECKING:
    from asstctl.providers.local.inspection import Inspected

NAME = "database"


async def check(patient: Patient) -> Iterable[Finding]:
    """What is to be said of its file; nothing of a target elsewhere."""
    workspace = patient.workspace
    if not workspace.is_embedded:
        return []
    file, place = workspace.database, workspace.info.place
    stuck = unwritable(file)
    if patient.is_unborn:
        return [_stuck(place, stuck)] if stuck else []
    try:
        found = patient.inspected()
    except AsstctlError as error:
        return [patient.finding(NAME, error)]
    return judged(found, stuck=stuck, place=place)


def judged(found: "Inspected", *, stuck: str, place: str) -> Iterator[Finding]:
    """What a sound database says. `stuck` is what of its path cannot be written, if anything."""
    if stuck:
        yield _stuck(place, stuck)
    if found.busy:
        summary = f"another process works on it: {counted(found.busy, 'run')} or files in hand"
        yield Finding(NAME, Standing.NOTE, summary)
    if found.abandoned:
        summary = f"{counted(found.abandoned, 'run')} or files were in hand when their process ended"
        yield Finding(NAME, Standing.NOTE, summary, detail="whoever opens it next ends them")
    held = f"sound, {size(found.bytes)}"
    if found.schema < found.known:
        held += f"; its schema ({found.schema} of {found.known}) is brought up by the next command"
    yield Finding(NAME, Standing.FINE, held)


def unwritable(file: Path) -> str:
    """What of a file's path this process may not write, where it would have to; nothing where it may."""
    there = next(path for path in (file, *file.parents) if os.path.lexists(path))
    needed = (there, there.parent) if there == file else (there,)
    return next((path.name or str(path) for path in needed if not os.access(path, os.W_OK)), "")


def _stuck(place: str, what: str) -> Finding:
    hint = "Mend the permissions, or work in a copy of the project: local targets write to their file."
    return Finding(NAME, Standing.WRONG, f"{place} cannot be written", hint, f"{what} is read-only for this user")
