"""Absences: what creates rest on. Nothing bears their address, and nothing foreign bears their name.

The answer to "apply?" may have taken minutes, and so may an earlier wave; a create cannot be checked by a
single read, so the listing is taken again (ENGINE promise 5).
"""

from collections.abc import Iterable

from asstctl.core.address import Address
from asstctl.core.change import Action, Change
from asstctl.core.errors import AsstctlError
from asstctl.core.ports import ResourceStore
from asstctl.core.resource import Live
from asstctl.engine.applying.creates import reread
from asstctl.engine.applying.requests import Requests
from asstctl.engine.planning.ownership import Ownership, sort_out
from asstctl.engine.read import Reading


class Absences:
    """The newest listing of each kind that creates rest on; at first the ones that the plan was made from."""

    def __init__(self, project: str, store: ResourceStore, requests: Requests, reading: Reading) -> None:
        self._project = project
        self._store = store
        self._requests = requests
        self._planned = reading.objects
        self._first = reading.at
        self._at: dict[str, float] = {}
        self._owned: dict[Address, str] = {}
        self._named: dict[tuple[str, str], str] = {}
        self._problem: AsstctlError | None = None

    async def look_again(self, wave: Iterable[Change]) -> None:
        """List again the kinds that a wave creates something of, where their newest listing is too old."""
        pace = self._requests.pace
        created = {change.address.kind for change in wave if change.action is Action.CREATE}
        kinds = frozenset(k for k in created if pace.clock() - self._at.get(k, self._first) > pace.fresh_for)
        self._problem = None
        if not kinds:
            return
        try:
            reading = await reread(self._store, self._requests, kinds)
        except AsstctlError as error:
            self._problem = error
            return
        before, now = self._sorted(self._planned), self._sorted(reading.objects)
        bore = {address: owned.live.id for address, owned in before.owned.items()}
        there = {live.id for live in self._planned}
        self._at.update(dict.fromkeys(kinds, reading.at))
        # what bore its address in the plan already is moved away before the address is given anew
        self._owned.update({a: one.live.id for a, one in now.owned.items() if one.live.id != bore.get(a)})
        self._named.update({(live.kind, live.name): live.id for live in now.foreign if live.id not in there})

    def _sorted(self, objects: Iterable[Live]) -> Ownership:
        ties = self._store.capabilities.ties_in_creation_order
        return sort_out(objects, self._project, ties_in_creation_order=ties)

    def why_not(self, change: Change) -> str:
        """Why a create cannot be made any more, or nothing."""
        if self._problem:
            return f"not attempted: {self._problem.summary}"
        if id := self._owned.get(change.address):
            return f"{id} was created since the plan"
        if change.name and (id := self._named.get((change.address.kind, change.name))):
            return f"{id}, which is not ours, was given the same name since the plan"
        return ""
