"""The checks of `doctor`, a module each. These tuples are the list: they are carried out, and shown, in this order."""

from collections.abc import Awaitable, Callable, Iterable

from asstctl.core.diagnostic import Validation
from asstctl.core.doctor import Finding
from asstctl.workspace.doctor.checks import configuration, dialect, key, models, reachability
from asstctl.workspace.doctor.patient import Patient
from asstctl.workspace.workspace import Workspace

OF_PROJECT: tuple[Callable[[Workspace, Validation], Iterable[Finding]], ...] = (configuration.check,)
"""Those that look at the files, once."""

OF_TARGET: tuple[Callable[[Patient], Awaitable[Iterable[Finding]]], ...] = (
    key.check,
    reachability.check,
    dialect.check,
    models.check,
)
"""Those that look at one target, one after the other."""
