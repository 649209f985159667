"""Blocks: why a change is not made, each with the ways on. Pure; whether one applies is asked in `changes`."""

from collections.abc import Mapping, Sequence
from typing import Any

from asstctl.core.address import Address
from asstctl.core.capabilities import Capabilities, Metadata
from asstctl.core.change import Action, Block, BlockCode, Change, FieldChange, WayOn
from asstctl.core.mark import PREFIX, Damaged
from asstctl.core.plan import TargetInfo
from asstctl.core.resource import Desired, Live
from asstctl.engine.planning.resolve import CODE_FILES, is_upload_of_ours
from asstctl.kinds.field import Kind

PROTECT = "protect"
"""The name of the flag among field changes; it stands in the mark and is no field of any wire."""

_REWRITES = (Action.UPDATE, Action.ADOPT, Action.MOVE, Action.FORGET)
_NEEDS: Mapping[str, frozenset[Action]] = {
    "get": frozenset({*_REWRITES, Action.DELETE}),
    "update": frozenset(_REWRITES),
}


def clash(kind: Kind, desired: Desired) -> Block | None:
    """Two declared fields with one code in the mark."""
    names: dict[str, str] = {}
    for name in sorted(desired.fields):
        other = names.setdefault(kind.field(name).code, name)
        if other != name:
            return Block(BlockCode.CODE_CLASH, f"{other} and {name} have the same code in the mark; drop one of them")
    return None


def same_name(desired: Desired, twin: Live, target: TargetInfo) -> Block:
    """A foreign object bears the name that a create is about to give."""
    return Block(
        BlockCode.SAME_NAME,
        f"{twin.id} on {target.name} is named {desired.name!r} too, and is not ours",
        (
            WayOn("take it over", target.command(f"adopt {desired.address} {twin.id}")),
            WayOn("make a second one", target.command(f"apply --allow-same-name {desired.address}")),
        ),
    )


def drift(desired: Desired, changes: Sequence[FieldChange], target: TargetInfo) -> Block | None:
    """Fields that somebody else changed and that nobody said may be overwritten."""
    if not changes:
        return None
    names = ", ".join(change.name for change in changes)
    return Block(
        BlockCode.DRIFT,
        f"{names} changed on {target.name} outside of git",
        (
            WayOn("keep the live value", target.command(f"pull {desired.address}")),
            WayOn("restore the manifest", target.command(f"apply --overwrite-drift {desired.address}")),
        ),
    )


def no_reset(kind: Kind, send: Mapping[str, Any], capabilities: Capabilities) -> Block | None:
    """A field that cannot be taken back on this wire."""
    on_wire = capabilities.fields.get(kind.name, {})
    for name, value in send.items():
        if value is None and name in on_wire and not on_wire[name].resettable:
            return Block(
                BlockCode.NO_RESET, f"{name} cannot be set back to a default on {capabilities.wire}; declare it"
            )
    return None


def unlisted(live: Live, capabilities: Capabilities) -> Block:
    """Files are declared, and what the store holds could not be asked for."""
    said = capabilities.missing.get("files") or f"the files of {live.id} cannot be listed here ({capabilities.dialect})"
    return Block(BlockCode.CAPABILITY, said)


def unusable_mark(live: Live, damaged: Damaged) -> Block:
    """The object bears a mark that is damaged, or a newer program's."""
    code = BlockCode.NEWER_MARK if damaged.newer else BlockCode.DAMAGED_MARK
    way = (
        WayOn("use the newer program", "upgrade asstctl")
        if damaged.newer
        else WayOn("make it foreign again", f"remove the {PREFIX} keys from the metadata of {live.id}")
    )
    return Block(code, f"the mark on {live.id} cannot be used: {damaged.reason}", (way,))


def moved_away(holder: str, address: Address, to: Address) -> Block:
    """An address cannot be given anew while its object, which is to be moved, is left out of the plan."""
    reason = f"{holder} still bears {address} and is to become {to}, which --only leaves out"
    return Block(BlockCode.MOVE, reason, (WayOn("move it too", f"add --only {to}"),))


def incapable(change: Change, capabilities: Capabilities) -> Block | None:
    """What the target cannot do, in the words of its capabilities (`missing`) or about its metadata."""
    kind, dialect = change.address.kind, capabilities.dialect
    if kind not in capabilities.fields:
        said = capabilities.missing.get(kind) or f"there are no objects of kind {kind} here ({dialect})"
        return Block(BlockCode.CAPABILITY, said)
    touches = change.action is Action.DELETE or change.writes_object
    for name, actions in _NEEDS.items():
        if name in capabilities.missing and change.action in actions and touches:
            return Block(BlockCode.CAPABILITY, capabilities.missing[name])
    if "files" in capabilities.missing and (change.files or CODE_FILES in change.late):
        return Block(BlockCode.CAPABILITY, capabilities.missing["files"])
    if capabilities.metadata is Metadata.WRITE_ONCE and (what := _needs_metadata(change)):
        return Block(BlockCode.CAPABILITY, f"{what}, and an update keeps the old metadata here ({dialect})")
    return None


def _needs_metadata(change: Change) -> str:
    """What of a change has to be noted in the metadata of an object that is there already, or nothing."""
    if change.action in (Action.ADOPT, Action.MOVE, Action.FORGET):
        return f"to {change.action} {change.remote_id} is to write its mark"
    if change.action is not Action.UPDATE:
        return ""
    names = {field.name for field in change.fields}
    if PROTECT in names:
        return "protect stands in the mark"
    if "metadata" in names:
        return "metadata differs"
    uploads = CODE_FILES in change.late or any(is_upload_of_ours(id, held) for id, held in change.code_files.items())
    return "which code file is which stands in the mark" if CODE_FILES in names and uploads else ""
