"""The checks of `doctor`, a module each. These tuples are the list: they are carried out in this order."""

from collections.abc import Awaitable, Callable, Iterable

from asstctl.core.doctor import Finding
from asstctl.workspace.doctor.checks import (
    capabilities,
    configuration,
    database,
    dialect,
    git,
    key,
    models,
    objects,
    our_folder,
    reachability,
    schemas,
    settings,
    sqlite,
    tapes,
    versions,
)
from asstctl.workspace.doctor.home import Home
from asstctl.workspace.doctor.patient import Patient

OF_PROJECT: tuple[Callable[[Home], Iterable[Finding]], ...] = (
    versions.check,
    configuration.check,
    settings.check,
    sqlite.check,
    our_folder.check,
    git.check,
    schemas.check,
)
"""Those that look at the machine and at the files, once."""

OF_TARGET: tuple[Callable[[Patient], Awaitable[Iterable[Finding]]], ...] = (
    configuration.check_target,
    key.check,
    database.check,
    reachability.check,
    dialect.check,
    capabilities.check,
    objects.check,
    models.check,
    tapes.check,
)
"""Those that look at one target, one after the other."""
