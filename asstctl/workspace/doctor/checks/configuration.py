"""Whether the files can be read, and how much is wrong with them; what it is, is for `validate`."""

import shlex
from collections.abc import Iterable, Sequence

from asstctl.core.diagnostic import Diagnostic, Severity
from asstctl.core.doctor import Finding, Standing
from asstctl.render.values import counted
from asstctl.workspace.doctor.home import Home
from asstctl.workspace.doctor.patient import Patient

NAME = "configuration"


def check(home: Home) -> Iterable[Finding]:
    """One finding: that there is no project, the first error, else the first warning, else what the files hold."""
    if home.nothing:
        return [Finding(NAME, Standing.WRONG, home.nothing.summary, home.nothing.hint, home.nothing.detail)]
    folder = f" -C {shlex.quote(home.workspace.folder)}" if home.workspace.folder else ""
    validation, left = home.validation, "" if home.is_sound else "no target was looked at"
    if found := _worst(validation.diagnostics, f"asstctl{folder} validate", left):
        return [found]
    held = [counted(number, noun.replace("_", " ")) for noun, number in validation.found.items() if number]
    files = f"{counted(validation.files, 'file')} {'is' if validation.files == 1 else 'are'}"
    return [Finding(NAME, Standing.FINE, f"{files} valid" + (f": {', '.join(held)}" if held else ""))]


async def check_target(patient: Patient) -> Iterable[Finding]:
    """What is wrong with the files on this target alone: a variable that is not set, mostly."""
    known = {(one.code, one.where) for one in patient.known}
    own = [
        one
        for one in patient.loaded.diagnostics
        if one.severity is Severity.ERROR and (one.code, one.where) not in known
    ]
    found = _worst(own, patient.workspace.info.command("validate"), own[0].hint if own else "")
    return [found] if found else []


def _worst(diagnostics: Iterable[Diagnostic], command: str, left: str) -> Finding | None:
    every: Sequence[Diagnostic] = tuple(diagnostics)
    for severity, standing in ((Severity.ERROR, Standing.WRONG), (Severity.WARNING, Standing.WARNING)):
        found = [one for one in every if one.severity is severity]
        if found:
            rest = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
            summary = f"{severity}[{found[0].code}]: {found[0].summary}{rest}"
            return Finding(NAME, standing, summary, f"See all of it: {command}", left, found[0].where)
    return None
