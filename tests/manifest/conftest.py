"""A project is a handful of files; a test writes the ones it speaks of."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from asstctl.core.diagnostic import Diagnostic
from asstctl.core.errors import InvalidInput
from asstctl.manifest import Loaded, load, open_project

Write = Callable[[Mapping[str, str]], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes files into a folder of their own, and gives the folder."""

    def write_files(files: Mapping[str, str]) -> Path:
        root = tmp_path / "project"
        for name, text in files.items():
            file = root / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        root.mkdir(exist_ok=True)
        return root

    return write_files


def loaded(root: Path, target: str = "local", environ: Mapping[str, str] | None = None, **options: Any) -> Loaded:
    return load(open_project(root, environ or {}), target, **options)


def places(diagnostics: tuple[Diagnostic, ...]) -> list[tuple[str, str]]:
    return [(one.code, str(one.where)) for one in diagnostics]


def refused(root: Path, environ: Mapping[str, str] | None = None) -> tuple[Diagnostic, ...]:
    """What is wrong with the project file."""
    with pytest.raises(InvalidInput) as caught:
        open_project(root, environ or {})
    return caught.value.diagnostics
