"""How a target's server is spoken to, and what is to be known of that."""

from collections.abc import Iterable

from asstctl.core.doctor import Finding, Standing
from asstctl.core.errors import AsstctlError, Refused
from asstctl.workspace.doctor.patient import Patient

NAME = "dialect"


async def check(patient: Patient) -> Iterable[Finding]:
    """The dialect and each thing to know of it; none for a target in this process, or where nobody answered."""
    workspace = patient.workspace
    if workspace.is_embedded or patient.withheld:
        return []
    try:
        await patient.listing()
        capabilities = (await patient.provider()).store.capabilities
    except Refused as error:
        return [patient.finding(NAME, error)] if await patient.is_open() else []
    except AsstctlError:
        return []
    known = [one for one in (capabilities.terms, *capabilities.notes, *capabilities.instructions_notes) if one]
    spoken = f"{workspace.settings.dialect_name} ({capabilities.wire})"
    return [Finding(NAME, Standing.FINE, spoken), *(Finding(NAME, Standing.NOTE, one) for one in known)]
