"""Planning: (desired, live, decisions, policy) -> Plan, a pure function.

Each address is decided alone (`changes`), after the marks (`ownership`) and the decisions of the files
(`identities`) have said which object it is. What goes is planned in `deletes`, order comes from `order`, sentences
beside the changes from `notes`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from asstctl.core.address import Address
from asstctl.core.capabilities import Capabilities
from asstctl.core.change import Action, BlockCode, Change
from asstctl.core.decisions import NONE, Decisions
from asstctl.core.errors import Refused
from asstctl.core.json_types import EMPTY
from asstctl.core.knowledge import StoreFile
from asstctl.core.mark import Damaged
from asstctl.core.plan import Plan, TargetInfo
from asstctl.core.resource import Desired, Live
from asstctl.engine.planning.blocks import moved_away, same_name
from asstctl.engine.planning.changes import Terms, blocked_by_mark, create, possible, refused, update
from asstctl.engine.planning.classify import FieldVerdict
from asstctl.engine.planning.deletes import Doomed, forget, guard_stores, make_deletes, undeletable
from asstctl.engine.planning.identities import Identities, settle
from asstctl.engine.planning.losses import losses_said
from asstctl.engine.planning.notes import notes, of_instructions, staying_uploads
from asstctl.engine.planning.order import in_order
from asstctl.engine.planning.ownership import Owned, Ownership, sort_out
from asstctl.engine.planning.policy import CAUTIOUS, Policy

_MARK_BLOCKS = (BlockCode.DAMAGED_MARK, BlockCode.NEWER_MARK)


@dataclass(frozen=True, slots=True)
class Decided:
    """A plan, and what it rests on: which object bears each address now, and how each of their fields stands."""

    plan: Plan
    owned: Mapping[Address, Owned]
    verdicts: Mapping[Address, Sequence[FieldVerdict]]


def decide(
    desired: Iterable[Desired],
    objects: Iterable[Live],
    *,
    target: TargetInfo,
    capabilities: Capabilities,
    policy: Policy = CAUTIOUS,
    revision: str | None = None,
    decisions: Decisions = NONE,
    files: Mapping[str, tuple[StoreFile, ...]] = EMPTY,
) -> Decided:
    """Decide what to do with every desired resource, and with what is ours and no longer declared.

    `objects` are all live objects of the known kinds, `files` those of live stores by the store's id. Raises
    Refused where a prune would rest on files that declare nothing.
    """
    declared, lives = tuple(desired), tuple(objects)
    if policy.prune and not declared:
        raise Refused(
            "the files declare nothing",
            detail="--prune works from an intact project only, so that a wrong folder cannot empty an account",
            hint="run it in the project's folder, or name the folder with -C DIR",
        )
    ownership = sort_out(lives, target.project, ties_in_creation_order=capabilities.ties_in_creation_order)
    identities = settle(ownership, lives, (one.address for one in declared), decisions, target)
    wanted = [one for one in declared if policy.covers(one.address)]
    stores = {address: owned.live.id for address, owned in identities.owned.items()}
    terms = Terms(target, capabilities, policy.accepting(decisions), revision, stores, files)
    verdicts: dict[Address, Sequence[FieldVerdict]] = {}
    changes = _for_the_declared(wanted, ownership, identities, terms, verdicts)
    changes += _for_the_leaving(identities, terms)
    changes += _for_what_cannot_leave(declared, ownership, decisions, policy)
    changes = guard_stores(changes, identities.owned)
    changes = [_decided(possible(change, capabilities), decisions) for change in changes]
    said = {change.remote_id for change in changes if change.block and change.block.code in _MARK_BLOCKS}
    losses = tuple((one.address, loss) for one in wanted for loss in one.losses)
    plan = Plan(
        target,
        in_order(changes),
        (
            *capabilities.notes,
            *of_instructions(changes, capabilities),
            *losses_said(losses, target.name, capabilities.api),
            *notes(
                wanted,
                ownership,
                identities,
                verdicts,
                target,
                policy,
                said=said,
                files=files,
                capabilities=capabilities,
            ),
            *staying_uploads(changes, files),
        ),
        revision,
        flags=policy.flags(deletes=False),
        losses=losses,
    )
    return Decided(plan, identities.owned, verdicts)


def _for_the_declared(
    wanted: Iterable[Desired],
    ownership: Ownership,
    identities: Identities,
    terms: Terms,
    verdicts: dict[Address, Sequence[FieldVerdict]],
) -> list[Change]:
    """Create, compare, adopt or move; `verdicts` hears of every field that was compared."""
    taken = {owned.live.id for owned in identities.owned.values()}
    foreign: dict[tuple[str, str], Live] = {}
    for live in ownership.foreign:
        if live.id not in taken:
            foreign.setdefault((live.kind, live.name), live)
    changes = []
    for one in wanted:
        address = one.address
        owned = identities.owned.get(address)
        stays = owned is not None and address not in identities.adopted and address not in identities.moved
        if not stays and (damaged := _damaged(one, ownership)):
            changes.append(blocked_by_mark(one, *damaged))
        elif refusal := identities.refused.get(address):
            changes.append(refused(one, refusal.action, refusal.block, refusal.ids))
        elif owned is None:
            changes.append(_create(one, foreign, identities, terms))
        else:
            change, verdicts[address] = update(
                one, owned, terms, adopted=address in identities.adopted, previous=identities.moved.get(address)
            )
            changes.append(_after_its_object_moved(change, identities))
    return changes


def _create(desired: Desired, foreign: Mapping[tuple[str, str], Live], identities: Identities, terms: Terms) -> Change:
    address, block = desired.address, None
    twin = foreign.get((address.kind, desired.name)) if desired.name else None
    if twin and address not in terms.policy.allow_same_name:
        block = same_name(desired, twin, terms.target)
    to = identities.gives_up(address)
    if to is not None and not terms.policy.covers(to):
        block = moved_away(identities.owned[to].live.id, address, to)
    return _after_its_object_moved(create(desired, terms, block), identities)


def _after_its_object_moved(change: Change, identities: Identities) -> Change:
    """An address is not given anew before the object that bears it has another."""
    to = identities.gives_up(change.address)
    return change if to is None else replace(change, after=(to,))


def _for_the_leaving(identities: Identities, terms: Terms) -> list[Change]:
    """Deletes and forgets of what is ours and no longer declared, where the files or a prune say so."""
    target, policy = terms.target, terms.policy
    doomed: dict[Address, Doomed] = {}
    changes = []
    for address, owned in sorted(identities.leaving.items()):
        removal = identities.removed.get(address)
        if not policy.covers(address):
            continue
        if removal and not removal.delete:
            changes.append(forget(address, owned, removal.where))
        elif removal or policy.prune:
            doomed[address] = Doomed(owned, named=removal is not None, where=removal.where if removal else None)
    only = "".join(f" --only {address}" for address in sorted(policy.only or ()))
    changes += make_deletes(
        doomed,
        identities.owned,
        terms.files,
        target=target,
        max_deletes=policy.max_deletes,
        command=lambda count: target.command(f"apply --prune{only} --max-deletes {count}"),
    )
    return changes


def _for_what_cannot_leave(
    declared: Iterable[Desired], ownership: Ownership, decisions: Decisions, policy: Policy
) -> list[Change]:
    """Blocked deletes and forgets of what bears a damaged or newer mark: as far as the files or a prune mean it."""
    removals = {removal.address: removal for removal in decisions.removed}
    stays = {one.address for one in declared}

    def action_for(address: Address) -> Action | None:
        removal = removals.get(address)
        if address in stays or not policy.covers(address) or not (removal or policy.prune):
            return None
        return Action.FORGET if removal and not removal.delete else Action.DELETE

    places = {address: removal.where for address, removal in removals.items()}
    return undeletable(ownership.damaged, ownership.owned, action_for, places=places)


def _decided(change: Change, decisions: Decisions) -> Change:
    """The same change with the places in `kind: changes` files that say so."""
    if decisions == NONE:
        return change
    match change.action:
        case Action.ADOPT:
            places = [one.where for one in decisions.adopt if one.to == change.address]
        case Action.MOVE:
            places = [one.where for one in decisions.moved if one.to == change.address]
        case Action.DELETE | Action.FORGET:
            places = [one.where for one in decisions.removed if one.address == change.address]
        case _:
            places = []
    accepted = {one.field: one.where for one in decisions.accepted}
    fields = tuple(
        replace(one, decided=accepted.get(f"{change.address}.{one.name}")) if one.overwritten else one
        for one in change.fields
    )
    return replace(change, fields=fields, decided=next(iter(places), None))


def _damaged(desired: Desired, ownership: Ownership) -> tuple[Live, Damaged] | None:
    """The damaged object that stands where this address should: it bears the address, or only the name."""
    for live, damaged in ownership.damaged:
        by_name = damaged.address is None and live.name == desired.name != ""
        if live.kind == desired.address.kind and (damaged.address == desired.address or by_name):
            return live, damaged
    return None
