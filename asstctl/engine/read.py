"""Reading live state: one listing per kind at once, then one of the files of each store that matters.

A listing is whole or an error (see core.ports); what it means is decided in `ownership`, `classify` and
`files`. Which kinds and stores matter is told by an Interest, a pure value of what is declared and decided.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from asstctl.core.address import Address
from asstctl.core.decisions import NONE, Decisions
from asstctl.core.errors import NoSuchApi, NotFound, Rejected
from asstctl.core.json_types import EMPTY
from asstctl.core.knowledge import StoreFile
from asstctl.core.mark import Mark, read_mark
from asstctl.core.ports import FileHost, ResourceStore
from asstctl.core.resource import Desired, Listing, Live
from asstctl.engine.planning.policy import CAUTIOUS, Policy

T = TypeVar("T")
Request = Callable[[], Awaitable[T]]

STORE = "vector_store"
"""The kind whose objects hold files."""

MOST = 8
"""Requests at a time, as many as an apply sends (ENGINE promise 6): a project may declare hundreds of stores."""


@dataclass(frozen=True, slots=True)
class Interest:
    """What a reading is for. `kinds` must be there: for any other one a server may say that it has no such thing.

    The files of a store are listed if it is ours (`project`) and bears one of `addresses` (None: any), or if its
    id is one of `ids`.
    """

    kinds: frozenset[str] | None = None
    project: str = ""
    addresses: frozenset[Address] | None = frozenset()
    ids: frozenset[str] = frozenset()

    def needs(self, kind: str) -> bool:
        """Whether a server must have this kind."""
        return self.kinds is None or kind in self.kinds

    def covers(self, store: Live) -> bool:
        """Whether the files of this store are to be listed."""
        mark = read_mark(store.metadata)
        ours = isinstance(mark, Mark) and mark.project == self.project
        return store.id in self.ids or (
            ours and isinstance(mark, Mark) and (self.addresses is None or mark.address in self.addresses)
        )


OBJECTS = Interest()
"""Every kind must be there, and no store's files are looked at."""


def interest_in(
    desired: Iterable[Desired],
    *,
    project: str,
    policy: Policy = CAUTIOUS,
    decisions: Decisions = NONE,
    everything: bool = False,
) -> Interest:
    """What a plan of these needs to see; with `everything` (destroy, and any prune) all stores of ours."""
    wanted = tuple(desired)
    named = {
        *(one.address for one in wanted if policy.covers(one.address)),
        *(move.source for move in decisions.moved),
        *(removal.address for removal in decisions.removed),
    }
    used = {address.kind for one in wanted for address in (one.address, *one.depends_on)}
    adopted = (adoption for adoption in decisions.adopt if adoption.to.kind == STORE)
    return Interest(
        kinds=frozenset({"assistant"} | used | {address.kind for address in named}),
        project=project,
        addresses=None if everything or policy.prune else frozenset(named),
        ids=frozenset(adoption.id for adoption in adopted),
    )


@dataclass(frozen=True, slots=True)
class Reading:
    """What was live at one moment: `at` is the monotonic second at which the reading began.

    `files` holds those of the stores that were looked at, by store id. A kind that the server does not have is not
    among the listings.
    """

    listings: Mapping[str, Listing]
    at: float
    files: Mapping[str, tuple[StoreFile, ...]] = field(default_factory=lambda: EMPTY)

    @property
    def objects(self) -> tuple[Live, ...]:
        """Every object of every kind, in listing order."""
        return tuple(live for listing in self.listings.values() for live in listing.objects)


async def read(
    store: ResourceStore,
    kinds: Iterable[str],
    *,
    clock: Callable[[], float] = time.monotonic,
    files: FileHost | None = None,
    interest: Interest = OBJECTS,
) -> Reading:
    """List every kind at once, then the files of all stores of interest at once.

    Kinds that the wire has no fields for are not asked for. Raises the ProviderError of the first listing that
    fails; but that a server has no such kind is an error only where it is needed.
    """
    at = clock()
    asked = [kind for kind in kinds if kind in store.capabilities.fields]
    answers = await _at_once(partial(_listing, store, kind, interest) for kind in asked)
    listings = {answer.kind: answer for answer in answers if answer is not None}
    held: dict[str, tuple[StoreFile, ...]] = {}
    if files is not None and STORE in listings:
        stores = [live.id for live in listings[STORE].objects if interest.covers(live)]
        held = dict(zip(stores, await _at_once(partial(files.attached, id) for id in stores), strict=True))
    return Reading(listings, at, held)


async def _listing(store: ResourceStore, kind: str, interest: Interest) -> Listing | None:
    try:
        return await store.list(kind)
    except (NotFound, NoSuchApi, Rejected):
        if interest.needs(kind):
            raise
        return None


async def _at_once(requests: Iterable[Request[T]]) -> list[T]:
    """All answers in order, MOST requests at a time. Raises the first error itself, not a group of them."""
    places = asyncio.Semaphore(MOST)
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(_in_turn(request, places)) for request in requests]
    except ExceptionGroup as several:
        raise several.exceptions[0] from None
    return [task.result() for task in tasks]


async def _in_turn(request: Request[T], places: asyncio.Semaphore) -> T:
    async with places:
        return await request()
