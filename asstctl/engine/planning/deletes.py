"""Deletes and what is forgotten: never a protected object, never more than was allowed, never what is in use. Pure.

What is to go is decided elsewhere: everything of ours (`destroy`), what is no longer declared (a prune), or what
the files name (`removed`), which is not counted. ENGINE promise 4.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from asstctl.core.address import Address
from asstctl.core.change import Action, Block, BlockCode, Change, WayOn
from asstctl.core.diagnostic import Where
from asstctl.core.knowledge import StoreFile
from asstctl.core.mark import Damaged
from asstctl.core.plan import TargetInfo
from asstctl.core.resource import Desired, Live
from asstctl.engine.planning.blocks import unusable_mark
from asstctl.engine.planning.changes import what_is_seen
from asstctl.engine.planning.files import removals
from asstctl.engine.planning.ownership import Owned
from asstctl.engine.planning.resolve import STORES, STORES_KEY, held_files, items_of
from asstctl.kinds import KINDS


@dataclass(frozen=True, slots=True)
class Doomed:
    """One object that is to go. `named`: the files say so, at `where`. `desired` is what its manifest still says."""

    owned: Owned
    named: bool = False
    where: Where | None = None
    desired: Desired | None = None

    @property
    def protected(self) -> bool:
        """Whether the object says so, or its manifest does and the object does not know it yet."""
        return self.owned.mark.protect or (self.desired is not None and self.desired.protect)


def make_deletes(
    doomed: Mapping[Address, Doomed],
    owned: Mapping[Address, Owned],
    files: Mapping[str, tuple[StoreFile, ...]],
    *,
    target: TargetInfo,
    max_deletes: int,
    command: Callable[[int], str],
) -> list[Change]:
    """The deletes, blocked where they are protected or more than `max_deletes`; `command` gives what to type for
    that many of them."""
    counted = sum(not one.protected and not one.named for one in doomed.values())
    over = None
    if counted > max_deletes:
        over = Block(
            BlockCode.MAX_DELETES,
            f"{counted} deletes are more than the {max_deletes} allowed at once",
            (WayOn("delete them all", command(counted)),),
        )
    stores = {one.live.id: address for address, one in owned.items()}
    return [
        _delete(address, one, files, stores, _protected(one, target) or (None if one.named else over))
        for address, one in doomed.items()
    ]


def undeletable(
    damaged: Iterable[tuple[Live, Damaged]],
    owned: Mapping[Address, Owned],
    action_for: Callable[[Address], Action | None],
    *,
    places: Mapping[Address, Where | None],
) -> list[Change]:
    """A blocked change for each address that is to go and that only a damaged or a newer mark names: what bears one
    is neither touched nor passed over in silence."""
    changes: dict[Address, Change] = {}
    for live, why in damaged:
        address = why.address
        if address is None or address in owned or address in changes or (action := action_for(address)) is None:
            continue
        changes[address] = Change(
            address,
            action,
            reason="its mark cannot be trusted",
            name=live.name,
            remote_id=live.id,
            where=places.get(address),
            block=unusable_mark(live, why),
        )
    return [*changes.values()]


def forget(address: Address, owned: Owned, where: Where | None) -> Change:
    """Our pairs are taken off the object, which stays as it is."""
    return Change(
        address,
        Action.FORGET,
        reason="the files say that it is not ours any more",
        name=owned.live.name,
        remote_id=owned.live.id,
        where=where,
        revision=owned.mark.revision,
        seen=what_is_seen(KINDS[address.kind], None, owned),
    )


def guard_stores(changes: Sequence[Change], owned: Mapping[Address, Owned]) -> list[Change]:
    """The same changes; a store that is to go waits until nothing of ours uses it, and stays where something will."""
    by_address = {change.address: change for change in changes}
    return [
        _guarded(change, by_address, owned) if change.action is Action.DELETE and not change.block else change
        for change in changes
    ]


def _guarded(change: Change, changes: Mapping[Address, Change], owned: Mapping[Address, Owned]) -> Change:
    users = [address for address, one in sorted(owned.items()) if change.remote_id in stores_of(one.live)]
    going = [address for address in users if address in changes and changes[address].action is Action.DELETE]
    leaving = [address for address in users if address in changes and _lets_go(changes[address], change.remote_id)]
    if kept := [address for address in users if address not in going and address not in leaving]:
        reason = f"{kept[0]} still uses {change.remote_id}"
        return replace(change, block=Block(BlockCode.DEPENDENCY, reason))
    return replace(change, after=tuple(leaving))


def _lets_go(change: Change, store: str | None) -> bool:
    """Whether an assistant no longer uses a store once it was written."""
    return STORES in change.send and store not in items_of(change.send[STORES], STORES_KEY)


def stores_of(live: Live) -> list[str]:
    """The ids of the stores that an object uses."""
    return [id for id in items_of(live.fields.get(STORES), STORES_KEY) if isinstance(id, str)]


def _delete(
    address: Address,
    doomed: Doomed,
    files: Mapping[str, tuple[StoreFile, ...]],
    stores: Mapping[str, Address],
    block: Block | None,
) -> Change:
    owned, desired = doomed.owned, doomed.desired
    live = owned.live
    return Change(
        address,
        Action.DELETE,
        reason="the files say that it is to go" if doomed.named else "" if desired else "no longer declared",
        name=live.name,
        remote_id=live.id,
        where=doomed.where or (desired.where if desired else None),
        block=block,
        seen=what_is_seen(KINDS[address.kind], None, owned),
        depends_on=_ordered({*(desired.depends_on if desired else ()), *_used(live, stores)}),
        code_files=held_files(owned) or {},
        files=removals(files.get(live.id, ())),
        named=doomed.named,
    )


def _used(live: Live, stores: Mapping[str, Address]) -> Iterable[Address]:
    return (stores[id] for id in stores_of(live) if id in stores)


def _ordered(addresses: Iterable[Address]) -> tuple[Address, ...]:
    return tuple(sorted(addresses))


def _protected(doomed: Doomed, target: TargetInfo) -> Block | None:
    if not doomed.protected:
        return None
    text = f"set protect: false and run {target.command('apply')}"
    if doomed.desired is None:
        text = f"declare it again, {text}, then take its file away"
    return Block(
        BlockCode.PROTECTED,
        f"{doomed.owned.live.id} is protected",
        (WayOn("take the protection off first", text),),
    )
