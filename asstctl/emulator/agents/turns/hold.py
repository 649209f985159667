"""The hold of a server on a turn that it carries out: how it writes to it, and how it tells what it wrote.

Every write first makes sure that the turn is still ours: a client may have cancelled it, the session may be gone.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from asstctl.emulator.agents.objects.session import ITEM, SESSION, TURN
from asstctl.emulator.agents.turns import leases
from asstctl.emulator.runs.events import Event
from asstctl.emulator.services import Services
from asstctl.emulator.store import Body


class TurnTakenAway(Exception):
    """The turn is no longer ours to write: it was cancelled, settled by another server, or deleted."""


class Hold:
    """The turn that goes on in a session, in the hands of this server."""

    def __init__(self, services: Services, session_id: str) -> None:
        self.services = services
        self.store = services.store
        self.session_id = session_id
        session = services.store.find(SESSION, session_id)
        self.turn_id: str = (session and session["_turn"]) or ""

    @contextmanager
    def write(self) -> Iterator[tuple[Body, Body]]:
        """A transaction with the session and its turn as they are under the lock, or `TurnTakenAway`."""
        with self.store.write():
            self.check()
            session, turn = self.store.find(SESSION, self.session_id), self.store.find(TURN, self.turn_id)
            assert session is not None
            assert turn is not None
            yield session, turn

    def check(self) -> None:
        """Raise `TurnTakenAway` if it was. Costs one indexed read."""
        if not leases.holds(self.store, self.services.executor.owner, self.session_id, self.turn_id):
            raise TurnTakenAway(self.turn_id)

    def add(self, item: Body) -> None:
        """Inside a transaction: an item that is finished. Unfinished ones are never listed."""
        self.store.insert(ITEM, item, session_id=self.session_id)

    def tell(self, events: Iterable[Event]) -> None:
        """After the commit."""
        self.services.executor.announcements.tell(self.session_id, events)
