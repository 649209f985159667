"""Turns as what an executor carries out. They go by the id of their session, which has one at a time."""

from collections.abc import Iterable

from asstctl.emulator.agents.turns import events, leases
from asstctl.emulator.agents.turns.execution import Execution
from asstctl.emulator.agents.turns.settling import STOPPED, settle_all
from asstctl.emulator.runs.events import Event
from asstctl.emulator.runs.work import Carried
from asstctl.emulator.services import Services
from asstctl.emulator.store import Store


class Turns:
    stopped = STOPPED
    ending: Event | None = events.ENDING
    closing = events.CLOSING

    def carried(self, services: Services, id: str) -> Carried:
        return Execution(services, id)

    def renew(self, store: Store, owner: str, ids: Iterable[str], now: float) -> list[str]:
        return leases.renew(store, owner, ids, now)

    def settle(self, services: Services) -> None:
        settle_all(services)

    def unwritten(self, id: str) -> Event:
        return events.went_wrong(id, "The server could not write the end of this turn.", "internal_error")
