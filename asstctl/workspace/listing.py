"""Use cases: list what this project has on a target, show one resource of it, give its ids to applications."""

import shlex
from collections.abc import Mapping
from dataclasses import replace

from asstctl.core.address import Address
from asstctl.core.change import Action, BlockCode, Change
from asstctl.core.errors import Refused
from asstctl.core.inventory import Declared, HeldFile, Ids, Inventory, Resource, Shown
from asstctl.core.json_types import EMPTY, Json
from asstctl.core.knowledge import StoreFile
from asstctl.core.mark import without_mark
from asstctl.core.plan import TargetInfo
from asstctl.core.resource import Desired, Live
from asstctl.core.suggest import did_you_mean
from asstctl.core.tokens import estimate_prompt
from asstctl.engine.planning.policy import CAUTIOUS, Policy
from asstctl.kinds import KINDS
from asstctl.manifest.secrets import unless_secret
from asstctl.workspace.plan import look, make, ownership_of
from asstctl.workspace.veil import hidden_of
from asstctl.workspace.workspace import Workspace

ASSISTANT = "assistant"

FilesById = Mapping[str, tuple[StoreFile, ...]]
"""What live stores hold, by their ids."""


async def inventory(workspace: Workspace, *, every_file: bool = False) -> Inventory:
    """Look at everything that the files declare and everything that bears this project's mark.

    `every_file`: also at the files of stores that are no longer declared.
    """
    desired = {one.address: one for one in workspace.desired()}
    async with workspace.open() as provider:
        reading = await look(workspace, provider, Policy(prune=every_file))
        plan = make(workspace, provider, reading, CAUTIOUS)
        owned = ownership_of(workspace, provider, reading).owned
    planned = {change.address: change for change in plan.changes}
    moved = {change.previous for change in plan.changes}
    live = {one.id: one for one in reading.objects}
    resources = tuple(
        _resource(
            address,
            _status(planned.get(address)),
            desired.get(address),
            live.get(planned[address].remote_id or "") if address in planned else owned[address].live,
            reading.files,
        )
        for address in sorted({*desired, *owned} - moved)
    )
    hidden = hidden_of(workspace.project.secrets)
    return Inventory(plan.target, tuple(replace(one, name=hidden.out_of(one.name)) for one in resources))


async def shown(workspace: Workspace, text: str, *, offline: bool = False) -> Shown:
    """One resource by its address, or by its key where that is enough; with `offline` as the files say it. Raises
    Refused when there is none."""
    everything = declared(workspace) if offline else await inventory(workspace, every_file=True)
    for one in everything.resources:
        if text in (str(one.address), one.address.key):
            return _in_full(workspace, everything.target, one, offline=offline)
    raise _not_shown(workspace, everything, text, offline=offline)


def _not_shown(workspace: Workspace, everything: Inventory, text: str, *, offline: bool) -> Refused:
    """What to say of an address that is not one of these; of functions and of fields there is something to explain."""
    target = everything.target
    there = {name: one.address for one in everything.resources for name in (one.address.key, str(one.address))}
    names = {name: one for one in workspace.loaded.declared for name in (one.key, str(one))} | there
    nearest = next((name for name in sorted(names, key=len, reverse=True) if f"{text}.".startswith(f"{name}.")), None)
    if nearest is not None:
        explain = target.command(f"explain {shlex.quote(text)}")
        is_field = nearest != text
        return Refused(
            f"{text} {f'names a field of {names[nearest]}' if is_field else 'is no object of its own'}",
            detail="one assistant or vector store is shown in full" if is_field else "it is a part of those who use it",
            hint=f"see where it comes from: {explain}",
        )
    beyond = "" if offline else f" nor, with this project's mark, on {target.name}"
    return Refused(
        f"there is no {text}",
        detail=f"neither in the files{beyond}" if beyond else "not in the files",
        hint=did_you_mean(text, sorted(names), otherwise=f"see {target.command('list')}"),
    )


def declared(workspace: Workspace) -> Inventory:
    """Everything that the files declare, as they say it; nobody is asked."""
    resources = (
        _resource(one.address, "as the files say it", one, None, EMPTY)
        for one in sorted(workspace.desired(), key=lambda one: one.address)
    )
    return Inventory(workspace.info, tuple(resources))


def _in_full(workspace: Workspace, target: TargetInfo, one: Resource, *, offline: bool) -> Shown:
    """With what the files say of its instructions, and about how many tokens it takes."""
    secrets = workspace.project.secrets
    harmless = replace(one, fields={name: unless_secret(value, secrets) for name, value in one.fields.items()})
    if one.address.kind != ASSISTANT:
        return Shown(target, harmless, offline=offline)
    desired = next((found for found in workspace.desired() if found.address == one.address), None)
    files = None
    if desired is not None:
        rule = KINDS[ASSISTANT].field("instructions").canonical
        text = desired.fields.get("instructions")
        differs = "instructions" in desired.fields and rule(text) != rule(one.fields.get("instructions"))
        files = Declared(str(text or ""), estimate_prompt(desired.fields), differs)
    return Shown(target, harmless, estimate_prompt(one.fields), files, offline)


async def ids(workspace: Workspace, *, as_variables: bool = False) -> Ids:
    """The ids of what is on the target.

    `as_variables` says that each becomes an environment variable. Two addresses that give one name are then
    refused, because the second would silently win; files alone cannot do that, an object no longer declared can.
    """
    everything = await inventory(workspace)
    there = {one.address: one.id for one in everything.resources if one.id}
    first: dict[str, Address] = {}
    for address in there if as_variables else ():
        other = first.setdefault(address.id_variable, address)
        if other is not address:
            raise Refused(
                f"two ids would both be {address.id_variable}",
                detail=f"{other} and {address}",
                hint=f"Take the ids as JSON instead: {everything.target.command('list --ids --format json')}",
            )
    missing = tuple(one.address for one in everything.resources if not one.id)
    return Ids(everything.target, there, missing)


def _resource(address: Address, status: str, desired: Desired | None, live: Live | None, listed: FilesById) -> Resource:
    fields: Mapping[str, Json] = desired.fields if desired else EMPTY
    if live is not None:
        fields = {**live.fields, "metadata": without_mark(live.metadata)}
    return Resource(
        address,
        status,
        name=str(fields.get("name") or ""),
        id=live.id if live else "",
        model=str(fields.get("model") or ""),
        created_at=live.created_at if live else None,
        fields=fields,
        files=_files(desired, live, listed),
        losses=desired.losses if desired else (),
    )


def _files(desired: Desired | None, live: Live | None, listed: FilesById) -> tuple[HeldFile, ...] | None:
    if live is None:
        if desired is None or desired.files is None:
            return None
        return tuple(HeldFile(one.file.path, "", "not uploaded", one.file.bytes) for one in desired.files)
    held = listed.get(live.id)
    if held is None:
        return None
    found = (HeldFile(one.path or "", one.id, one.status, one.bytes, one.error) for one in held)
    return tuple(sorted(found, key=lambda one: (not one.path, one.path, one.id)))


def _status(change: Change | None) -> str:
    match change:
        case None:
            return "not declared"
        case Change(block=block) if block:
            return "changed outside of git" if block.code is BlockCode.DRIFT else f"blocked: {block.code}"
        case Change(action=Action.CREATE):
            return "not created"
        case Change(action=Action.KEEP):
            return "in sync"
        case Change(action=Action.UPDATE):
            return "differs"
    return f"to {change.action}"
