"""Planning: (desired, live, policy) -> Plan, a pure function.

Each address is decided alone: create, update, keep, or blocked with a reason and the ways on. What a
listing says about ownership comes from `ownership`, field states from `classify`, order from `order`;
deletes are planned in `destroy`, sentences beside the changes in `notes`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from asstctl.core.address import Address
from asstctl.core.capabilities import Capabilities
from asstctl.core.change import (
    ABSENT,
    Absent,
    Action,
    Block,
    BlockCode,
    Change,
    FieldChange,
    FieldState,
    Seen,
    WayOn,
)
from asstctl.core.json_types import EMPTY, Json
from asstctl.core.mark import NONCE_LENGTH, PREFIX, Damaged, Mark, MarkTooLong, next_mark, only_mark
from asstctl.core.plan import Plan, TargetInfo
from asstctl.core.resource import EXTENSION, Desired, Live
from asstctl.engine.classify import FieldVerdict, canonical_live, classify, kept_codes
from asstctl.engine.explain import explain
from asstctl.engine.notes import notes
from asstctl.engine.order import needs_of, waves
from asstctl.engine.ownership import Owned, Ownership, sort_out
from asstctl.engine.policy import CAUTIOUS, Policy
from asstctl.kinds import KINDS
from asstctl.kinds.canonical import DIGEST_LENGTH, digest
from asstctl.kinds.field import Kind

PROTECT = "protect"

_MARK_BLOCKS = (BlockCode.DAMAGED_MARK, BlockCode.NEWER_MARK)


def make_plan(
    desired: Iterable[Desired],
    objects: Iterable[Live],
    *,
    target: TargetInfo,
    capabilities: Capabilities,
    policy: Policy = CAUTIOUS,
    revision: str | None = None,
) -> Plan:
    """Decide what to do with every desired resource. `objects` are all live objects of the known kinds."""
    wanted = [d for d in desired if policy.covers(d.address)]
    ownership = sort_out(objects, target.project, ties_in_creation_order=capabilities.ties_in_creation_order)
    foreign: dict[tuple[str, str], Live] = {}
    for live in ownership.foreign:
        foreign.setdefault((live.kind, live.name), live)
    verdicts: dict[Address, Sequence[FieldVerdict]] = {}
    changes = []
    for one in wanted:
        owned = ownership.owned.get(one.address)
        if damaged := _damaged(one, ownership, owned):
            changes.append(_blocked_by_mark(one, *damaged))
        elif owned is None:
            twin = foreign.get((one.address.kind, one.name)) if one.name else None
            changes.append(_create(one, twin, target, policy, revision))
        else:
            kind = KINDS[one.address.kind]
            verdicts[one.address] = classify(kind, one, owned.live, owned.mark.fields)
            changes.append(_update(kind, one, owned, verdicts[one.address], target, capabilities, policy, revision))
    writable = map(_writable, changes)
    ordered = block_dependents([change for wave in waves(writable) for change in wave])
    said = {change.remote_id for change in changes if change.block and change.block.code in _MARK_BLOCKS}
    return Plan(target, ordered, notes(wanted, ownership, verdicts, target, policy, said=said), revision)


def _create(desired: Desired, twin: Live | None, target: TargetInfo, policy: Policy, revision: str | None) -> Change:
    kind = KINDS[desired.address.kind]
    canonical = {name: kind.field(name).canonical(desired.fields[name]) for name in _in_order(kind, desired.fields)}
    block = _clash(kind, desired)
    if not block and twin and desired.address not in policy.allow_same_name:
        block = Block(
            BlockCode.SAME_NAME,
            f"{twin.id} on {target.name} is named {desired.name!r} too, and is not ours",
            (
                WayOn(
                    "give yours another name", f"edit `name` in {desired.where.path if desired.where else 'its file'}"
                ),
                WayOn("make a second one", target.command(f"apply --allow-same-name {desired.address}")),
            ),
        )
    return Change(
        desired.address,
        Action.CREATE,
        fields=tuple(
            FieldChange(name, FieldState.OURS, ABSENT, value, where=desired.places.get(name))
            for name, value in canonical.items()
            if value is not None
        ),
        reason=f"not on {target.name} yet",
        name=desired.name,
        where=desired.where,
        block=block,
        send=dict(desired.fields),
        mark=next_mark(
            Mark(target.project, desired.address),
            protect=desired.protect,
            fields={kind.field(name).code: digest(value) for name, value in canonical.items()},
            revision=revision,
        ),
        depends_on=desired.depends_on,
    )


def _update(
    kind: Kind,
    desired: Desired,
    owned: Owned,
    verdicts: Sequence[FieldVerdict],
    target: TargetInfo,
    capabilities: Capabilities,
    policy: Policy,
    revision: str | None,
) -> Change:
    address, mark = desired.address, owned.mark
    changes = tuple(
        _field_change(v, desired, overwritten=policy.overwrites(address, v.name))
        for v in verdicts
        if v.state in (FieldState.OURS, FieldState.DRIFT, FieldState.CONFLICT)
    )
    if desired.protect is not mark.protect:
        changes += (FieldChange(PROTECT, FieldState.OURS, mark.protect, desired.protect),)
    written = [c.name for c in changes if c.name != PROTECT]
    send = {name: desired.fields.get(name) for name in written}
    if "metadata" in desired.fields and "metadata" not in desired.ignored:
        send["metadata"] = desired.fields["metadata"]
    stuck = [c for c in changes if c.state is not FieldState.OURS and not c.overwritten]
    base = _base(kind, desired, mark.fields, verdicts)
    return Change(
        address,
        Action.UPDATE if changes else Action.KEEP,
        fields=changes,
        unchanged=sum(v.state is FieldState.CLEAN and not isinstance(v.manifest, Absent) for v in verdicts),
        reason=_reason(changes),
        name=desired.name or owned.live.name,
        remote_id=owned.live.id,
        where=desired.where,
        block=_clash(kind, desired)
        or _drift_block(address, desired, stuck, target)
        or _reset_block(kind, send, capabilities),
        refresh=not changes and base != mark.fields,
        send=send,
        mark=next_mark(mark, protect=desired.protect, fields=base, revision=revision),
        revision=mark.revision,
        seen=what_is_seen(kind, desired, owned) if changes or base != mark.fields else None,
        depends_on=desired.depends_on,
    )


def _field_change(verdict: FieldVerdict, desired: Desired, *, overwritten: bool) -> FieldChange:
    before: Json | Absent = ABSENT if verdict.live is None else verdict.live
    after: Json | Absent = ABSENT if verdict.manifest is None else verdict.manifest
    return FieldChange(
        verdict.name,
        verdict.state,
        before,
        after,
        details=explain(before, after),
        where=desired.places.get(verdict.name),
        overwritten=overwritten and verdict.state is not FieldState.OURS,
    )


def _base(
    kind: Kind, desired: Desired, previous: Mapping[str, str], verdicts: Sequence[FieldVerdict]
) -> dict[str, str]:
    """The digests of the next mark, by field code: of all that is declared, and what stays from before."""
    base = kept_codes(kind, desired, previous)
    for verdict in verdicts:
        if isinstance(verdict.manifest, Absent):
            continue
        code = kind.field(verdict.name).code
        held = previous.get(code, "")
        if verdict.state is FieldState.CLEAN and not verdict.stale:
            base[code] = held
            continue
        request = digest(verdict.manifest)
        # what the provider made of the same request is still known, unless it holds the request itself now
        keeps = held[:DIGEST_LENGTH] == request and verdict.state is not FieldState.CLEAN
        base[code] = held if keeps else request
    return base


def what_is_seen(kind: Kind, desired: Desired | None, owned: Owned) -> Seen:
    """What a later read must still show before the object is written: managed digests, mark, updated_at."""
    live, base = owned.live, owned.mark.fields
    declared, ignored = (desired.fields, desired.ignored) if desired else (EMPTY, frozenset())
    extensions = (name for name in live.fields if name.startswith(EXTENSION))
    based = (name for name in (*kind.fields, *extensions) if kind.field(name).code in base)
    names = sorted({*declared, *based} - ignored)
    digests = {name: digest(canonical_live(kind, name, live)) for name in names}
    return Seen(digests, only_mark(live.metadata), live.updated_at)


def block_dependents(changes: Sequence[Change]) -> tuple[Change, ...]:
    """The same changes in the same order (that of the waves), those blocked that need one that is blocked."""
    done: dict[Address, Change] = {}
    needs = needs_of(changes)
    for change in changes:
        stuck = [address for address in needs[change.address] if address in done and done[address].block]
        if stuck and change.pending:
            block = Block(BlockCode.DEPENDENCY, f"{stuck[0]}, which it needs, is blocked")
            done[change.address] = replace(change, block=block)
        else:
            done[change.address] = change
    return tuple(done.values())


def _in_order(kind: Kind, names: Iterable[str]) -> list[str]:
    rank = {name: i for i, name in enumerate(kind.fields)}
    return sorted(names, key=lambda name: (rank.get(name, len(rank)), name))


def _reason(changes: Sequence[FieldChange]) -> str:
    names = [change.name for change in changes]
    if not names:
        return ""
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    return f"{listed} {'differs' if len(names) == 1 and not listed.endswith('s') else 'differ'}"


def _clash(kind: Kind, desired: Desired) -> Block | None:
    names: dict[str, str] = {}
    for name in sorted(desired.fields):
        other = names.setdefault(kind.field(name).code, name)
        if other != name:
            return Block(BlockCode.CODE_CLASH, f"{other} and {name} have the same code in the mark; drop one of them")
    return None


def _drift_block(address: Address, desired: Desired, stuck: Sequence[FieldChange], target: TargetInfo) -> Block | None:
    if not stuck:
        return None
    names = ", ".join(change.name for change in stuck)
    where = next((change.where for change in stuck if change.where), desired.where)
    return Block(
        BlockCode.DRIFT,
        f"{names} changed on {target.name} outside of git",
        (
            WayOn("keep the live value", f"write it in {where.path}:{where.line}" if where else "write it in its file"),
            WayOn("restore the manifest", target.command(f"apply --overwrite-drift {address}")),
        ),
    )


def _reset_block(kind: Kind, send: Mapping[str, Any], capabilities: Capabilities) -> Block | None:
    on_wire = capabilities.fields.get(kind.name, {})
    for name, value in send.items():
        if value is None and name in on_wire and not on_wire[name].resettable:
            return Block(
                BlockCode.NO_RESET, f"{name} cannot be set back to a default on {capabilities.wire}; declare it"
            )
    return None


def _damaged(desired: Desired, ownership: Ownership, owned: Owned | None) -> tuple[Live, Damaged] | None:
    """The damaged object that stands where this address should: it bears the address, or only the name."""
    if owned is not None:
        return None
    for live, damaged in ownership.damaged:
        by_name = damaged.address is None and live.name == desired.name != ""
        if live.kind == desired.address.kind and (damaged.address == desired.address or by_name):
            return live, damaged
    return None


def _blocked_by_mark(desired: Desired, live: Live, damaged: Damaged) -> Change:
    code = BlockCode.NEWER_MARK if damaged.newer else BlockCode.DAMAGED_MARK
    way = (
        WayOn("use the newer program", "upgrade asstctl")
        if damaged.newer
        else WayOn("make it foreign again", f"remove the {PREFIX} keys from the metadata of {live.id}")
    )
    return Change(
        desired.address,
        Action.UPDATE,
        name=desired.name,
        remote_id=live.id,
        where=desired.where,
        reason="its mark cannot be trusted",
        block=Block(code, f"the mark on {live.id} cannot be used: {damaged.reason}", (way,)),
        depends_on=desired.depends_on,
    )


def _writable(change: Change) -> Change:
    """The same change, blocked where its mark would not fit."""
    if change.block or not (change.pending or change.refresh):
        return change
    assert change.mark is not None
    # a create's nonce is still to be drawn and takes its room
    nonce = "0" * NONCE_LENGTH if change.action is Action.CREATE else change.mark.nonce
    try:
        replace(change.mark, nonce=nonce).metadata()
    except MarkTooLong as too_long:
        return replace(change, block=Block(BlockCode.MARK_TOO_LONG, f"{too_long}; declare fewer fields"))
    return change
