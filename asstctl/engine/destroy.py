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
from asstctl.engine.order import waves
from asstctl.engine.ownership import Owned, sort_out
from asstctl.engine.plan import what_is_seen
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
    over = None
    if len(doomed) > policy.max_deletes:
        only = "".join(f" --only {address}" for address in sorted(policy.only or ()))
        over = Block(
            BlockCode.MAX_DELETES,
            f"{len(doomed)} deletes are more than the {policy.max_deletes} allowed at once",
            (WayOn("delete them all", target.command(f"destroy{only} --max-deletes {len(doomed)}")),),
        )
    changes = [_delete(address, owned, declared.get(address), over, target) for address, owned in doomed.items()]
    left = tuple(
        f"{address}: {', '.join(copy.id for copy in owned.copies)} bears this address too and is left alone."
        for address, owned in doomed.items()
        if owned.copies
    )
    return Plan(target, tuple(change for wave in waves(changes) for change in wave), left)


def _delete(address: Address, owned: Owned, desired: Desired | None, over: Block | None, target: TargetInfo) -> Change:
    where: Where | None = desired.where if desired else None
    protected = Block(
        BlockCode.PROTECTED,
        f"{owned.live.id} is protected",
        (WayOn("take the protection off first", f"set protect: false and run {target.command('apply')}"),),
    )
    kind = KINDS[address.kind]
    return Change(
        address,
        Action.DELETE,
        reason="asked for by destroy",
        name=owned.live.name,
        remote_id=owned.live.id,
        where=where,
        block=protected if owned.mark.protect else over,
        seen=what_is_seen(kind, (), owned.mark.fields, owned.live),
        depends_on=desired.depends_on if desired else (),
    )
