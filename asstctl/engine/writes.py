"""Writing one change: create, update, refresh or delete, with the mark in the same request as the fields.

Every write is safe to interrupt and safe to run again. A create is never repeated blindly (promise 3);
an update and a delete follow a fresh read (promise 5) and may be repeated after one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from asstctl.core.change import Action, Change
from asstctl.core.errors import AsstctlError, NotFound, ProviderError
from asstctl.core.outcome import OutcomeStatus
from asstctl.core.ports import ResourceStore
from asstctl.core.resource import Live
from asstctl.engine.classify import canonical_live
from asstctl.engine.freshness import FreshReads, still_shows
from asstctl.engine.mark import BASE, Mark, without_mark
from asstctl.engine.read import Reading, read
from asstctl.engine.requests import Requests
from asstctl.kinds import KINDS
from asstctl.kinds.canonical import DIGEST_LENGTH, digest


@dataclass(frozen=True, slots=True)
class Written:
    """How one write ended, before it becomes an Outcome. `nonce` is the one drawn by a create."""

    status: OutcomeStatus
    remote_id: str | None = None
    detail: str = ""
    hint: str = ""
    request_id: str | None = None
    warnings: tuple[str, ...] = ()
    nonce: str | None = None


class Writer:
    """Carries out single changes on one store."""

    def __init__(
        self,
        store: ResourceStore,
        requests: Requests,
        reading: Reading,
        *,
        project: str,
        target: str,
        revision: str | None,
        draw_nonce: Callable[[], str],
    ) -> None:
        self._store = store
        self._requests = requests
        self._reads = FreshReads(store, requests, reading)
        self._project = project
        self._target = target
        self._revision = revision
        self._draw_nonce = draw_nonce

    async def write(self, change: Change) -> Written:
        """Do it, whatever it is. Raises nothing that a provider may cause."""
        try:
            match change.action:
                case Action.CREATE:
                    return await self._create(change)
                case Action.DELETE:
                    return await self._delete(change)
            return await self._update(change)
        except AsstctlError as error:
            request_id = error.request_id if isinstance(error, ProviderError) else None
            return Written(
                OutcomeStatus.FAILED, change.remote_id, detail=str(error), hint=error.hint, request_id=request_id
            )

    async def _create(self, change: Change) -> Written:
        mark = self._mark(change, self._draw_nonce())
        fields = {name: value for name, value in change.send.items() if value is not None}
        fields["metadata"] = {**(change.send.get("metadata") or {}), **mark.metadata()}
        kind = change.address.kind
        try:
            live = await self._requests.safely(lambda: self._store.create(kind, fields))
        except ProviderError as error:
            if not error.ambiguous:
                raise
            found = await self._look_for(kind, mark)
            if found is None:
                return Written(
                    OutcomeStatus.UNKNOWN,
                    detail=f"{error}; no object with nonce {mark.nonce} was found, it may still appear",
                    hint="plan again before anything else",
                    request_id=error.request_id,
                    nonce=mark.nonce,
                )
            live = found
        return replace(await self._settle(change, mark, live), nonce=mark.nonce)

    async def _look_for(self, kind: str, mark: Mark) -> Live | None:
        """The object that a create with a lost answer may have made, by its nonce: two looks after the lag."""
        pace = self._requests.pace
        for pause in (self._store.capabilities.list_lag, pace.second_look):
            await pace.sleep(pause)
            try:
                listing = await self._requests.safely(lambda: self._store.list(kind))
            except ProviderError:
                continue
            base = mark.metadata()[BASE]
            if found := next((live for live in listing.objects if live.metadata.get(BASE) == base), None):
                return found
        return None

    async def _update(self, change: Change) -> Written:
        assert change.remote_id is not None
        kind, id = change.address.kind, change.remote_id
        mark = self._mark(change, change.nonce or "")
        for _ in range(self._requests.pace.tries):
            live = await self._reads.get(kind, id)
            if live is None:
                return Written(OutcomeStatus.SKIPPED, id, detail=f"it was deleted from {self._target} since the plan")
            if not still_shows(live, change):
                if live.metadata.get(BASE) == mark.metadata()[BASE]:
                    return await self._settle(change, mark, live)  # our own write, whose answer was lost
                return Written(
                    OutcomeStatus.SKIPPED,
                    id,
                    detail=f"it was changed on {self._target} since the plan",
                    hint="plan again",
                )
            fields = {**change.send, "metadata": self._metadata(change, live, mark)}
            try:
                answer = await self._requests.safely(partial(self._store.update, kind, id, fields))
            except ProviderError as error:
                if not error.ambiguous:
                    raise
                self._reads.forget(id)
                lost = error
                continue
            return await self._settle(change, mark, answer)
        return Written(OutcomeStatus.UNKNOWN, id, detail=str(lost), hint="plan again", request_id=lost.request_id)

    async def _delete(self, change: Change) -> Written:
        assert change.remote_id is not None
        kind, id = change.address.kind, change.remote_id
        for _ in range(self._requests.pace.tries):
            live = await self._reads.get(kind, id)
            if live is None:
                return Written(OutcomeStatus.APPLIED, id, detail="it was gone already")
            if not still_shows(live, change):
                return Written(
                    OutcomeStatus.SKIPPED,
                    id,
                    detail=f"it was changed on {self._target} since the plan",
                    hint="plan again",
                )
            try:
                await self._requests.safely(lambda: self._store.delete(kind, id))
            except NotFound:
                return Written(OutcomeStatus.APPLIED, id)
            except ProviderError as error:
                if not error.ambiguous:
                    raise
                self._reads.forget(id)
                lost = error
                continue
            return Written(OutcomeStatus.APPLIED, id)
        return Written(OutcomeStatus.UNKNOWN, id, detail=str(lost), hint="plan again", request_id=lost.request_id)

    async def _settle(self, change: Change, mark: Mark, live: Live) -> Written:
        """Compare the answer with what was sent; where the provider rewrote a value, record both halves."""
        kind = KINDS[change.address.kind]
        halves, rewritten = dict(mark.fields), []
        for name in (*kind.fields, *(n for n in change.send if n not in kind.fields)):
            code = kind.field(name).code
            if code not in mark.fields or (change.action is not Action.CREATE and name not in change.send):
                continue
            request, response = mark.fields[code][:DIGEST_LENGTH], digest(canonical_live(kind, name, live))
            halves[code] = request if request == response else request + response
            if halves[code] != mark.fields[code] and request != response:
                rewritten.append(name)
        if halves != mark.fields:
            both = replace(mark, fields=halves)
            metadata = {**without_mark(live.metadata), **both.metadata()}
            await self._requests.safely(lambda: self._store.update(kind.name, live.id, {"metadata": metadata}))
        warnings = tuple(f"{change.address}: {self._target} rewrote {name}" for name in rewritten)
        return Written(OutcomeStatus.APPLIED, live.id, warnings=warnings)

    def _mark(self, change: Change, nonce: str) -> Mark:
        return Mark(self._project, change.address, change.protect, nonce, self._revision or "", change.base)

    @staticmethod
    def _metadata(change: Change, live: Live, mark: Mark) -> Mapping[str, Any]:
        """The whole map: the declared pairs, or the live ones from the read before the write, and our mark."""
        user = change.send["metadata"] or {} if "metadata" in change.send else without_mark(live.metadata)
        return {**user, **mark.metadata()}


async def reread(store: ResourceStore, requests: Requests, kinds: frozenset[str]) -> Reading:
    """A fresh reading under the same rules as every request of the apply."""
    return await requests.safely(lambda: read(store, sorted(kinds), clock=requests.pace.clock))
