"""What an executor carries out: the runs of Assistants v2, or the turns of the Agents API. One server does one of them.

`Work` is what the two differ in; the executor's tasks, leases and ends are the same.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol

from asstctl.emulator.runs import leases
from asstctl.emulator.runs.events import Event, error_event
from asstctl.emulator.runs.execution import Execution
from asstctl.emulator.runs.settling import STOPPED, settle_all
from asstctl.emulator.services import Services
from asstctl.emulator.store import Store


class Carried(Protocol):
    """One piece of work in the hands of this server."""

    waits: bool
    """Whether it has come to wait for its client."""

    async def play(self) -> None: ...

    def fail(self, message: str) -> None:
        """End it as failed, unless somebody else has ended it."""

    def save(self) -> Sequence[Event]:
        """Inside a transaction of whoever ends it: write what is open, and answer what is to be told of that."""

    def keep_told(self) -> None:
        """Somebody else ends it: write what streams of this server were told."""


class Work(Protocol):
    """What an executor carries out, by id."""

    stopped: str
    """Why what is cut short by the end of its server has failed."""
    ending: Event | None
    """The first thing that streams hear of a server that ends, where they would not come to an end by themselves."""
    closing: Event
    """The last one."""

    def carried(self, services: Services, id: str) -> Carried: ...

    def renew(self, store: Store, owner: str, ids: Iterable[str], now: float) -> list[str]:
        """Inside a transaction: keep the leases; answers those that are no longer this owner's."""

    def settle(self, services: Services) -> None:
        """End what a server that is gone left behind."""

    def unwritten(self, id: str) -> Event:
        """What streams are told when an end could not be written."""


class Runs:
    """Runs of threads, by their own id."""

    stopped = STOPPED["message"]
    ending: Event | None = None
    closing = error_event(stopped)

    def carried(self, services: Services, id: str) -> Carried:
        return Execution(services, id)

    def renew(self, store: Store, owner: str, ids: Iterable[str], now: float) -> list[str]:
        return leases.renew(store, owner, ids, now)

    def settle(self, services: Services) -> None:
        settle_all(services)

    def unwritten(self, id: str) -> Event:
        return error_event("The server could not write the end of this run.")
