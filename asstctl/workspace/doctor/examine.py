"""Use case: look at the project and its targets, and say how each thing stands."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from asstctl.core.diagnostic import Validation, in_reading_order
from asstctl.core.doctor import Examination, Examined
from asstctl.core.errors import InvalidInput, Refused
from asstctl.core.json_types import EMPTY
from asstctl.documents.project_folder import PROJECT_FILE, find_project
from asstctl.manifest import Loaded
from asstctl.manifest.project import LOCAL
from asstctl.workspace.doctor.checks import OF_PROJECT, OF_TARGET
from asstctl.workspace.doctor.home import Home
from asstctl.workspace.doctor.patient import Patient
from asstctl.workspace.doctor.settings import NO_OPTIONS, of_project, of_target
from asstctl.workspace.validate import files_of
from asstctl.workspace.workspace import Workspace

_NO_FILES = Validation((), 0, {})
_NO_OBJECTS = Loaded((), (), (), (), 0, ())


async def examine(workspace: Workspace, targets: Sequence[str] = (), options: Mapping[str, str] = EMPTY) -> Examination:
    """Have every check look, at these targets or at all. Raises WrongUsage for one that is not there.

    What a project file with errors says of its targets may not be what is meant: they are left alone then. `options`
    says of each variable of the environment that the command line reads which option it sets.
    """
    home = _home(replace(workspace, tolerant=True), {**options, **NO_OPTIONS})
    workspace, names = home.workspace, list[str]()
    if home.project is not None:
        names = [replace(workspace, target_name=name).target.name for name in targets or home.project.targets]
    findings = tuple(finding for check in OF_PROJECT for finding in check(home))
    examined = await asyncio.gather(*(_examined(home, name) for name in names if home.is_sound))
    return Examination(
        home.project.name if home.project else LOCAL,
        PROJECT_FILE if home.project is None or home.project.file else "",
        findings,
        tuple(examined),
        of_project(workspace, home.options) if home.project else (),
    )


def _home(workspace: Workspace, options: Mapping[str, str]) -> Home:
    """The project, as far as its files can be read."""
    start = workspace.directory.resolve()
    root: Path = find_project(start) or start
    try:
        project = workspace.project
    except InvalidInput as error:
        found = replace(_NO_FILES, diagnostics=in_reading_order(error.diagnostics), files=1)
        return Home(workspace, root, None, None, found, options=options)
    try:
        loaded, validation = files_of(workspace)
    except Refused as error:
        return Home(workspace, root, project, None, _NO_FILES, error, options)
    return Home(workspace, root, project, loaded, validation, options=options)


async def _examined(home: Home, name: str) -> Examined:
    workspace = replace(home.workspace, target_name=name)
    patient = Patient(workspace, _loaded(home, workspace), known=home.validation.diagnostics)
    try:
        findings = [finding for check in OF_TARGET for finding in await check(patient)]
    finally:
        await patient.aclose()
    return Examined(workspace.info, tuple(findings), of_target(workspace, patient.loaded))


def _loaded(home: Home, workspace: Workspace) -> Loaded:
    """What the files mean on one target."""
    if home.loaded is None:
        return _NO_OBJECTS
    return home.loaded if workspace.target.name == home.workspace.target.name else workspace.loaded
