"""Writing one change: create, update, refresh or delete, with the mark in the same request as the fields.

Every write is safe to interrupt and safe to run again. A create is never repeated blindly (promise 3);
an update and a delete follow a fresh read (promise 5) and may be repeated after one.
"""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

from asstctl.core.change import Action, Change
from asstctl.core.errors import AsstctlError, BadAnswer, NotFound, ProviderError
from asstctl.core.mark import BASE, Mark, MarkTooLong, only_mark, without_mark
from asstctl.core.outcome import OutcomeStatus
from asstctl.core.ports import ResourceStore
from asstctl.core.resource import Live
from asstctl.engine.classify import canonical_live
from asstctl.engine.freshness import FreshReads, still_shows
from asstctl.engine.read import Reading, read
from asstctl.engine.requests import Requests
from asstctl.kinds import KINDS
from asstctl.kinds.canonical import DIGEST_LENGTH, digest
from asstctl.kinds.field import Kind

T = TypeVar("T")


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


@dataclass(slots=True)
class _Sent:
    """Of the attempts of one write: the error of the last one that may have taken effect all the same."""

    lost: ProviderError | None = None

    async def watch(self, write: Awaitable[T]) -> T:
        try:
            return await write
        except ProviderError as error:
            if error.ambiguous:
                self.lost = error
            raise


class Writer:
    """Carries out single changes on one store."""

    def __init__(
        self,
        store: ResourceStore,
        requests: Requests,
        reading: Reading,
        *,
        target: str,
        draw_nonce: Callable[[], str],
    ) -> None:
        self._store = store
        self._requests = requests
        self._reads = FreshReads(store, requests, reading)
        self._target = target
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
        assert change.mark is not None
        mark = replace(change.mark, nonce=self._draw_nonce())
        fields = {name: value for name, value in change.send.items() if value is not None}
        fields["metadata"] = {**without_mark(change.send.get("metadata") or {}), **mark.metadata()}
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
        if only_mark(live.metadata) == mark.metadata():
            return replace(await self._settle(change, mark, live), nonce=mark.nonce)
        return await self._doubt(change, mark, live.id)

    async def _doubt(self, change: Change, mark: Mark, id: str) -> Written:
        """Read an object whose create answered without our mark; delete it where it really bears none.

        A server that loses metadata would get another copy with every apply, so nothing more is made on it.
        """
        kind = change.address.kind
        try:
            live = await self._requests.safely(lambda: self._store.get(kind, id))
            if only_mark(live.metadata) == mark.metadata():
                return replace(await self._settle(change, mark, live), nonce=mark.nonce)
            problem = BadAnswer(f"{self._target} does not keep metadata, without which nothing there can be ours")
            self._requests.give_up(problem)
            await delete_own(self._store, self._requests, kind, id)
        except ProviderError as error:
            return Written(OutcomeStatus.FAILED, id, detail=f"{id} was created without our mark, and stays: {error}")
        return Written(OutcomeStatus.FAILED, detail=f"{problem}; {id} was deleted again")

    async def _look_for(self, kind: str, mark: Mark) -> Live | None:
        """The object that a create with a lost answer may have made, by its nonce: two looks after the lag."""
        base, failures = mark.metadata()[BASE], []
        pauses = (self._store.capabilities.list_lag, self._requests.pace.second_look)
        for pause in pauses:
            await self._requests.pace.sleep(pause)
            try:
                listing = await self._requests.safely(lambda: self._store.list(kind))
            except ProviderError as error:
                failures.append(error)
                continue
            if found := next((live for live in listing.objects if live.metadata.get(BASE) == base), None):
                return found
        if len(failures) == len(pauses):
            self._requests.give_up(failures[-1])
        return None

    async def _update(self, change: Change) -> Written:
        assert change.remote_id is not None
        assert change.mark is not None
        kind, id, mark = change.address.kind, change.remote_id, change.mark

        async def attempt(sent: _Sent) -> Written:
            live = await self._reads.get(kind, id)
            if live is None:
                return self._skipped(id, "deleted from")
            if still_shows(live, change):
                fields = {**change.send, "metadata": self._metadata(change, live, mark)}
                live = await sent.watch(self._store.update(kind, id, fields))
            elif sent.lost is None:
                return self._skipped(id, "changed on")
            elif not _arrived(live, change, mark):
                return _unknown(id, sent.lost)
            return await self._settle(change, mark, live)

        return await self._persist(id, attempt)

    async def _delete(self, change: Change) -> Written:
        assert change.remote_id is not None
        kind, id = change.address.kind, change.remote_id

        async def attempt(sent: _Sent) -> Written:
            live = await self._reads.get(kind, id)
            if live is None:
                return Written(OutcomeStatus.APPLIED, id, detail="" if sent.lost else "it was gone already")
            if not still_shows(live, change):
                return self._skipped(id, "changed on")
            with suppress(NotFound):
                await sent.watch(self._store.delete(kind, id))
            return Written(OutcomeStatus.APPLIED, id)

        return await self._persist(id, attempt)

    async def _persist(self, id: str, attempt: "Callable[[_Sent], Awaitable[Written]]") -> Written:
        """Attempt until an answer says how it ended. An attempt begins with its read, so that one that is
        repeated after a long pause rests on a fresh read too."""
        sent = _Sent()
        for number in range(1, self._requests.pace.tries + 1):
            try:
                return await self._requests.safely(partial(attempt, sent))
            except ProviderError as error:
                if sent.lost is None:
                    raise
                if error is not sent.lost or number == self._requests.pace.tries:
                    break
            self._reads.forget(id)
            await self._requests.pause(sent.lost, number)
        assert sent.lost is not None
        return _unknown(id, sent.lost)

    async def _settle(self, change: Change, mark: Mark, live: Live) -> Written:
        """Compare the answer with what was sent; where the provider rewrote a value, record both halves."""
        kind = KINDS[change.address.kind]
        halves, said = dict(mark.fields), []
        for name in change.send:
            code, response = kind.field(name).code, canonical_live(kind, name, live)
            if code not in mark.fields:
                said += [f"did not reset {name}"] if response is not None else []
                continue
            request = mark.fields[code][:DIGEST_LENGTH]
            halves[code] = request if digest(response) == request else request + digest(response)
            if halves[code] not in (request, mark.fields[code]):
                said.append(f"rewrote {name}")
        warnings = tuple(f"{change.address}: {self._target} {what}" for what in said)
        written = Written(OutcomeStatus.APPLIED, live.id, warnings=warnings)
        if halves == mark.fields:
            return written
        self._reads.learn(live)
        try:
            recorded = await self._record(kind, live.id, mark, replace(mark, fields=halves).metadata())
        except (ProviderError, MarkTooLong) as error:
            recorded = Written(OutcomeStatus.FAILED, detail=str(error))
        if recorded.status is OutcomeStatus.APPLIED:
            return written
        detail = f"it was written, and what {self._target} rewrote was not recorded: {recorded.detail}"
        return replace(written, status=recorded.status, detail=detail, hint="plan again")

    async def _record(self, kind: Kind, id: str, mark: Mark, both: Mapping[str, str]) -> Written:
        """The one metadata-only write after a write whose values the provider rewrote."""

        async def attempt(sent: _Sent) -> Written:
            live = await self._reads.get(kind.name, id)
            if live is None:
                return self._skipped(id, "deleted from")
            if sent.lost and only_mark(live.metadata) == both:
                return Written(OutcomeStatus.APPLIED, id)
            if only_mark(live.metadata) != mark.metadata():
                return self._skipped(id, "changed on")
            metadata = {**without_mark(live.metadata), **both}
            await sent.watch(self._store.update(kind.name, id, {"metadata": metadata}))
            return Written(OutcomeStatus.APPLIED, id)

        return await self._persist(id, attempt)

    def _skipped(self, id: str, what: str) -> Written:
        return Written(
            OutcomeStatus.SKIPPED, id, detail=f"it was {what} {self._target} since the plan", hint="plan again"
        )

    @staticmethod
    def _metadata(change: Change, live: Live, mark: Mark) -> Mapping[str, Any]:
        """The whole map: the declared pairs, or the live ones from the read before the write, and our mark."""
        user = change.send["metadata"] or {} if "metadata" in change.send else live.metadata
        return {**without_mark(user), **mark.metadata()}


