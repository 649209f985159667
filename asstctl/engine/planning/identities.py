"""Identities: which live object is to be which address, once `kind: changes` has been heard. Pure.

Marks say what is (`ownership`), decisions what is to be: adoptions, moves, removals. Done ones are harmless.
Here is decided what each means on what is live; the change itself is made in `changes` and `deletes`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from asstctl.core.address import Address
from asstctl.core.change import Action, Block, BlockCode, WayOn
from asstctl.core.decisions import Adoption, Decisions, Move, Removal
from asstctl.core.diagnostic import Where
from asstctl.core.mark import PREFIX, Damaged, Mark, read_mark
from asstctl.core.plan import TargetInfo
from asstctl.core.resource import Live
from asstctl.engine.planning.ownership import Owned, Ownership


@dataclass(frozen=True, slots=True)
class Refusal:
    """A decision that cannot be carried out: what it would have been, on which objects, and why not."""

    action: Action
    block: Block
    ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Identities:
    """`owned` is what bears each address now or is to bear it: adopted and moved objects under their new one.

    `adopted` names the addresses that an object is adopted for, `moved` gives where each moved object comes from,
    `refused` what cannot be done. `leaving` are ours and no longer declared, by the address that they bear, but for
    those that somebody meant to keep in a decision which was refused; `removed` is what the files say of them.
    """

    owned: Mapping[Address, Owned]
    adopted: frozenset[Address]
    moved: Mapping[Address, Address]
    refused: Mapping[Address, Refusal]
    leaving: Mapping[Address, Owned]
    removed: Mapping[Address, Removal]

    def gives_up(self, address: Address) -> Address | None:
        """The address that what bears this one is moved to."""
        return next((to for to, source in self.moved.items() if source == address), None)


def settle(
    ownership: Ownership,
    objects: Iterable[Live],
    declared: Iterable[Address],
    decisions: Decisions,
    target: TargetInfo,
) -> Identities:
    """Hear the decisions: moves first, then adoptions, then what is left over and what was said of that."""
    wanted = frozenset(declared)
    owned = dict(ownership.owned)
    refused: dict[Address, Refusal] = {}
    moved = _moves(decisions.moved, wanted, owned, refused)
    lives = {(live.kind, live.id): live for live in objects}
    adopted = _adoptions(decisions.adopt, wanted, owned, lives, refused, target)
    meant = {id for refusal in refused.values() for id in refusal.ids}
    leaving = {a: one for a, one in owned.items() if a not in wanted and one.live.id not in meant}
    removed = {removal.address: removal for removal in decisions.removed if removal.address in leaving}
    return Identities(owned, adopted, moved, refused, leaving, removed)


def _moves(
    moves: Iterable[Move],
    wanted: frozenset[Address],
    owned: dict[Address, Owned],
    refused: dict[Address, Refusal],
) -> dict[Address, Address]:
    sources: dict[Address, list[Move]] = {}
    for move in moves:
        if move.to in wanted and move.source in owned and move.source.kind == move.to.kind:
            sources.setdefault(move.to, []).append(move)
    several = {to: those for to, those in sources.items() if len(those) > 1 and to not in owned}
    for to, (one, other, *_) in several.items():
        named = " and ".join(f"{owned[move.source].live.id} ({move.source})" for move in (one, other))
        way = WayOn("keep one of them", f"remove the other from `moved`{_at(other.where)}")
        block = Block(BlockCode.MOVE, f"{named} would both become {to}", (way,))
        refused[to] = Refusal(Action.MOVE, block, tuple(owned[move.source].live.id for move in several[to]))
    moved = {to: those[0].source for to, those in sources.items() if len(those) == 1}
    # what bears a new address already stays there, unless it is moved on itself
    while stay := [to for to in moved if to in owned and to not in moved.values()]:
        for to in stay:
            del moved[to]
    going = {source: owned.pop(source) for source in moved.values()}
    owned.update({to: going[source] for to, source in moved.items()})
    return moved


def _adoptions(
    adoptions: Iterable[Adoption],
    wanted: frozenset[Address],
    owned: dict[Address, Owned],
    lives: Mapping[tuple[str, str], Live],
    refused: dict[Address, Refusal],
    target: TargetInfo,
) -> frozenset[Address]:
    adopted: dict[Address, str] = {}
    for adoption in adoptions:
        to, id = adoption.to, adoption.id
        holder = owned.get(to)
        if to not in wanted or (holder is not None and holder.live.id == id):
            continue
        live = lives.get((to.kind, id))
        if block := _unadoptable(adoption, live, holder, adopted, target):
            refused[to] = Refusal(Action.ADOPT, block, (id,))
            continue
        assert live is not None
        adopted[to] = id
        owned[to] = Owned(live, Mark(target.project, to))
    return frozenset(adopted)


def _unadoptable(
    adoption: Adoption, live: Live | None, holder: Owned | None, adopted: Mapping[Address, str], target: TargetInfo
) -> Block | None:
    """Why an object cannot be adopted, and the ways on: what to do with the entry of a file, or what to type."""
    to, id, where = adoption.to, adoption.id, adoption.where
    drop = f"remove the entry of `adopt`{_at(where)}"
    others = WayOn("see what could be taken over", target.command(f"adopt {to}"))
    if holder is not None:
        reason = f"{holder.live.id} on {target.name} is {to} already; {id} cannot be it too"
        seen = WayOn("see what is there", target.command(f"show {to}"))
        return Block(BlockCode.ADOPT, reason, (WayOn("keep what is there", drop) if where else seen,))
    if live is None:
        reason = f"there is no {to.kind} {id} on {target.name}"
        ways = (WayOn("name another", f"mend the id{_at(where)}"), WayOn("make one", drop)) if where else (others,)
        return Block(BlockCode.ADOPT, reason, ways)
    if id in adopted.values():
        way = WayOn("keep one of the two", drop) if where else others
        return Block(BlockCode.ADOPT, f"{id} is adopted twice", (way,))
    match read_mark(live.metadata):
        case None:
            return None
        case Mark(project=project, address=address) if project == target.project:
            place = f"in place of the entry{_at(where)}" if where else "in a `kind: changes` file"
            move = f"write `moved: [{{from: {address}, to: {to}}}]` {place}"
            return Block(BlockCode.ADOPT, f"{id} is {address} of this project", (WayOn("move it", move),))
        case Mark(project=project, address=address):
            forget = f"`removed: [{{address: {address}, delete: false}}]` in project {project}"
            way = WayOn("let that project forget it first", forget)
            return Block(BlockCode.ADOPT, f"{id} is {address} of project {project}", (way,))
        case Damaged(reason=reason):
            way = WayOn("make it foreign first", f"remove the {PREFIX} keys from the metadata of {id}")
            return Block(BlockCode.ADOPT, f"{id} bears a mark that cannot be used: {reason}", (way,))


def _at(where: Where | None) -> str:
    return f" at {where.path}:{where.line}" if where else ""
