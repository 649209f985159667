"""Ownership: which live object is which address, told by the marks alone (ENGINE section 1).

Objects without our mark are foreign and never changed. Where two bear one address the oldest keeps it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from asstctl.core.address import Address
from asstctl.core.resource import Live
from asstctl.engine.mark import Damaged, Mark, is_candidate, read_mark


@dataclass(frozen=True, slots=True)
class Owned:
    """The object that bears an address, its mark, and later copies that bear it too."""

    live: Live
    mark: Mark
    copies: tuple[Live, ...] = ()


@dataclass(frozen=True, slots=True)
class Ownership:
    """All live objects, sorted out. `foreign` bear no mark, `others` the mark of another project."""

    owned: Mapping[Address, Owned]
    damaged: tuple[tuple[Live, Damaged], ...]
    foreign: tuple[Live, ...]
    others: tuple[tuple[Live, str], ...]


def sort_out(objects: Iterable[Live], project: str, *, ties_in_creation_order: bool) -> Ownership:
    """Sort the live objects of one account by what their marks say."""
    marked: dict[Address, list[tuple[Live, Mark]]] = {}
    damaged: list[tuple[Live, Damaged]] = []
    foreign: list[Live] = []
    others: list[tuple[Live, str]] = []
    for live in objects:
        mark = read_mark(live.metadata)
        if mark is None:
            foreign.append(live)
        elif is_candidate(live.metadata):
            continue
        elif mark.project not in (None, project):
            others.append((live, mark.project or ""))
        elif isinstance(mark, Damaged):
            damaged.append((live, mark))
        elif mark.address.kind != live.kind:
            damaged.append((live, Damaged(f"it says {mark.address} and stands on a {live.kind}", project)))
        else:
            marked.setdefault(mark.address, []).append((live, mark))
    owned = {address: _oldest(pairs, ties_in_creation_order) for address, pairs in marked.items()}
    return Ownership(owned, tuple(damaged), tuple(foreign), tuple(others))


def _oldest(pairs: list[tuple[Live, Mark]], ties_in_creation_order: bool) -> Owned:
    # where the wire lists ties in creation order the listing itself is the order of age
    if not ties_in_creation_order:
        pairs = sorted(pairs, key=lambda pair: (pair[0].created_at, pair[0].id))
    (live, mark), *copies = pairs
    return Owned(live, mark, tuple(copy for copy, _ in copies))
