"""Order: dependencies first.

    files -> vector stores -> assistants        (deletes run backwards)

A wave holds what depends on nothing that is still to come; its members run at once, waves run in turn.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from graphlib import TopologicalSorter

from asstctl.core.address import Address
from asstctl.core.change import Action, Block, BlockCode, Change


def waves(changes: Iterable[Change]) -> tuple[tuple[Change, ...], ...]:
    """The changes in waves, each sorted by address; deletes last, in reverse. Raises graphlib.CycleError."""
    everything = sorted(changes, key=lambda change: change.address)
    deletes = [change for change in everything if change.action is Action.DELETE]
    others = [change for change in everything if change.action is not Action.DELETE]
    return (*_forwards(others), *reversed(_forwards(deletes)))


def needs_of(changes: Sequence[Change]) -> Mapping[Address, tuple[Address, ...]]:
    """What has to be done before each change: what it uses, and what it comes after; for a delete, the deletes of
    those that use it."""
    needs: dict[Address, list[Address]] = {change.address: [*change.after] for change in changes}
    for change in changes:
        for address in change.depends_on:
            if change.action is not Action.DELETE:
                needs[change.address].append(address)
            elif address in needs:
                needs[address].append(change.address)
    return {address: tuple(those) for address, those in needs.items()}


def in_order(changes: Iterable[Change]) -> tuple[Change, ...]:
    """The changes wave after wave, those blocked that need one that is blocked."""
    ordered = [change for wave in waves(changes) for change in wave]
    done: dict[Address, Change] = {}
    needs = needs_of(ordered)
    for change in ordered:
        stuck = [address for address in needs[change.address] if address in done and done[address].block]
        if stuck and change.pending:
            block = Block(BlockCode.DEPENDENCY, f"{stuck[0]}, which it needs, is blocked")
            done[change.address] = replace(change, block=block)
        else:
            done[change.address] = change
    return tuple(done.values())


def _forwards(changes: list[Change]) -> list[tuple[Change, ...]]:
    by_address = {change.address: change for change in changes}
    sorter = TopologicalSorter(
        {change.address: [a for a in change.depends_on + _after(change) if a in by_address] for change in changes}
    )
    sorter.prepare()
    result = []
    while sorter.is_active():
        ready = sorter.get_ready()
        result.append(tuple(by_address[address] for address in sorted(ready)))
        sorter.done(*ready)
    return result


def _after(change: Change) -> tuple[Address, ...]:
    # a delete comes after everything that is no delete anyway, and among deletes the order runs backwards
    return () if change.action is Action.DELETE else change.after
