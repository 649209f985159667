"""Outside: what somebody else did to a target since the last apply, from a plan and the marks. Pure.

What is declared was compared by the plan. What is ours and no longer declared, or stands beside a decision that was
refused, is held against its own base here. An address without an object whose name something unmarked bears may
have one that lost its mark.
"""

from collections.abc import Iterable
from dataclasses import replace

from asstctl.core.address import Address
from asstctl.core.capabilities import Capabilities, Metadata
from asstctl.core.change import ABSENT, Action, Block, BlockCode, Change, FieldChange, FieldState, WayOn
from asstctl.core.errors import Refused
from asstctl.core.plan import Plan, TargetInfo
from asstctl.core.plans import Drift
from asstctl.core.resource import EXTENSION
from asstctl.engine.planning.classify import canonical_live
from asstctl.engine.planning.notes import outside_of_git
from asstctl.engine.planning.ownership import Owned, Ownership
from asstctl.engine.planning.policy import Policy
from asstctl.kinds import KINDS
from asstctl.kinds.canonical import DIGEST_LENGTH, digest
from asstctl.kinds.field import is_extension_code

OUTSIDE = (FieldState.DRIFT, FieldState.CONFLICT)
MARK_BLOCKS = (BlockCode.DAMAGED_MARK, BlockCode.NEWER_MARK)


def check_drift_can_be_told(target: TargetInfo, capabilities: Capabilities) -> None:
    """Raises Refused where marks do not say what was last applied: "no drift" would be a guess there."""
    if capabilities.metadata is Metadata.WRITE_ONCE:
        raise Refused(
            f"drift cannot be told on {target.name}",
            detail=capabilities.terms or f"an update keeps the old metadata here ({capabilities.dialect})",
            hint=f"See what differs from the files: {target.command('plan')}",
        )


def drift_of(plan: Plan, ownership: Ownership, policy: Policy) -> Drift:
    """The part of a plan that is about what others did, and what is ours beside it. An object that was never applied
    cannot have drifted."""
    target = plan.target
    compared = {change.remote_id for change in plan.changes if change.mark is not None}
    covered = {address: owned for address, owned in sorted(ownership.owned.items()) if policy.covers(address)}
    found = [_outside(change) for change in plan.changes]
    found += [_lost_mark(change, plan, ownership) for change in plan.changes]
    found += [_beside(address, one, target) for address, one in covered.items() if one.live.id not in compared]
    changes = tuple(change for change in found if change is not None)
    said = {change.remote_id for change in changes if change.block and change.block.code in MARK_BLOCKS}
    checked = {owned.live.id for owned in covered.values()} | {change.remote_id for change in changes}
    return Drift(target, changes, outside_of_git(ownership, policy, said=said), len(checked))


def _outside(change: Change) -> Change | None:
    if change.block and change.block.code in MARK_BLOCKS:
        return change
    fields = tuple(field for field in change.fields if field.state in OUTSIDE)
    if not fields:
        return None
    others = len(change.fields) - len(fields)
    return replace(change, fields=fields, files=(), unchanged=change.unchanged + others, files_unchanged=0)


def _lost_mark(change: Change, plan: Plan, ownership: Ownership) -> Change | None:
    """A create that is blocked by an unmarked object of its name, which may be the one that was applied."""
    if change.block is None or change.block.code is not BlockCode.SAME_NAME:
        return None
    taken = {one.remote_id for one in plan.changes if one.mark is not None}
    named = (live for live in ownership.foreign if (live.kind, live.name) == (change.address.kind, change.name))
    twin = next(live for live in named if live.id not in taken)
    named_so = f"{twin.id} on {plan.target.name} is named {twin.name!r}"
    reason = f"{named_so} and bears no mark, and nothing there is {change.address}"
    return Change(
        change.address,
        Action.KEEP,
        name=twin.name,
        remote_id=twin.id,
        where=change.where,
        reason=reason,
        block=replace(change.block, code=BlockCode.LOST_MARK, reason=reason),
    )


def _beside(address: Address, owned: Owned, target: TargetInfo) -> Change | None:
    """What is ours and was not compared with a manifest, held against its own base."""
    fields = tuple(_changed(owned))
    if not fields:
        return None
    names = ", ".join(field.name for field in fields)
    ways = (
        WayOn("see what is there now", target.command(f"show {address}")),
        WayOn("let it go", target.command(f"apply --prune --only {address}")),
    )
    return Change(
        address,
        Action.KEEP,
        fields=fields,
        unchanged=len(owned.mark.fields) - len(fields),
        name=owned.live.name,
        remote_id=owned.live.id,
        block=Block(BlockCode.DRIFT, f"{names} changed on {target.name} outside of git", ways),
        revision=owned.mark.revision,
    )


def _changed(owned: Owned) -> Iterable[FieldChange]:
    """The fields of the base whose live value is another one. Of what was applied the digest alone is known."""
    live, base, kind = owned.live, owned.mark.fields, KINDS[owned.live.kind]
    names = [*kind.fields, *sorted(name for name in live.fields if name.startswith(EXTENSION))]
    by_code = {kind.field(name).code: name for name in names}
    for code, name in by_code.items():
        if code in base and digest(value := canonical_live(kind, name, live)) != base[code][-DIGEST_LENGTH:]:
            yield FieldChange(name, FieldState.CONFLICT, ABSENT if value is None else value, ABSENT)
    for code, held in sorted(base.items()):
        # the name of an extension that is gone stands nowhere any more
        if is_extension_code(code) and code not in by_code and held[-DIGEST_LENGTH:] != digest(None):
            yield FieldChange(EXTENSION.rstrip("."), FieldState.CONFLICT, ABSENT, ABSENT)
