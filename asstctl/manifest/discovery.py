"""Discovery: which files of a project are manifests and which are conversations.

Globs match no dot file and no dot folder, nothing below a folder that is a project of its own, and nothing
through a link to a folder. A link to a file counts if the file is in the project.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from asstctl.core.diagnostic import Diagnostic, Where, error
from asstctl.documents.paths import PathRefused, inside
from asstctl.manifest.project import DEFAULT_CONVERSATIONS, DEFAULT_MANIFESTS, PROJECT_FILE, Project

NEVER_MANIFESTS = re.compile(r"\.(?:convo|replies|stubs)\.ya?ml$")


@dataclass(frozen=True)
class Discovered:
    """Files in the order of their names, relative to the project."""

    manifests: tuple[str, ...]
    conversations: tuple[str, ...]
    diagnostics: tuple[Diagnostic, ...]
    refused: Mapping[str, Diagnostic] = field(default_factory=dict)
    """Links out of the project, by their names."""


def discover(project: Project) -> Discovered:
    """The files of a project. A glob that somebody wrote and that matches nothing is an error."""
    manifest_globs = project.manifests or DEFAULT_MANIFESTS
    conversation_globs = DEFAULT_CONVERSATIONS if project.conversations is None else project.conversations
    unreadable: dict[str, str] = {}
    files = sorted({*_walk(project.root, (*manifest_globs, *conversation_globs), unreadable)} - {PROJECT_FILE})
    # What is in such a folder is not known, and nothing may be taken for absent.
    diagnostics: list[Diagnostic] = [
        error("unreadable-folder", f"`{folder}` cannot be looked into", Where(folder), detail=why, hint="mend it")
        for folder, why in unreadable.items()
    ]
    manifests: dict[str, None] = {}
    conversations: dict[str, None] = {}
    for key, globs, chosen in (
        ("manifests", manifest_globs, manifests),
        ("conversations", conversation_globs, conversations),
    ):
        written = getattr(project, key) is not None
        for number, glob in enumerate(globs):
            found = [file for file in files if matches(glob.lstrip("/"), file)]
            if key == "manifests":
                found = [file for file in found if not NEVER_MANIFESTS.search(file)]
            chosen.update(dict.fromkeys(found))
            if written and not found:
                where = project.document.where((key, number)) if project.document else None
                diagnostics.append(error("empty-glob", f"`{glob}` matches no file", where, hint=_why_none(glob)))
    refused = _refused_links(project.root, [*manifests, *conversations])
    return Discovered(
        tuple(sorted(file for file in manifests if file not in refused)),
        tuple(sorted(file for file in conversations if file not in refused)),
        tuple(diagnostics),
        refused,
    )


def _why_none(glob: str) -> str:
    parts = glob.split("/")
    if ".." in parts:
        return "`..` is never followed; globs start at the project's folder and stay in it"
    if any(part.startswith(".") and part != "." for part in parts):
        return "globs match no dot file and enter no dot folder; take the dot off the name"
    if "." in parts or "\\" in glob:
        return "write folders and a file, separated by `/`, with no `.` before them"
    if glob.lstrip("/") == PROJECT_FILE:
        return "the project file itself is no manifest"
    return "check the folder and the ending; `**/` matches any number of folders"


def _refused_links(root: Path, files: Iterable[str]) -> dict[str, Diagnostic]:
    refused = {}
    for file in files:
        if (root / file).is_symlink():
            try:
                inside(root, root, file)
            except PathRefused as problem:
                refused[file] = problem.at(Where(file))
    return refused


def _walk(root: Path, globs: Sequence[str], unreadable: dict[str, str]) -> Iterator[str]:
    """Every file that a glob might match, as a path in the project."""
    starts = {literal_folder(glob.lstrip("/")) for glob in globs}
    # A folder below another start is walked with it.
    for start in sorted(starts):
        parents = {"", *(start[:i] for i, char in enumerate(start) if char == "/")} - {start}
        hidden = any(part.startswith(".") for part in start.split("/"))
        if not hidden and not parents & starts and not crosses_project(root, start):
            yield from files_below(root, start, unreadable)


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
