"""The folder of a project: where it is, and which files lie in it. Names of files alone: none of them is read here.

Completion asks this module with every press of a key, so that it imports next to nothing.
"""

import os
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from asstctl.documents.paths import is_file

PROJECT_FILE = "asstctl.yaml"
DEFAULT_MANIFESTS = ("assistants/**/*.yaml", "assistants/**/*.md")
DEFAULT_CONVERSATIONS = ("assistants/**/*.convo.yaml",)
NEVER_MANIFESTS = re.compile(r"\.(?:convo|replies|stubs)\.ya?ml$")


def find_project(start: Path) -> Path | None:
    """The folder of the project file, looked for upwards to the repository's root or the home folder."""
    home = Path.home()
    for folder in (start, *start.parents):
        if is_file(folder / PROJECT_FILE):
            return folder
        if os.path.lexists(folder / ".git") or folder == home:
            return None
    return None


def literal_folder(glob: str) -> str:
    """The folders of a glob before its first wildcard."""
    parts = glob.split("/")[:-1]
    first = next((number for number, part in enumerate(parts) if set(part) & set("*?[")), len(parts))
    return "/".join(parts[:first])


def crosses_project(root: Path, start: str) -> bool:
    """Whether the way to a folder leads through a link, or into a project of its own."""
    folder = root
    for part in filter(None, start.split("/")):
        folder /= part
        try:
            if folder.is_symlink() or (folder / PROJECT_FILE).is_file():
                return True
        except OSError:  # a name that the system refuses: nobody gets there
            return True
    return False


def files_below(root: Path, start: str, unreadable: dict[str, str]) -> Iterator[str]:
    """The files of one folder and all below it. A folder that cannot be looked into is noted, with its reason."""
    pending = [f"{start}/" if start else ""]
    while pending:
        prefix = pending.pop()
        try:
            entries = list(os.scandir(root / prefix))
        except (FileNotFoundError, NotADirectoryError):
            continue  # a folder that is not there holds nothing
        except OSError as problem:
            unreadable[prefix.rstrip("/")] = problem.strerror or type(problem).__name__
            continue
        if prefix and any(entry.name == PROJECT_FILE for entry in entries):
            continue
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                pending.append(f"{prefix}{entry.name}/")
            elif (entry.is_symlink() or entry.is_file()) and not _leads_to_folder(entry):
                yield prefix + entry.name


def _leads_to_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False  # a link in a circle: a file that cannot be read


def matches(glob: str, file: str) -> bool:
    """Whether a path matches: `**` is any number of folders, other wildcards stay inside one name.

    All ways through the glob are followed at once, so that no glob can take more than linear time.
    """
    parts = glob.split("/")

    def reachable(states: set[int]) -> set[int]:
        for state in sorted(states):
            while state < len(parts) and parts[state] == "**":
                state += 1
                states.add(state)
        return states

    states = reachable({0})
    for name in file.split("/"):
        here = {state for state in states if state < len(parts)}
        states = reachable(
            {state for state in here if parts[state] == "**"}
            | {state + 1 for state in here if parts[state] != "**" and fnmatchcase(name, parts[state])}
        )
    return len(parts) in states
