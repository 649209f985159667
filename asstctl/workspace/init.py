"""Use case: start a project that validates, plans, applies and tests on `local` at once."""

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from asstctl.core.errors import Refused
from asstctl.workspace.our_folder import ignoring

TEMPLATE = (
    "asstctl.yaml",
    "assistants/tutor.md",
    "assistants/tutor.replies.yaml",
    "assistants/solves.convo.yaml",
)
"""The files of a new project, as they lie in the package's `starter` folder."""


@dataclass(frozen=True, slots=True)
class Started:
    """What `init` wrote, relative to the folder."""

    written: tuple[str, ...]


def init(folder: Path) -> Started:
    """Write the starter project into a folder. Raises Refused, with nothing written, if a file is there already."""
    if existing := [name for name in TEMPLATE if (folder / name).exists()]:
        raise Refused(
            "this folder has a project already" if "asstctl.yaml" in existing else "a file would be overwritten",
            detail=f"there: {', '.join(existing)}",
            hint="go on with asstctl plan, or name another folder: asstctl -C DIR init",
        )
    starter = files("asstctl.workspace") / "starter"
    for name in TEMPLATE:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(starter.joinpath(name).read_text("utf-8"), "utf-8", newline="\n")
    return Started((*TEMPLATE, *_ignore(folder)))


def _ignore(folder: Path) -> tuple[str, ...]:
    edit = ignoring(folder)
    if edit is None:
        return ()
    with (folder / edit.path).open("a", encoding="utf-8", newline="\n") as file:
        file.write(edit.after.removeprefix(edit.before or ""))
    return (edit.path,)