def _arrived(live: Live, change: Change, mark: Mark) -> bool:
    """Whether a write whose answer was lost took effect, although the object is no longer what the plan saw."""
    assert change.seen is not None
    if only_mark(live.metadata) != mark.metadata():
        return False
    if change.seen.marks != mark.metadata():
        return True  # nobody else puts our new mark there
    kind = KINDS[change.address.kind]
    for name in change.send:
        held = mark.fields.get(kind.field(name).code, digest(None))
        if digest(canonical_live(kind, name, live)) not in (held[:DIGEST_LENGTH], held[-DIGEST_LENGTH:]):
            return False
    return True


def _unknown(id: str, lost: ProviderError) -> Written:
    return Written(OutcomeStatus.UNKNOWN, id, detail=str(lost), hint="plan again", request_id=lost.request_id)


async def delete_own(store: ResourceStore, requests: Requests, kind: str, id: str) -> None:
    """Delete what this run made a moment ago. Repeating that is safe: no other object will have its id."""
    for attempt in range(1, requests.pace.tries + 1):
        try:
            return await requests.safely(lambda: store.delete(kind, id))
        except NotFound:
            return None
        except ProviderError as error:
            if not error.ambiguous or attempt == requests.pace.tries:
                raise
            await requests.pause(error, attempt)
    return None


async def reread(store: ResourceStore, requests: Requests, kinds: frozenset[str]) -> Reading:
    """A fresh reading under the same rules as every request of the apply."""
    return await requests.safely(lambda: read(store, sorted(kinds), clock=requests.pace.clock))
