"""Use case: start a project that validates, plans, applies and tests on `local` at once."""

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from asstctl.core.errors import Refused
from asstctl.documents.paths import OUR_FOLDER

TEMPLATE = (
    "asstctl.yaml",
    "assistants/tutor.md",
    "assistants/tutor.replies.yaml",
    "assistants/solves.convo.yaml",
)
"""The files of a new project, as they lie in the package's `starter` folder."""

IGNORED = f"{OUR_FOLDER}/"


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
    path = folder / ".gitignore"
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    if IGNORED in lines or IGNORED.rstrip("/") in lines:
        return ()
    with path.open("a", encoding="utf-8", newline="\n") as file:
        file.write(f"{IGNORED}\n" if not lines or path.read_text("utf-8").endswith("\n") else f"\n{IGNORED}\n")
    return (".gitignore",)
