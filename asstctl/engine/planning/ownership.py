"""Ownership: which live object is which address, told by the marks alone (ENGINE section 1).

Objects without our mark are foreign and never changed. Where two bear one address the oldest keeps it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from asstctl.core.address import Address
from asstctl.core.mark import Damaged, Mark, is_candidate, read_mark
from asstctl.core.resource import Live


@dataclass(frozen=True, slots=True)
class Owned:
    """The object that bears an address, its mark, and later copies that bear it too."""

    live: Live
    mark: Mark
    copies: tuple[Live, ...] = ()


@dataclass(frozen=True, slots=True)
class Ownership:
    """All live objects, sorted out. `foreign` bear no mark, `others` the mark of another project.

    `damaged` bear marks that cannot be trusted, oldest first. Where the oldest of an address is among them,
    nothing owns that address, and younger copies are listed there too: to take one of them for the address
    would treat the damaged mark as absent.
    """

    owned: Mapping[Address, Owned]
    damaged: tuple[tuple[Live, Damaged], ...]
    foreign: tuple[Live, ...]
    others: tuple[tuple[Live, str], ...]

    @property
    def borne(self) -> frozenset[Address]:
        """Every address that something here bears, be its mark sound or not."""
        return frozenset({*self.owned, *(why.address for _, why in self.damaged if why.address)})


def sort_out(objects: Iterable[Live], project: str, *, ties_in_creation_order: bool) -> Ownership:
    """Sort the live objects of one account by what their marks say."""
    marked: dict[Address, list[tuple[Live, Mark | Damaged]]] = {}
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
        elif mark.address is None:
            assert isinstance(mark, Damaged)
            damaged.append((live, mark))
        elif mark.address.kind != live.kind:
            damaged.append((live, Damaged(f"it says {mark.address} and stands on a {live.kind}", project)))
        else:
            marked.setdefault(mark.address, []).append((live, mark))
    owned = {}
    for address, pairs in marked.items():
        # where the wire lists ties in creation order the listing itself is the order of age
        if not ties_in_creation_order:
            pairs.sort(key=lambda pair: (pair[0].created_at, pair[0].id))
        (live, mark), *younger = pairs
        if isinstance(mark, Damaged):
            contested = Damaged(f"{live.id}, which is older, bears {address} with a damaged mark", project, address)
            damaged += [(live, mark), *((copy, contested) for copy, _ in younger)]
            continue
        owned[address] = Owned(live, mark, tuple(copy for copy, other in younger if isinstance(other, Mark)))
        damaged += [(copy, other) for copy, other in younger if isinstance(other, Damaged)]
    return Ownership(owned, tuple(damaged), tuple(foreign), tuple(others))
