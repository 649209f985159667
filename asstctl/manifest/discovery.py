"""Discovery: which files of a project are manifests and which are conversations.

Globs match no dot file and no dot folder, nothing below a folder that is a project of its own, and nothing
through a link to a folder. A link to a file counts if the file is in the project.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from asstctl.core.diagnostic import Diagnostic, Where, error
from asstctl.documents.paths import PathRefused, inside
from asstctl.documents.project_folder import (
    DEFAULT_CONVERSATIONS,
    DEFAULT_MANIFESTS,
    NEVER_MANIFESTS,
    PROJECT_FILE,
    crosses_project,
    files_below,
    literal_folder,
    matches,
)
from asstctl.manifest.project import Project


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
