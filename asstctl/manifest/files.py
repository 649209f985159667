"""Files that a manifest names: found inside the project, read once, placed in diagnostics."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from asstctl.core.diagnostic import Diagnostic, Where, error, has_errors
from asstctl.documents.json_text import parse_json
from asstctl.documents.paths import PathRefused, inside, shown
from asstctl.documents.source import read_text
from asstctl.documents.yaml import Document, parse_one


@dataclass
class Files:
    """The files of one load. Reading is kept, so that a file named by many manifests is read once."""

    root: Path
    refused: set[str] = field(default_factory=set)
    """The paths that somebody wrote and that must not be read."""
    _texts: dict[Path, str | Diagnostic] = field(default_factory=dict)
    _documents: dict[Path, tuple[Document | None, tuple[Diagnostic, ...]]] = field(default_factory=dict)

    def find(self, base: Path, written: str, where: Where) -> Path | Diagnostic:
        """The file that a path in a file of the folder `base` means."""
        try:
            return inside(self.root, base, written)
        except PathRefused as refused:
            folder = self.root if written.startswith("/") else base
            self.refused.add(os.path.normpath(folder / written.lstrip("/")))
            return refused.at(where)

    def text(self, path: Path, written: str, where: Where) -> str | Diagnostic:
        """The text of a file; a missing one is said at `where`, and not in the file that is not there."""
        if path not in self._texts:
            self._texts[path] = read_text(path, self.shown(path))
        text = self._texts[path]
        if isinstance(text, Diagnostic) and text.code in {"missing-file", "unreadable-file"}:
            hint = "paths start at this file's folder; a leading `/` is the project"
            return error(text.code, f"`{written}` cannot be read: {_reason(text)}", where, hint=hint)
        return text

    def document(self, path: Path, written: str, where: Where) -> tuple[Document | None, tuple[Diagnostic, ...]]:
        """The YAML or JSON document in a file."""
        text = self.text(path, written, where)
        if isinstance(text, Diagnostic):
            return None, (text,)
        if path not in self._documents:
            parse = parse_json if path.suffix == ".json" else parse_one
            document, diagnostics = parse(text, self.shown(path))
            self._documents[path] = (None if has_errors(diagnostics) else document), diagnostics
        return self._documents[path]

    def shown(self, path: Path) -> str:
        return shown(self.root.resolve(), path)


def _reason(problem: Diagnostic) -> str:
    return problem.detail or "it does not exist"
