"""Whether what a target takes from the environment is there, and may go where its address says; never a value."""

from collections.abc import Iterable

from asstctl.core.doctor import Finding, Standing
from asstctl.workspace.doctor.patient import Patient

NAME = "key"


async def check(patient: Patient) -> Iterable[Finding]:
    """One finding; none for a target in this process, which needs no key."""
    workspace = patient.workspace
    if workspace.is_embedded:
        return []
    if patient.withheld:
        return [patient.finding(NAME, patient.withheld)]
    target = workspace.target
    names = [*([target.api_key_env] if target.api_key_env else []), *(one.env for one in target.headers.values())]
    if names:
        said = f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'} set"
    elif target.auth:
        said = "a token of this machine's identity is asked for when it is needed"
    else:
        said = "none is configured"
    return [Finding(NAME, Standing.FINE, said)]
