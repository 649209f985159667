"""Creating one object: sent once, found again by its nonce, and deleted where the server lost its mark.

A create is never repeated blindly (ENGINE promise 3). What is made on a server of which nobody knows whether it
keeps metadata is read back: its own answer proves nothing.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from asstctl.core.change import Action, Change
from asstctl.core.errors import AsstctlError, BadAnswer, NotFound, ProviderError
from asstctl.core.mark import BASE, Mark, only_mark, without_mark
from asstctl.core.outcome import OutcomeStatus
from asstctl.core.plan import TargetInfo
from asstctl.core.ports import ResourceStore
from asstctl.core.resource import Live
from asstctl.engine.applying.freshness import look_at
from asstctl.engine.applying.recording import Recording
from asstctl.engine.applying.requests import Requests
from asstctl.engine.applying.written import Written
from asstctl.engine.read import Reading, read

Settle = Callable[[Change, Mark, Live], Awaitable[Written]]
"""Compares an answer with what was sent, and records what the provider rewrote."""


@dataclass
class Creates:
    """Creates of one apply. `proven`: the server is known to keep metadata."""

    store: ResourceStore
    requests: Requests
    recording: Recording
    target: TargetInfo
    draw_nonce: Callable[[], str]
    settle: Settle
    proven: bool

    async def create(self, change: Change) -> Written:
        """Make the object. Raises what leaves no doubt that it was not made."""
        assert change.mark is not None
        mark = replace(change.mark, nonce=self.draw_nonce())
        fields = {name: value for name, value in change.send.items() if value is not None}
        fields["metadata"] = {**without_mark(change.send.get("metadata") or {}), **mark.metadata()}
        kind = change.address.kind
        number = await self.recording.begin(change.address, change.action, sent=fields, nonce=mark.nonce)
        try:
            live = await self.requests.safely(lambda: self.store.create(kind, fields))
        except ProviderError as error:
            found = await self._look_for(kind, mark) if error.ambiguous else None
            if found is None:
                await self.recording.fail(number, error)
                if not error.ambiguous:
                    raise
                return Written(
                    OutcomeStatus.UNKNOWN,
                    detail=f"{error}; no object with nonce {mark.nonce} was found, it may still appear",
                    hint=f"Before anything else: {self.target.command('plan')}",
                    request_id=error.request_id,
                    nonce=mark.nonce,
                )
            live = found
        await self.recording.end(number, OutcomeStatus.APPLIED, remote_id=live.id, request_id=live.request_id)
        if self.proven and only_mark(live.metadata) == mark.metadata():
            return replace(await self.settle(change, mark, live), nonce=mark.nonce)
        return await self._read_back(change, mark, live)

    async def _read_back(self, change: Change, mark: Mark, answered: Live) -> Written:
        """Read what was created; delete it where it really bears no mark.

        A server that loses metadata would get another copy with every apply, so nothing more is made on it.
        """
        kind, id = change.address.kind, answered.id
        try:
            live = await self.requests.safely(lambda: look_at(self.store, kind, id))
            if only_mark(live.metadata) == mark.metadata():
                self.proven = True
                written = await self.settle(change, mark, replace(live, request_id=answered.request_id))
                return replace(written, nonce=mark.nonce)
            problem = BadAnswer(f"{self.target.name} does not keep metadata, without which nothing there can be ours")
            self.requests.give_up(problem)
            await delete_own(self.store, self.recording, change, id)
        except AsstctlError as error:
            bare = only_mark(answered.metadata) != mark.metadata()
            what = "without our mark, and stays" if bare else "and could not be read back"
            return Written(OutcomeStatus.FAILED, id, detail=f"{id} was created {what}: {error}")
        return Written(OutcomeStatus.FAILED, detail=f"{problem}; {id} was deleted again")

    async def _look_for(self, kind: str, mark: Mark) -> Live | None:
        """The object that a create with a lost answer may have made, by its nonce: two looks after the lag."""
        base, problem, answered = mark.metadata()[BASE], None, False
        for pause in self.requests.looks(self.store.capabilities.list_lag):
            await self.requests.pace.sleep(pause)
            try:
                listing = await self.requests.safely(lambda: self.store.list(kind))
            except AsstctlError as error:
                problem = error
                continue
            answered = True
            if found := next((live for live in listing.objects if live.metadata.get(BASE) == base), None):
                return found
        if problem and not answered:
            self.requests.give_up(problem)
        return None


async def delete_own(store: ResourceStore, recording: Recording, change: Change, id: str) -> None:
    """Delete what this run made a moment ago. Repeating that is safe: no other object will have its id."""
    kind = change.address.kind

    async def send() -> str | None:
        with suppress(NotFound):
            return await recording.requests.repeatedly(lambda: store.delete(kind, id))
        return None

    await recording.write(send, change.address, Action.DELETE, remote_id=id)


async def reread(store: ResourceStore, requests: Requests, kinds: frozenset[str]) -> Reading:
    """A fresh reading under the same rules as every request of the apply."""
    return await requests.safely(lambda: read(store, sorted(kinds), clock=requests.pace.clock))
