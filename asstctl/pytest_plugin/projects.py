"""The projects that collected files belong to: the one whose `conversations` find them, as for `asstctl test`."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from asstctl.core.errors import InvalidInput
from asstctl.documents.project_folder import find_project
from asstctl.manifest import Project, open_project
from asstctl.manifest.discovery import discover

_DEFAULT_FOLDER = "assistants"


@dataclass(frozen=True, slots=True)
class Place:
    """A conversation file: its project's folder, and its path in it."""

    root: Path
    path: str


class Projects:
    """The projects of one run of pytest. `starts` are folders that may be one without a project file."""

    def __init__(self, starts: Sequence[Path]) -> None:
        self._starts = [*dict.fromkeys(start.resolve() for start in starts)]
        self._roots: dict[Path, Path | None] = {}
        self._files: dict[Path, frozenset[str] | None] = {}

    def place(self, file: Path) -> Place | None:
        """Where it belongs; None for a file that is no project's."""
        folder = file.parent.resolve()
        if folder not in self._roots:
            self._roots[folder] = find_project(folder) or self._by_layout(folder)
        root = self._roots[folder]
        if root is None:
            return None
        if root not in self._files:
            self._files[root] = _conversations_of(root)
        path, known = (folder / file.name).relative_to(root).as_posix(), self._files[root]
        return Place(root, path) if known is None or path in known else None

    def _by_layout(self, folder: Path) -> Path | None:
        return next((start for start in self._starts if folder.is_relative_to(start / _DEFAULT_FOLDER)), None)


def _conversations_of(root: Path) -> frozenset[str] | None:
    """The conversations that a project finds; None where its file does not say, for something is wrong with it."""
    try:
        project = open_project(root, os.environ, tolerant=True) if find_project(root) else Project(root)
    except InvalidInput:
        return None
    return frozenset(discover(project).conversations)
