"""The hold of a server on a run that it executes: how it writes to the run, and how it tells what it wrote.

Every write first makes sure that the run is still ours and in progress: a client may have cancelled it, it may have
expired, the thread may be gone.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from asstctl.emulator.objects import RUN, STEP
from asstctl.emulator.runs import leases
from asstctl.emulator.runs.events import Event
from asstctl.emulator.services import Services
from asstctl.emulator.store import Body

Json = Any


class RunTakenAway(Exception):
    """The run is no longer ours to write: it was cancelled, it expired, or it was deleted."""


class Hold:
    """One run in the hands of this server."""

    def __init__(self, services: Services, run_id: str) -> None:
        self.services = services
        self.store = services.store
        self.run_id = run_id

    @contextmanager
    def write(self) -> Iterator[Body]:
        """A transaction with the run as it is under the lock, or `RunTakenAway`."""
        with self.store.write():
            self.check()
            run = self.store.find(RUN, self.run_id)
            assert run is not None
            yield run

    def check(self) -> None:
        """Raise `RunTakenAway` if it was. Costs one indexed read."""
        if not leases.holds(self.store, self.services.executor.owner, self.run_id):
            raise RunTakenAway(self.run_id)

    def lose(self) -> None:
        """What to do about `RunTakenAway` where nobody would catch it."""
        self.services.executor.lose(self.services, self.run_id)

    def now(self) -> int:
        return int(self.services.clock())

    def tell(self, events: Iterable[Event]) -> None:
        """After the commit."""
        self.services.executor.announcements.tell(self.run_id, events)


def new_step(run: Body, now: int, details: Json) -> Body:
    about = {name: run[name] for name in ("assistant_id", "thread_id", "expires_at")}
    return STEP.new({}, now, **about, run_id=run["id"], type=details["type"], step_details=details)


def opened(kind: str, body: Body) -> list[Event]:
    return [Event(f"{kind}.created", body), Event(f"{kind}.in_progress", body)]
