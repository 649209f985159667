"""New files of a project for objects that it did not make: where they go, what says that they are to be adopted, and
what a project is called that begins with them."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from asstctl.core.address import Address
from asstctl.core.errors import Refused
from asstctl.core.pull import FileEdit
from asstctl.documents.paths import PathRefused, inside
from asstctl.documents.project_folder import DEFAULT_MANIFESTS, matches
from asstctl.documents.yaml_writing import whole
from asstctl.manifest import Project
from asstctl.manifest.from_live import NewFile

FOLDER = "assistants"
CHANGES = "adopt.yaml"
NAMELESS = "assistants"
"""What a project is called whose folder has no letter that a name can have."""


@dataclass
class NewFiles:
    """Files that overwrite nothing, in the order in which they were added."""

    root: Path
    edits: list[FileEdit] = field(default_factory=list)

    def add(self, path: str, text: str) -> str:
        """One more, there or beside what is there already; its path."""
        free = self._free(path)
        self.edits.append(FileEdit(free, None, text))
        return free

    def add_all(self, folder: str, files: Iterable[NewFile]) -> None:
        """Several, in a folder of the project."""
        for file in files:
            self.add(_joined(folder, file.name), file.text)

    def adopt(self, folder: str, target: str, adopted: Mapping[Address, str]) -> None:
        """What says that these objects of a target are to be adopted."""
        if adopted:
            entries = [{"to": str(address), "target": target, "id": id} for address, id in sorted(adopted.items())]
            self.add(_joined(folder, CHANGES), whole({"kind": "changes", "adopt": entries}))

    def _free(self, path: str) -> str:
        """A path where nothing is yet."""
        used = {edit.path.lower() for edit in self.edits}
        folder, slash, name = path.rpartition("/")
        stem, dot, ending = name.partition(".") if name.endswith(".convo.yaml") else name.rpartition(".")
        number, tried = 1, path
        while tried.lower() in used or (self.root / tried).exists():
            number += 1
            tried = f"{folder}{slash}{stem}-{number}{dot}{ending}"
        return tried


def _joined(folder: str, name: str) -> str:
    return name if folder == "." else f"{folder}/{name}"


def folder_for(project: Project, into: str) -> str:
    """The folder in the project, if its files would be read as manifests. Raises Refused."""
    root = project.root
    try:
        real = inside(root, root, into, dot_files=False)
    except PathRefused as refused:
        raise Refused(refused.summary, hint=refused.hint) from None
    folder = real.relative_to(root.resolve()).as_posix()
    globs = project.manifests or DEFAULT_MANIFESTS
    for name in ("x.yaml", "x.md", "functions/x.yaml"):
        if not any(matches(glob.lstrip("/"), _joined(folder, name)) for glob in globs):
            hint = f"add `{into}/**/*.yaml` and `{into}/**/*.md` to `manifests` in asstctl.yaml"
            raise Refused(f"files in {into} would not be read as manifests", hint=hint)
    return folder


def project_name(root: Path) -> str:
    """A name that a project can have, from that of its folder."""
    plain = unicodedata.normalize("NFKD", root.name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9_.-]+", "-", plain).strip("-._")[:64] or NAMELESS
