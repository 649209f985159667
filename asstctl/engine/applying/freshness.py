"""Fresh reads: each write follows a read at most two seconds old that shows what the plan saw (promise 5)."""

from asstctl.core.change import Change
from asstctl.core.errors import AnswerLost, NotFound
from asstctl.core.mark import only_mark
from asstctl.core.ports import ResourceStore
from asstctl.core.resource import Live
from asstctl.engine.applying.requests import Requests
from asstctl.engine.planning.classify import canonical_live
from asstctl.engine.read import Reading
from asstctl.kinds import KINDS
from asstctl.kinds.canonical import digest


async def look_at(store: ResourceStore, kind: str, id: str) -> Live:
    """One object as it is now, from a listing where the wire can do no better. Raises NotFound."""
    if "get" not in store.capabilities.missing:
        return await store.get(kind, id)
    for live in (await store.list(kind)).objects:
        if live.id == id:
            return live
    raise NotFound(f"no {kind.replace('_', ' ')} {id} is listed")


class FreshReads:
    """What is known of live objects while it is young enough, single reads after that."""

    def __init__(self, store: ResourceStore, requests: Requests, reading: Reading) -> None:
        self._store = store
        self._requests = requests
        # a listing that lags shows objects as they were: only reads by id are fresh there
        listed = reading.objects if not store.capabilities.list_lag else ()
        self._known = {live.id: (live, reading.at) for live in listed}

    async def get(self, kind: str, id: str) -> Live | None:
        """The object as of at most two seconds ago; None when it is gone. Sends one request or none."""
        pace = self._requests.pace
        if id in self._known and pace.clock() - self._known[id][1] <= pace.fresh_for:
            return self._known[id][0]
        try:
            return await look_at(self._store, kind, id)
        except NotFound:
            return None
        except AnswerLost as error:
            self._requests.give_up(error)
            raise

    def learn(self, live: Live) -> None:
        """A provider has just answered with this object."""
        self._known[live.id] = (live, self._requests.pace.clock())

    def forget(self, id: str) -> None:
        """The next `get` asks the provider: something was sent whose end is not known."""
        self._known.pop(id, None)


def still_shows(live: Live, change: Change) -> bool:
    """Whether a fresh read is what the plan saw: managed digests, mark, and updated_at where it exists."""
    assert change.seen is not None
    kind = KINDS[change.address.kind]
    return (
        only_mark(live.metadata) == change.seen.marks
        and live.updated_at == change.seen.updated_at
        and all(digest(canonical_live(kind, name, live)) == seen for name, seen in change.seen.digests.items())
    )
