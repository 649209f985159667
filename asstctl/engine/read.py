"""Reading live state: one listing per kind, and how old it is.

A listing is whole or an error (see core.ports); what it means is decided in `ownership` and `classify`.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from asstctl.core.ports import ResourceStore
from asstctl.core.resource import Listing, Live


@dataclass(frozen=True, slots=True)
class Reading:
    """What was live at one moment: `at` is the monotonic second at which the reading began."""

    listings: Mapping[str, Listing]
    at: float

    @property
    def objects(self) -> tuple[Live, ...]:
        """Every object of every kind, in listing order."""
        return tuple(live for listing in self.listings.values() for live in listing.objects)


async def read(store: ResourceStore, kinds: Iterable[str], *, clock: Callable[[], float] = time.monotonic) -> Reading:
    """List every kind at once. Raises the ProviderError of the first listing that fails."""
    names, at = tuple(kinds), clock()
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(store.list(name)) for name in names]
    except ExceptionGroup as several:
        raise several.exceptions[0] from None
    return Reading({name: task.result() for name, task in zip(names, tasks, strict=True)}, at)
