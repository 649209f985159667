"""The project file: found upwards from a folder, read, and checked."""

import os
from collections.abc import Mapping
from pathlib import Path

from asstctl.core.diagnostic import Diagnostic, Where, error, has_errors, in_reading_order
from asstctl.core.errors import InvalidInput
from asstctl.documents.models import check
from asstctl.documents.paths import PathRefused, inside, is_file
from asstctl.documents.source import read_text
from asstctl.documents.yaml import parse_one
from asstctl.manifest.project import PROJECT_FILE, Project
from asstctl.manifest.project_model import ProjectModel
from asstctl.manifest.targets import read_targets


def find_project(start: Path) -> Path | None:
    """The folder of the project file, looked for upwards to the repository's root or the home folder."""
    home = Path.home()
    for folder in (start, *start.parents):
        if is_file(folder / PROJECT_FILE):
            return folder
        if os.path.lexists(folder / ".git") or folder == home:
            return None
    return None


def open_project(directory: Path, environ: Mapping[str, str]) -> Project:
    """The project that a folder lies in. Raises InvalidInput with everything wrong with its file."""
    start = directory.resolve()
    root = find_project(start)
    if root is None:
        return Project(start)
    try:
        file = inside(root, root, PROJECT_FILE)
    except PathRefused as refused:
        raise InvalidInput([error(refused.code, refused.summary, Where(PROJECT_FILE), hint=refused.hint)]) from None
    text = read_text(file, PROJECT_FILE)
    if isinstance(text, Diagnostic):
        raise InvalidInput([text])
    document, diagnostics = parse_one(text, PROJECT_FILE)
    if document is None:
        raise InvalidInput(in_reading_order(diagnostics))
    model, found = check(ProjectModel, document, what="a project")
    diagnostics += found
    if model is None:
        raise InvalidInput(in_reading_order(diagnostics))
    project, found = read_targets(model, document, root, environ)
    diagnostics += found
    if has_errors(diagnostics):
        raise InvalidInput(in_reading_order(diagnostics))
    return project
