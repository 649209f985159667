"""Tells a runner what it is to be told: texts at the end of its own files, or in files of ours."""

from pathlib import Path

from asstctl.core.errors import Refused
from asstctl.core.forge import ToRunner, Written
from asstctl.workspace.ci.out_folder import OutFolder


def tell(told: ToRunner, out: OutFolder) -> None:
    """Write the files of it; its lines are for whoever prints. Raises Refused for a file that cannot be written."""
    for written in told.files:
        path = Path(written.path)
        if path.is_absolute():
            _into_file_of_runner(path, written)
        else:
            out.told(written)


def _into_file_of_runner(path: Path, written: Written) -> None:
    try:
        with path.open("a" if written.add else "w", encoding="utf-8", newline="\n") as file:
            file.write(written.text)
    except OSError as problem:
        why = (problem.strerror or "unknown reason").lower()
        raise Refused(
            "the runner cannot be told", detail=f"{path}: {why}", hint="leave the variables of its runner alone"
        ) from problem
