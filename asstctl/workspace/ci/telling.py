"""Tells a runner what it is to be told: texts at the end of its own files, or in files of ours."""

from collections.abc import Iterator
from pathlib import Path

from asstctl.core.forge import ToRunner, Written
from asstctl.workspace.ci.out_folder import OutFolder


def tell(told: ToRunner, out: OutFolder | None) -> Iterator[str]:
    """Write the files of it; its lines are for whoever prints. Gives a sentence about each file of the runner that
    takes nothing, which is no reason to leave out the others. Without a folder of ours nothing is left in one."""
    for written in told.files:
        path = Path(written.path)
        if path.is_absolute():
            yield from _into_file_of_runner(path, written)
        elif out is not None:
            out.told(written)


def _into_file_of_runner(path: Path, written: Written) -> Iterator[str]:
    try:
        with path.open("a" if written.add else "w", encoding="utf-8", newline="\n") as file:
            file.write(written.text)
    except OSError as problem:
        yield f"the runner cannot be told: {path}: {(problem.strerror or 'unknown reason').lower()}"
