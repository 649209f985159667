"""Planning deletes (ENGINE promise 4): never a protected object, never more than was allowed.

`destroy` takes what bears this project's mark, declared or not. The caller has made sure that the files
loaded without error and declare something.
"""

from collections.abc import Iterable

from asstctl.core.address import Address
from asstctl.core.capabilities import Capabilities
from asstctl.core.change import Action, Block, BlockCode, Change, WayOn
from asstctl.core.diagnostic import Where
from asstctl.core.plan import Plan, TargetInfo
from asstctl.core.resource import Desired, Live
from asstctl.engine.notes import left_alone
from asstctl.engine.order import waves
from asstctl.engine.ownership import Owned, sort_out
from asstctl.engine.plan import block_dependents, what_is_seen
from asstctl.engine.policy import CAUTIOUS, Policy
from asstctl.kinds import KINDS


def make_destroy_plan(
    desired: Iterable[Desired],
    objects: Iterable[Live],
    *,
    target: TargetInfo,
    capabilities: Capabilities,
    policy: Policy = CAUTIOUS,
) -> Plan:
    """Delete what this project owns on the target, as far as the policy covers it."""
    ownership = sort_out(objects, target.project, ties_in_creation_order=capabilities.ties_in_creation_order)
    doomed = {address: owned for address, owned in sorted(ownership.owned.items()) if policy.covers(address)}
    declared = {one.address: one for one in desired}
    count = sum(not _is_protected(owned, declared.get(address)) for address, owned in doomed.items())
    over = None
    if count > policy.max_deletes:
        only = "".join(f" --only {address}" for address in sorted(policy.only or ()))
        over = Block(
            BlockCode.MAX_DELETES,
            f"{count} deletes are more than the {policy.max_deletes} allowed at once",
            (WayOn("delete them all", target.command(f"destroy{only} --max-deletes {count}")),),
        )
    changes = [_delete(address, owned, declared.get(address), over, target) for address, owned in doomed.items()]
    copies = (
        f"{address}: {', '.join(copy.id for copy in owned.copies)} bears this address too and is left alone."
        for address, owned in doomed.items()
        if owned.copies
    )
    damaged = (left_alone(live, damaged) for live, damaged in ownership.damaged if policy.only is None)
    ordered = block_dependents([change for wave in waves(changes) for change in wave])
    return Plan(target, ordered, (*copies, *damaged), deletes=True)


def _is_protected(owned: Owned, desired: Desired | None) -> bool:
    """Whether the object says so, or its manifest does and the object does not know it yet."""
    return owned.mark.protect or (desired is not None and desired.protect)


def _delete(address: Address, owned: Owned, desired: Desired | None, over: Block | None, target: TargetInfo) -> Change:
    where: Where | None = desired.where if desired else None
    protected = Block(
        BlockCode.PROTECTED,
        f"{owned.live.id} is protected",
        (WayOn("take the protection off first", f"set protect: false and run {target.command('apply')}"),),
    )
    return Change(
        address,
        Action.DELETE,
        name=owned.live.name,
        remote_id=owned.live.id,
        where=where,
        block=protected if _is_protected(owned, desired) else over,
        seen=what_is_seen(KINDS[address.kind], None, owned),
        depends_on=desired.depends_on if desired else (),
    )
