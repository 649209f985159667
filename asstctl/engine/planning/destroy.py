"""Planning `destroy`: it takes what bears this project's mark, declared or not.

The caller has made sure that the files loaded without error and declare something. What protects an object, and
how many may go at once, is in `deletes`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from asstctl.core.capabilities import Capabilities
from asstctl.core.change import Action
from asstctl.core.json_types import EMPTY
from asstctl.core.knowledge import StoreFile
from asstctl.core.plan import Plan, TargetInfo
from asstctl.core.resource import Desired, Live
from asstctl.engine.planning.blocks import incapable
from asstctl.engine.planning.deletes import Doomed, guard_stores, make_deletes, undeletable
from asstctl.engine.planning.notes import damaged_marks, staying_uploads
from asstctl.engine.planning.order import in_order
from asstctl.engine.planning.ownership import sort_out
from asstctl.engine.planning.policy import CAUTIOUS, Policy


def make_destroy_plan(
    desired: Iterable[Desired],
    objects: Iterable[Live],
    *,
    target: TargetInfo,
    capabilities: Capabilities,
    policy: Policy = CAUTIOUS,
    files: Mapping[str, tuple[StoreFile, ...]] = EMPTY,
) -> Plan:
    """Delete what this project owns on the target, as far as the policy covers it."""
    ownership = sort_out(objects, target.project, ties_in_creation_order=capabilities.ties_in_creation_order)
    doomed = {address: owned for address, owned in sorted(ownership.owned.items()) if policy.covers(address)}
    declared = {one.address: one for one in desired}
    only = "".join(f" --only {address}" for address in sorted(policy.only or ()))
    changes = make_deletes(
        {address: Doomed(owned, desired=declared.get(address)) for address, owned in doomed.items()},
        ownership.owned,
        files,
        target=target,
        max_deletes=policy.max_deletes,
        command=lambda count: target.command(f"destroy{only} --max-deletes {count}"),
    )
    changes = [replace(c, block=c.block or incapable(c, capabilities)) for c in guard_stores(changes, ownership.owned)]
    changes += undeletable(
        ownership.damaged,
        ownership.owned,
        lambda address: Action.DELETE if policy.covers(address) else None,
        places={address: one.where for address, one in declared.items()},
    )
    said = {change.remote_id for change in changes}
    copies = (
        f"{address}: {', '.join(copy.id for copy in owned.copies)} bears this address too and is left alone."
        for address, owned in doomed.items()
        if owned.copies
    )
    damaged = damaged_marks(ownership, policy, said)
    notes = (*capabilities.notes, *copies, *damaged, *staying_uploads(changes, files))
    return Plan(target, in_order(changes), notes, deletes=True, flags=policy.flags(deletes=True))
