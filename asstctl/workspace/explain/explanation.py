"""Use case: explain one resource, or one field of it. Sends only GETs, and none with `offline`."""

from collections.abc import Mapping
from dataclasses import replace

from asstctl.core.address import Address
from asstctl.core.change import ABSENT
from asstctl.core.errors import ProviderError, Refused
from asstctl.core.explanation import Explained, Explanation
from asstctl.core.loss import Loss
from asstctl.core.resource import Desired
from asstctl.kinds import KINDS
from asstctl.manifest.functions import FUNCTION
from asstctl.manifest.provenance import Provenance, Subject
from asstctl.manifest.sources import read_sources
from asstctl.workspace.explain.addresses import fields_of, split, unknown
from asstctl.workspace.explain.since import Annals
from asstctl.workspace.explain.standing import Sight, seen
from asstctl.workspace.veil import unless_absent_or_secret
from asstctl.workspace.workspace import Workspace


async def explain(workspace: Workspace, text: str, *, offline: bool = False) -> Explanation:
    """Where what stands at `ADDRESS[.FIELD]` comes from. Raises Refused for what there is not."""
    workspace.desired()
    declared = workspace.loaded.declared
    found = split(text, declared)
    provenance = Provenance(workspace.project, workspace.loaded, workspace.target.name, workspace.target.provider)
    if found is None:
        return await _undeclared(workspace, text, offline=offline)
    address, asked = found
    subject = provenance.subject(address)
    if subject is None:
        raise unknown(text, declared, workspace.info, looked=False)
    annals = Annals(workspace.project.root)
    try:
        fields = tuple(annals.dated(one) for one in fields_of(provenance, subject, asked))
    except Refused as unknown_field:
        return await _only_live(workspace, subject, asked, unknown_field, offline=offline)
    if address.kind == FUNCTION.name:
        return _function(workspace, subject, asked, fields)
    desired = next(one for one in workspace.desired() if one.address == address)
    fields = tuple(_with_losses(one, desired) for one in fields)
    explanation = Explanation(workspace.info, address, asked, fields, subject.where)
    if offline:
        return explanation
    sight = await seen(workspace, address)
    if isinstance(sight, Sight):
        return _held_against(explanation, sight, provenance, subject)
    if not isinstance(sight, ProviderError | Refused):
        raise sight
    return replace(explanation, unseen=sight)


async def _only_live(
    workspace: Workspace, subject: Subject, asked: str, unknown_field: Refused, *, offline: bool
) -> Explanation:
    """What is written nowhere may be live: a key of a map that nobody declares."""
    if not offline and subject.address.kind in KINDS:
        sight = await seen(workspace, subject.address)
        if isinstance(sight, Sight) and sight.holds(asked):
            one = Explained(asked, ABSENT, declared=False, remark="not declared here")
            return _on_target(Explanation(workspace.info, subject.address, asked, (one,), subject.where), sight)
    raise unknown_field


def _held_against(explanation: Explanation, sight: Sight, provenance: Provenance, subject: Subject) -> Explanation:
    fields = explanation.fields
    if not explanation.asked:
        # what is live and nobody declares is a part of the answer, where everything was asked for
        known = {one.name for one in fields}
        beside = [provenance.field(subject, name) for name in sight.fields if name not in known]
        fields += tuple(one for one in beside if one is not None)
    return _on_target(replace(explanation, fields=fields), sight)


def _on_target(explanation: Explanation, sight: Sight) -> Explanation:
    return replace(
        explanation,
        fields=tuple(_without_secrets(sight.stand(one), sight.workspace) for one in explanation.fields),
        id=sight.owned.live.id if sight.owned else "",
        revision=sight.owned.mark.revision if sight.owned else "",
        next=sight.next,
        looked=True,
    )


def _without_secrets(one: Explained, workspace: Workspace) -> Explained:
    """The same, without a live value that holds a secret: somebody may have put one there."""
    parts = tuple(_without_secrets(part, workspace) for part in one.parts)
    secrets, stands = workspace.project.secrets, one.stands
    if stands is not None:
        stands = replace(stands, live=unless_absent_or_secret(stands.live, secrets))
        if stands.applied is not None:
            applied = replace(stands.applied, value=unless_absent_or_secret(stands.applied.value, secrets))
            stands = replace(stands, applied=applied)
    return replace(one, stands=stands, parts=parts)


def _function(workspace: Workspace, subject: Subject, asked: str, fields: tuple[Explained, ...]) -> Explanation:
    """A function has no live object: its changes show under each assistant that uses it."""
    users = read_sources(workspace.project).users_of_function(subject.address.key)
    return Explanation(workspace.info, subject.address, asked, fields, subject.where, users=users)


def _with_losses(one: Explained, desired: Desired) -> Explained:
    """With what the target accepts to be without."""
    lost: Mapping[str, Loss] = {loss.path: loss for loss in desired.losses}
    loss = next((found for path, found in lost.items() if one.name == path or one.name.startswith(f"{path}.")), None)
    return replace(one, remark=f"the target is without it, as it accepts: {loss.what}") if loss else one


async def _undeclared(workspace: Workspace, text: str, *, offline: bool) -> Explanation:
    """What the files no longer declare and the target still has of ours."""
    declared, target = workspace.loaded.declared, workspace.info
    address = _address_in(text)
    if offline or address is None:
        raise unknown(text, declared, target, looked=False)
    sight = await seen(workspace, address)
    if not isinstance(sight, Sight):
        raise sight
    if sight.owned is None:
        raise unknown(text, declared, target, looked=True)
    asked = text[len(str(address)) + 1 :]
    names = [name for name in sight.fields if not asked or asked == name or asked.startswith(f"{name}.")]
    fields = tuple(Explained(asked or name, ABSENT, declared=False, remark="not declared") for name in names)
    if not fields:
        raise Refused(
            f"{address} has no {asked}", detail=f"it is not declared, and nothing is live there on {target.name}"
        )
    return replace(
        _on_target(Explanation(target, address, asked, fields), sight),
        remarks=(f"No file declares it. To delete it: {target.command('apply --prune')}",),
    )


def _address_in(text: str) -> Address | None:
    try:
        address = Address.parse(".".join(text.split(".")[:2]))
    except ValueError:
        return None
    return address if address.kind in KINDS else None
