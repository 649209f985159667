"""Writing one object: update, adopt, move, forget, refresh or delete, with the mark in the same request as the
fields; creates are in `creates`.

Every write is safe to interrupt and safe to run again. A create is never repeated blindly (promise 3);
an update and a delete follow a fresh read (promise 5) and may be repeated after one.
"""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

from asstctl.core.capabilities import Metadata
from asstctl.core.change import Action, Change
from asstctl.core.errors import AsstctlError, NotFound, ProviderError, Refused
from asstctl.core.mark import Mark, MarkTooLong, only_mark, without_mark
from asstctl.core.outcome import OutcomeStatus
from asstctl.core.plan import TargetInfo
from asstctl.core.ports import ResourceStore
from asstctl.core.resource import Live
from asstctl.engine.applying.creates import Creates
from asstctl.engine.applying.freshness import FreshReads, still_shows
from asstctl.engine.applying.recording import Recording
from asstctl.engine.applying.written import Written, failed, unknown
from asstctl.engine.planning.classify import canonical_live
from asstctl.engine.read import Reading
from asstctl.kinds import KINDS
from asstctl.kinds.canonical import DIGEST_LENGTH, digest

T = TypeVar("T")

IN_THE_METADATA = (Action.ADOPT, Action.MOVE, Action.FORGET)
"""What is nothing but a write of the mark, or not without one."""


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
        recording: Recording,
        reading: Reading,
        *,
        target: TargetInfo,
        draw_nonce: Callable[[], str],
    ) -> None:
        self._store = store
        self._recording = recording
        self._requests = recording.requests
        self._reads = FreshReads(store, recording.requests, reading)
        self._target = target.name
        self._again = target.command("plan")
        # a server that lets a mark be written once alone is asked to write no other
        self._marks = store.capabilities.metadata is not Metadata.WRITE_ONCE
        trusted = store.capabilities.trusted
        self.creates = Creates(store, recording.requests, recording, target, draw_nonce, self._settle, proven=trusted)

    async def write(self, change: Change) -> Written:
        """Do it, whatever it is. Raises nothing that a provider may cause."""
        try:
            match change.action:
                case Action.CREATE:
                    return await self.creates.create(change)
                case Action.DELETE:
                    return await self._delete(change)
                case _ if not change.writes_object:
                    return await self.check(change) or Written(OutcomeStatus.APPLIED, change.remote_id)
            return await self._update(change)
        except (AsstctlError, MarkTooLong) as error:
            wrong = error if isinstance(error, AsstctlError) else Refused(str(error), hint="declare fewer fields")
            return failed(wrong, change.remote_id)

    async def check(self, change: Change) -> Written | None:
        """Why a change cannot be made any more, as its end; None where its object is what the plan saw."""
        assert change.remote_id is not None
        kind, id = change.address.kind, change.remote_id
        try:
            live = await self._requests.safely(lambda: self._reads.get(kind, id))
        except AsstctlError as error:
            return failed(error, id)
        if live is None:
            return self._skipped(id, "deleted from")
        return None if still_shows(live, change) else self._skipped(id, "changed on")

    async def _update(self, change: Change) -> Written:
        assert change.remote_id is not None
        kind, id, mark = change.address.kind, change.remote_id, self._judged_by(change)
        if not self._marks and (change.action in IN_THE_METADATA or not self._sent(change)):
            raise Refused(f"{self._target} keeps the metadata of a create alone", hint=self._again)

        async def attempt(sent: _Sent) -> Written:
            live = await self._reads.get(kind, id)
            if live is None:
                return self._skipped(id, "deleted from")
            if still_shows(live, change):
                live = await self._send(sent, change, live, self._fields(change, live))
            elif sent.lost is None and self._marks and self._arrived(live, change, mark):
                return Written(OutcomeStatus.APPLIED, id, detail="it was so already")
            elif sent.lost is None:
                return self._skipped(id, "changed on")
            elif not self._arrived(live, change, mark):
                return unknown(id, sent.lost, self._again)
            if mark is None:
                return Written(OutcomeStatus.APPLIED, id, request_id=live.request_id)
            return await self._settle(change, mark, live)

        return await self._persist(id, attempt)

    async def _send(self, sent: _Sent, change: Change, live: Live, fields: Mapping[str, Any]) -> Live:
        """One update, written down, and watched for an answer that is lost."""

        async def send() -> Live:
            return await sent.watch(self._store.update(live.kind, live.id, fields))

        return await self._recording.write(send, change.address, change.action, before=live, sent=fields)

    async def _delete(self, change: Change) -> Written:
        assert change.remote_id is not None
        kind, id = change.address.kind, change.remote_id

        async def attempt(sent: _Sent) -> Written:
            live = await self._reads.get(kind, id)
            if live is None:
                return Written(OutcomeStatus.APPLIED, id, detail="" if sent.lost else "it was gone already")
            if not still_shows(live, change):
                return self._skipped(id, "changed on")

            async def send() -> str | None:
                with suppress(NotFound):
                    return await sent.watch(self._store.delete(kind, id))
                return None

            request_id = await self._recording.write(send, change.address, change.action, before=live)
            return Written(OutcomeStatus.APPLIED, id, request_id=request_id)

        return await self._persist(id, attempt)

    async def _persist(self, id: str, attempt: "Callable[[_Sent], Awaitable[Written]]") -> Written:
        """Attempt until an answer says how it ended. An attempt begins with its read, so that one that is
        repeated after a long pause rests on a fresh read too."""
        sent = _Sent()
        for number in range(1, self._requests.pace.tries + 1):
            try:
                return await self._requests.safely(partial(attempt, sent))
            except AsstctlError as error:
                if sent.lost is None:
                    raise
                if error is not sent.lost or self._requests.is_last(sent.lost, number):
                    break
            self._reads.forget(id)
            await self._requests.pause(sent.lost, number)
        assert sent.lost is not None
        return unknown(id, sent.lost, self._again)

    async def _settle(self, change: Change, mark: Mark, live: Live) -> Written:
        """Compare the answer with what was sent; where the provider rewrote a value, record both halves."""
        kind = KINDS[change.address.kind]
        halves, said = dict(mark.fields), []
        for name in self._sent(change):
            code, response = kind.field(name).code, canonical_live(kind, name, live)
            if code not in mark.fields:
                said += [f"did not reset {name}"] if response is not None else []
                continue
            request = mark.fields[code][:DIGEST_LENGTH]
            halves[code] = request if digest(response) == request else request + digest(response)
            if halves[code] not in (request, mark.fields[code]):
                said.append(f"rewrote {name}")
        warnings = tuple(f"{change.address}: {self._target} {what}" for what in said)
        written = Written(OutcomeStatus.APPLIED, live.id, request_id=live.request_id, warnings=warnings)
        if halves == mark.fields or not self._marks:
            return written
        self._reads.learn(live)
        try:
            recorded = await self._record(change, live.id, mark, replace(mark, fields=halves).metadata())
        except (AsstctlError, MarkTooLong) as error:
            recorded = Written(OutcomeStatus.FAILED, detail=str(error))
        if recorded.status is OutcomeStatus.APPLIED:
            return written
        detail = f"it was written, and what {self._target} rewrote was not recorded: {recorded.detail}"
        return replace(written, status=recorded.status, detail=detail, hint=self._again)

    async def _record(self, change: Change, id: str, mark: Mark, both: Mapping[str, str]) -> Written:
        """The one metadata-only write after a write whose values the provider rewrote."""
        kind = change.address.kind

        async def attempt(sent: _Sent) -> Written:
            live = await self._reads.get(kind, id)
            if live is None:
                return self._skipped(id, "deleted from")
            if sent.lost and only_mark(live.metadata) == both:
                return Written(OutcomeStatus.APPLIED, id)
            if only_mark(live.metadata) != mark.metadata():
                return self._skipped(id, "changed on")
            await self._send(sent, change, live, {"metadata": {**without_mark(live.metadata), **both}})
            return Written(OutcomeStatus.APPLIED, id)

        return await self._persist(id, attempt)

    def _skipped(self, id: str, what: str) -> Written:
        detail = f"it was {what} {self._target} since the plan"
        return Written(OutcomeStatus.SKIPPED, id, detail=detail, hint=self._again)

    def _fields(self, change: Change, live: Live) -> dict[str, Any]:
        """What an update sends. Metadata goes whole: the declared pairs, or the live ones from the read before the
        write, and our mark, if the object is to bear one."""
        if not self._marks:
            return {name: change.send[name] for name in self._sent(change)}
        user = change.send["metadata"] or {} if "metadata" in change.send else live.metadata
        mark = change.mark.metadata() if change.mark else {}
        return {**change.send, "metadata": {**without_mark(user), **mark}}

    def _sent(self, change: Change) -> list[str]:
        """The names of the fields that are sent."""
        kept = self._marks or change.action is Action.CREATE
        return [name for name in change.send if kept or name != "metadata"]

    def _judged_by(self, change: Change) -> Mark | None:
        """The mark that answers are held against: the next one; where none can be written, one of what is sent."""
        if self._marks or change.mark is None:
            return change.mark
        kind = KINDS[change.address.kind]
        rows = {name: kind.field(name) for name in self._sent(change)}
        sent = {row.code: digest(row.canonical(change.send[name])) for name, row in rows.items()}
        return replace(change.mark, fields={**change.mark.fields, **sent})

    def _arrived(self, live: Live, change: Change, mark: Mark | None) -> bool:
        """Whether a write whose answer was lost took effect, although the object is no longer what the plan saw."""
        assert change.seen is not None
        if self._marks:
            pairs = mark.metadata() if mark else {}
            if only_mark(live.metadata) != pairs:
                return False
            if change.seen.marks != pairs:
                return True  # nobody else puts our new mark there, or takes it away
        kind, fields = KINDS[change.address.kind], mark.fields if mark else {}
        for name in self._sent(change):
            held = fields.get(kind.field(name).code, digest(None))
            if digest(canonical_live(kind, name, live)) not in (held[:DIGEST_LENGTH], held[-DIGEST_LENGTH:]):
                return False
        return True
