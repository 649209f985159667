"""The models that assistants name: whether the account has them, where it can be asked, and when they end.

The account is asked anew, whatever it said to the last plan.
"""

from collections.abc import Iterable, Mapping, Sequence

from asstctl.core.doctor import Finding, Standing
from asstctl.core.errors import AsstctlError, AuthFailed, NoSuchApi, NotFound, Rejected
from asstctl.core.models import ModelUse, Offered
from asstctl.manifest.model_lint import HORIZON, caveat, ending_of, is_absent, named
from asstctl.workspace.doctor.patient import Patient

NAME = "models"

_NO_LIST = (AuthFailed, NoSuchApi, NotFound, Rejected)
"""Answers of a server that has no such list for this key; everything else may work."""


async def check(patient: Patient) -> Iterable[Finding]:
    """A finding for each model that ends or is not there, or one for all of them."""
    uses: dict[str, list[ModelUse]] = {}
    for one in patient.uses:
        uses.setdefault(one.model, []).append(one)
    if not uses:
        return []
    offered, unheard = await _offered(patient)
    found = [*unheard, *_bad(patient, uses, offered)]
    return found or _good(patient, uses, offered)


async def _offered(patient: Patient) -> tuple[Offered | None, Sequence[Finding]]:
    """What the account says, where it can be asked; and why it says nothing, where nobody else said that."""
    if patient.withheld or patient.is_unborn or not await patient.answers():
        return None, []
    models = (await patient.provider()).models
    if models is None:
        return None, []
    try:
        offered = await models.offered()
    except _NO_LIST as error:
        summary = f"which models there are cannot be told: {error.summary}"
        return None, [Finding(NAME, Standing.NOTE, summary, error.hint, error.detail)]
    except AsstctlError as error:
        return None, [patient.finding(NAME, error)]
    return offered, []


def _bad(patient: Patient, uses: Mapping[str, Sequence[ModelUse]], offered: Offered | None) -> Iterable[Finding]:
    workspace = patient.workspace
    vendor, today = workspace.vendors[workspace.target.name], workspace.now().date()
    for model, used in uses.items():
        users, where = named([one.address for one in used]), used[0].where
        if vendor and (ending := ending_of(model, today, offered)):
            yield Finding(
                NAME, Standing.WARNING, f"{ending}{caveat(vendor)}", "Name another model in time.", users, where
            )
        if offered and is_absent(model, offered):
            summary = f"{model} is not among the models that {workspace.info.place} lists"
            # a server of one's own may take names that it does not list
            standing = Standing.WRONG if vendor else Standing.NOTE
            yield Finding(NAME, standing, summary, "Name another model, or use another key.", users, where)


def _good(patient: Patient, uses: Mapping[str, Sequence[ModelUse]], offered: Offered | None) -> Sequence[Finding]:
    workspace = patient.workspace
    said = f"{len(uses)} models are" if len(uses) > 1 else f"{next(iter(uses))} is"
    known = [f"{said} listed"] if offered else []
    if workspace.vendors[workspace.target.name]:
        known.append(
            f"no end within {HORIZON} days is known" if known else f"{said} not known to end within {HORIZON} days"
        )
    return [Finding(NAME, Standing.FINE, "; ".join(known))] if known else []
