"""Whether the files can be read, and how much is wrong with them; what it is, is for `validate`."""

import shlex
from collections.abc import Iterable

from asstctl.core.diagnostic import Severity, Validation, has_errors
from asstctl.core.doctor import Finding, Standing
from asstctl.workspace.workspace import Workspace

NAME = "configuration"


def check(workspace: Workspace, validation: Validation) -> Iterable[Finding]:
    """One finding: the first error, else the first warning, else what the files hold."""
    for severity, standing in ((Severity.ERROR, Standing.WRONG), (Severity.WARNING, Standing.WARNING)):
        found = [one for one in validation.diagnostics if one.severity is severity]
        if found:
            rest = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
            summary = f"{severity}[{found[0].code}]: {found[0].summary}{rest}"
            folder = f" -C {shlex.quote(workspace.folder)}" if workspace.folder else ""
            hint = f"See all of it: asstctl{folder} validate"
            left = "no target was looked at" if has_errors(workspace.project.diagnostics) else ""
            return [Finding(NAME, standing, summary, hint, left, found[0].where)]
    held = [
        f"{number} {noun.replace('_', ' ')}{'s' * (number != 1)}" for noun, number in validation.found.items() if number
    ]
    files = "1 file is" if validation.files == 1 else f"{validation.files} files are"
    return [Finding(NAME, Standing.FINE, f"{files} valid" + (f": {', '.join(held)}" if held else ""))]
