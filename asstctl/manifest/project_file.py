"""The project file: found upwards from a folder, read, and checked."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from asstctl.core.allowed import readable
from asstctl.core.diagnostic import Diagnostic, Where, has_errors, in_reading_order
from asstctl.core.errors import InvalidInput
from asstctl.core.suggest import nearest
from asstctl.documents.models import check, check_parts, without
from asstctl.documents.paths import PathRefused, inside
from asstctl.documents.project_folder import PROJECT_FILE, find_project
from asstctl.documents.source import read_text
from asstctl.documents.yaml import Document, parse_one
from asstctl.documents.yaml import Path as Place
from asstctl.manifest.project import LOCAL, Project
from asstctl.manifest.project_model import ProjectModel, TargetModel
from asstctl.manifest.secrets import declared_in, masked
from asstctl.manifest.targets import read_targets

_READ_BY_MANIFESTS = ("manifests", "vars", "defaults", "targets")
"""Keys without which nothing true can be said about manifests."""


def open_project(directory: Path, environ: Mapping[str, str], *, tolerant: bool = False) -> Project:
    """The project that a folder lies in. Raises InvalidInput with everything wrong with its file.

    `tolerant`: for a look at all files at once. A project whose manifests can be read in spite of the errors is
    returned with them in its diagnostics; nothing may be done with it but say what else is wrong.
    """
    start = directory.resolve()
    root = find_project(start)
    if root is None:
        return Project(start)
    try:
        file = inside(root, root, PROJECT_FILE)
    except PathRefused as refused:
        raise InvalidInput([refused.at(Where(PROJECT_FILE))]) from None
    text = read_text(file, PROJECT_FILE)
    if isinstance(text, Diagnostic):
        raise InvalidInput([text])
    document, diagnostics = parse_one(text, PROJECT_FILE)
    if document is None:
        raise InvalidInput(in_reading_order(diagnostics))
    allowed = readable(environ)
    kept = {name: value for name, value in environ.items() if name not in allowed}
    project, found, sound = _read(document, root, allowed, kept.keys())
    secrets, unread = (tuple(declared_in(document.value, names)) for names in (allowed, kept))
    diagnostics = masked(in_reading_order((*diagnostics, *found)), (*secrets, *unread))
    if not has_errors(diagnostics) and project is not None:
        return replace(project, diagnostics=diagnostics, unread=unread)
    if project is None or not tolerant or not sound:
        raise InvalidInput(diagnostics)
    # A key whose settings are wrong is still one that no message may show.
    values = {one.env: one.reveal() for one in secrets}
    return replace(
        project,
        diagnostics=diagnostics,
        environment={**project.environment, **values},
        secret_names=project.secret_names | values.keys(),
        unread=unread,
    )


def _read(
    document: Document, root: Path, environ: Mapping[str, str], withheld: Collection[str]
) -> tuple[Project | None, tuple[Diagnostic, ...], bool]:
    """The project as far as its file is sound, what is wrong, and whether manifests can be read with it."""
    model, diagnostics, wrong = check_parts(ProjectModel, document, what="a project")
    dropped: frozenset[Place] = frozenset()
    if model is None:
        if not isinstance(document.value, Mapping):
            return None, diagnostics, False
        dropped = frozenset(path[: _depth(path)] for path in wrong)
        sound = replace(document, value=_with_providers(without(document.value, wrong, _depth)))
        model, more = check(ProjectModel, sound, what="a project")
        if model is None:
            return None, diagnostics + more, False
        document = sound
    project, found = read_targets(model, document, root, environ, dropped, withheld)
    return project, diagnostics + found, not any(_is_read_by_manifests(path) for path in dropped)


def _depth(path: Place) -> int:
    """How much of the file goes with something wrong: one setting of a target, one variable, one default."""
    return {"targets": 3, "vars": 2, "defaults": 2, "test": 2}.get(str(path[0]), 1)


def _with_providers(sound: dict[str, Any]) -> dict[str, Any]:
    """A target whose provider is not known is still one that manifests may name."""
    for name, target in (sound.get("targets") or {}).items():
        if isinstance(target, dict) and "provider" not in target:
            sound["targets"] = {**sound["targets"], name: {"provider": LOCAL, **_only_vars(target)}}
    return sound


def _only_vars(target: Mapping[str, Any]) -> dict[str, Any]:
    return {"vars": target["vars"]} if "vars" in target else {}


def _is_read_by_manifests(dropped: Place) -> bool:
    """Whether manifests cannot be understood without it; a misspelt key is the one that was meant."""
    if dropped[0] == "targets":
        return len(dropped) < 3 or nearest(str(dropped[2]), TargetModel.model_fields) == "vars"
    return nearest(str(dropped[0]), ProjectModel.model_fields) in _READ_BY_MANIFESTS
