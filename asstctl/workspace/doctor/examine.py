"""Use case: look at the project and its targets, and say how each thing stands."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from asstctl.core.diagnostic import has_errors
from asstctl.core.doctor import Examination, Examined
from asstctl.manifest import Loaded
from asstctl.manifest.project import PROJECT_FILE
from asstctl.workspace.doctor.checks import OF_PROJECT, OF_TARGET
from asstctl.workspace.doctor.patient import Patient
from asstctl.workspace.validate import files_of
from asstctl.workspace.workspace import Workspace


async def examine(workspace: Workspace, targets: Sequence[str] = ()) -> Examination:
    """Have every check look, at these targets or at all. Raises WrongUsage for one that is not there, and InvalidInput
    where the project file says too little to look further.

    What a project file with errors says of its targets may not be what is meant: they are left alone then.
    """
    workspace = replace(workspace, tolerant=True)
    project = workspace.project
    names = [replace(workspace, target_name=name).target.name for name in targets or project.targets]
    if has_errors(project.diagnostics):
        names = []
    loaded, validation = files_of(workspace)
    findings = tuple(finding for check in OF_PROJECT for finding in check(workspace, validation))
    examined = await asyncio.gather(*(_examined(replace(workspace, target_name=name), loaded) for name in names))
    return Examination(project.name, PROJECT_FILE if project.file else "", findings, tuple(examined))


async def _examined(workspace: Workspace, loaded: Loaded) -> Examined:
    patient = Patient(workspace, loaded)
    try:
        findings = [finding for check in OF_TARGET for finding in await check(patient)]
    finally:
        await patient.aclose()
    return Examined(workspace.info, tuple(findings))
