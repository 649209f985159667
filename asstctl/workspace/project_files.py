"""Which YAML files belong to a project, however broken its project file is: those that `fmt` lays out.

The project file is looked at as data, not checked: what is wrong with it is for `validate` to say.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asstctl.core.diagnostic import Diagnostic, Where
from asstctl.documents.paths import PathRefused, inside, is_file, shown
from asstctl.documents.project_folder import (
    DEFAULT_CONVERSATIONS,
    DEFAULT_MANIFESTS,
    NEVER_MANIFESTS,
    PROJECT_FILE,
    files_below,
    find_project,
    literal_folder,
)
from asstctl.documents.source import read_text
from asstctl.documents.yaml import parse_one
from asstctl.manifest import Project
from asstctl.manifest.discovery import discover


@dataclass(frozen=True, slots=True)
class Member:
    """One file: the folder of its project, and where it really lies in it, relative to that."""

    root: Path
    path: str

    @property
    def file(self) -> Path:
        return self.root / self.path


class Members:
    """Files without repetition, in the order in which they were found, and what stood in the way."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory.resolve()
        self.diagnostics: list[Diagnostic] = []
        self._found: dict[Path, Member] = {}

    @property
    def found(self) -> tuple[Member, ...]:
        return tuple(self._found.values())

    def called(self, path: Path) -> str:
        """A file as a person would type it here."""
        return shown(self.directory, path)

    def add_here(self) -> None:
        """The project of this folder, whole."""
        self._add_project(find_project(self.directory) or self.directory)

    def add_named(self, path: Path) -> None:
        """A file, or all that is in a folder of the projects that lie in it, or that it lies in."""
        path = self.directory / path
        if not path.is_dir():
            folder = path.parent.resolve()
            self._add(find_project(folder) or folder, folder / path.name)
            return
        path = path.resolve()
        around = find_project(path) or (self.directory if path.is_relative_to(self.directory) else path)
        self._add_project(around, within=path)
        for root in _projects_below(path):
            self._add_project(root)

    def _add_project(self, root: Path, within: Path | None = None) -> None:
        unreadable: dict[str, str] = {}
        value = _data_of(root / PROJECT_FILE)
        manifests = _texts(value.get("manifests")) or DEFAULT_MANIFESTS
        conversations = _texts(value.get("conversations")) or DEFAULT_CONVERSATIONS
        found = discover(Project(root, manifests=manifests, conversations=conversations))
        folders = sorted({literal_folder(glob.lstrip("/")) for glob in (*manifests, *conversations)})
        setups = {
            name for folder in folders for name in files_below(root, folder, unreadable) if NEVER_MANIFESTS.search(name)
        }
        names = [PROJECT_FILE] if is_file(root / PROJECT_FILE) else []
        named = [name.lstrip("/") for name in _named_by(value) if is_file(root / name.lstrip("/"))]
        for name in dict.fromkeys((*names, *sorted({*found.manifests, *found.conversations, *setups}), *named)):
            if within is None or (root / name).is_relative_to(within):
                self._add(root, root / name)
        if within is None:
            refused = [one for one in found.diagnostics if one.code == "unreadable-folder"]
            self.diagnostics += (*refused, *found.refused.values())

    def _add(self, root: Path, path: Path) -> None:
        """A file by the name under which it was found; a link counts as what it leads to."""
        try:
            real = inside(root, root, f"/{path.relative_to(root).as_posix()}")
        except PathRefused as refused:
            self.diagnostics.append(refused.at(Where(self.called(path))))
            return
        home = root.resolve()
        self._found.setdefault(real, Member(home, real.relative_to(home).as_posix()))


def _projects_below(folder: Path) -> Iterator[Path]:
    """The folders below one that are projects of their own, those in dot folders left out."""
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        if PROJECT_FILE in files and Path(place) != folder:
            yield Path(place)


def _data_of(file: Path) -> Mapping[str, Any]:
    text = read_text(file, file.name)
    document, _ = parse_one(text, file.name) if isinstance(text, str) else (None, ())
    return document.value if document is not None and isinstance(document.value, Mapping) else {}


def _named_by(value: Mapping[str, Any]) -> Iterator[str]:
    """Files that the project file names: of stubs, and of replies."""
    test, targets = value.get("test"), value.get("targets")
    if isinstance(test, Mapping):
        yield from _texts(test.get("use"))
    for target in targets.values() if isinstance(targets, Mapping) else ():
        replies = target.get("replies") if isinstance(target, Mapping) else None
        script = replies.get("script") if isinstance(replies, Mapping) else None
        if isinstance(script, str):
            yield script


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()
