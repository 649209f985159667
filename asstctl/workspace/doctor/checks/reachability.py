"""Whether a target answers: its assistants are listed, as every plan does."""

from collections.abc import Iterable

from asstctl.core.doctor import Finding, Standing
from asstctl.core.errors import AsstctlError, Refused
from asstctl.render.values import counted
from asstctl.workspace.doctor.patient import Patient

NAME = "reachability"


async def check(patient: Patient) -> Iterable[Finding]:
    """One finding; none where a key is missing, for then nothing is sent."""
    if patient.withheld:
        return []
    workspace = patient.workspace
    place = workspace.info.place
    if patient.is_unborn:
        return [Finding(NAME, Standing.FINE, f"nothing is there yet: {place} is made by the first plan")]
    if workspace.is_embedded and not patient.is_usable:
        return []  # its file cannot be opened, and the check of its database says so
    try:
        listing = await patient.listing()
    except AsstctlError as error:
        if isinstance(error, Refused) and await patient.is_open():
            # it answered, and what it lacks is for the check of its dialect
            return [Finding(NAME, Standing.FINE, f"{place} answers")]
        return [patient.finding(NAME, error)]
    return [Finding(NAME, Standing.FINE, f"{place} answers, and lists {counted(len(listing.objects), 'assistant')}")]
