"""Use case: remove what runs of tests left behind that were killed before they could do so themselves.

Each entry of a dead run's ledger goes by its id, once the object says itself that it is of that run; one without an id
is looked for by what it bears; most wires can look for no thread. Uploads bear no more than name, size and
time, which is no proof: those that may be meant are reported and never deleted (ENGINE promise 7). What bears the id of
a run that no ledger here knows may be of a run on another machine, and is left alone as long as that may still be going
on. So is what a conversation was asked to keep. Nothing else is ever deleted.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from time import time
from typing import Protocol

from asstctl.core.errors import AsstctlError, NotFound, ProviderError, StoreError
from asstctl.core.journal import Header
from asstctl.core.ledger import Leftover, Made, Swept
from asstctl.core.mark import KEY_NAME, PROJECT, candidate_run
from asstctl.core.plan import TargetInfo
from asstctl.core.ports import Provider, ThreadHost
from asstctl.core.resource import Live
from asstctl.core.suggest import shortened
from asstctl.core.thread import run_borne, run_pair
from asstctl.engine.planning.resolve import CODE_FILES, CODE_KEY, items_of
from asstctl.engine.read import STORE, Interest, read
from asstctl.engine.runs.journals import RUN
from asstctl.workspace.conversations.before import clear_abandoned
from asstctl.workspace.conversations.ledger import Entry, dead_ledger, ledger_runs, read_ledger
from asstctl.workspace.journal import earlier_runs
from asstctl.workspace.workspace import Workspace

OLD = 24 * 3600.0
"""Seconds after which a run that no ledger here knows cannot be going on elsewhere."""

_AT_ONCE = 8
_SENT_WITHIN = 600.0
"""Seconds after its entry within which an upload of that name and size may be the one that was meant."""
_CLOCKS_APART = 5.0

_MARKED = (Made.ASSISTANT, Made.VECTOR_STORE)
_SOME = Interest(kinds=frozenset({Made.ASSISTANT}))
"""A server may have no vector stores."""


class Kept(Protocol):
    """What a sweep needs of a ledger."""

    @property
    def left(self) -> tuple[Entry, ...]:
        """What is not gone yet."""
        ...

    def gone(self, entry: int) -> None:
        """It is deleted, was never made, or nobody will find it."""
        ...


async def gc(workspace: Workspace, *, every: bool = False, clock: Callable[[], float] = time) -> Swept:
    """Sweep up after all dead runs on the workspace's target. `every`: also what was kept on purpose, and what runs
    left that no ledger here knows, however young it is. `clock` gives the unix second."""
    root, info = workspace.project.root, workspace.info
    sweeps: list[Sweep] = []
    alive: list[str] = []
    unreadable: list[str] = []
    spared: tuple[Leftover, ...] = ()
    error: ProviderError | None = None
    clear_abandoned(root)
    async with workspace.open() as provider:
        runs = ledger_runs(root)
        for run in runs:
            try:
                with dead_ledger(root, run) as ledger:
                    if ledger is None:
                        alive.append(run)
                    elif _is_of(ledger.header, info):
                        sweeps.append(sweep := Sweep(provider, info.project, run, every=every, suspects=True))
                        await sweep.through(ledger, partial(known_uploads, workspace, provider))
            except StoreError:
                unreadable.append(run)
        sweeps.append(others := Sweep(provider, info.project, ""))
        try:
            spared = await others.unknown_runs(partial(ledger_runs, root), older=None if every else clock() - OLD)
        except ProviderError as problem:
            # what is gone by now has to be told all the same
            error = problem
    return Swept(
        info,
        removed=tuple(one for sweep in sweeps for one in sweep.removed),
        failed=tuple(one for sweep in sweeps for one in sweep.failed),
        lost=tuple(one for sweep in sweeps for one in sweep.lost),
        spared=spared,
        kept=tuple(one for sweep in sweeps for one in sweep.kept),
        alive=tuple(alive),
        unreadable=tuple(unreadable),
        error=error,
    )


@dataclass
class Sweep:
    """Removes what one run made, and remembers what came of it. `every`: what was kept on purpose too. `suspects`: a
    file that something else uses by now stays, whatever the ledger says."""

    provider: Provider
    project: str
    run: str
    every: bool = False
    suspects: bool = False
    removed: list[Leftover] = field(default_factory=list)
    failed: list[Leftover] = field(default_factory=list)
    lost: list[Leftover] = field(default_factory=list)
    kept: list[Leftover] = field(default_factory=list)

    async def through(self, ledger: Kept, known_uploads: Callable[[], Awaitable[Collection[str]]]) -> None:
        """Everything that a ledger holds: threads first, then what they and the copies used.

        `known_uploads` gives the ids of uploads that are something else.
        """
        kept = [entry for entry in ledger.left if entry.kept and not self.every]
        self.kept += [Leftover(self.run, entry.kind, entry.name, entry.id) for entry in kept]
        async with _host(self.provider) as host:
            for kind in (Made.THREAD, *_MARKED, Made.FILE):
                entries = [entry for entry in ledger.left if entry.kind is kind and entry not in kept]
                certain = [entry for entry in entries if entry.id]
                if kind is Made.FILE and certain and self.suspects:
                    certain = await self._unused(certain, ledger)
                await _few_at_once(partial(self._remove, ledger, entry, entry.id, host) for entry in certain)
                if doubtful := [entry for entry in entries if not entry.id]:
                    await self._look_for(kind, doubtful, ledger, known_uploads, host)

    async def unknown_runs(self, known: Callable[[], Iterable[str]], *, older: float | None) -> tuple[Leftover, ...]:
        """Remove what is of runs that no ledger knows, if it was made before that second or there is none; what is
        younger may be of one that goes on, and is returned."""
        spared = []
        for kind in _MARKED:
            found = [(run, live) for live in await self._listed(kind) if (run := self._run_of(live))]
            # asked afterwards: a run that began meanwhile wrote its ledger before it made anything
            ours = frozenset(known())
            for run, live in found:
                if run in ours:
                    continue
                left = Leftover(run, kind, _name(live), live.id)
                if older is None or live.created_at < older:
                    await self._try(left, partial(self._delete, kind, live.id))
                else:
                    spared.append(left)
        return tuple(spared)

    async def _look_for(
        self,
        kind: Made,
        entries: list[Entry],
        ledger: Kept,
        known_uploads: Callable[[], Awaitable[Collection[str]]],
        host: ThreadHost,
    ) -> None:
        """Entries of which nobody knows whether they were made."""
        alike: Mapping[int, tuple[str, ...]] = {}
        kept = {one.id for one in self.kept}
        findable = kind in _MARKED
        try:
            if kind is Made.THREAD:
                findable = await self._threads(entries, host)
            elif kind in _MARKED:
                for live in await self._listed(kind):
                    if self._run_of(live) == self.run and live.id not in kept:
                        await self._try(
                            Leftover(self.run, kind, _name(live), live.id), partial(self._delete, kind, live.id)
                        )
            elif kind is Made.FILE:
                alike = await self._uploads(entries, known_uploads)
        except ProviderError as error:
            self.failed += [Leftover(self.run, kind, entry.name, why=str(error)) for entry in entries]
            return
        failed = {one.id for one in self.failed}
        for entry in entries:
            maybe = alike.get(entry.number, ())
            if maybe or not (findable or failed):
                self.lost.append(Leftover(self.run, kind, entry.name, bytes=entry.bytes, maybe=maybe))
            # what a person has to decide on is told until they have
            if not maybe and not failed:
                ledger.gone(entry.number)

    async def _threads(self, entries: Sequence[Entry], host: ThreadHost) -> bool:
        """Remove the threads of this run whose ids nobody learned; whether the wire can look for them."""
        pair = run_pair(self.project, self.run)
        found = await host.bearing(pair)
        if found is None:
            return False
        lag = self.provider.store.capabilities.list_lag
        too_young = max(entry.at for entry in entries) + lag - time()
        if too_young > 0:
            await asyncio.sleep(min(too_young, lag))
            found = await host.bearing(pair) or ()
        name = shortened(" or ".join(sorted({entry.name for entry in entries})))
        known = {one.id for one in (*self.kept, *self.removed, *self.failed)}
        for id in found:
            if id not in known:
                await self._try(Leftover(self.run, Made.THREAD, name, id), partial(self._close, host, id))
        return True

    async def _close(self, host: ThreadHost, id: str) -> bool:
        await host.close(id)
        return True

    async def _unused(self, entries: list[Entry], ledger: Kept) -> list[Entry]:
        """Those that nothing uses but this run; the others, which bear no sign of whose they are, are forgotten."""
        used: set[str] = set()
        try:
            for live in [live for kind in _MARKED for live in await self._listed(kind)]:
                if self._run_of(live) == self.run:
                    continue
                used |= {id for id in items_of(live.fields.get(CODE_FILES), CODE_KEY) if isinstance(id, str)}
                if live.kind == STORE and self.provider.files is not None:
                    used |= {file.id for file in await self.provider.files.attached(live.id)}
        except ProviderError as error:
            self.failed += [Leftover(self.run, one.kind, one.name, one.id, str(error)) for one in entries]
            return []
        for entry in entries:
            if entry.id in used:
                ledger.gone(entry.number)
        return [entry for entry in entries if entry.id not in used]

    async def _uploads(
        self, entries: Iterable[Entry], known_uploads: Callable[[], Awaitable[Collection[str]]]
    ) -> dict[int, tuple[str, ...]]:
        """By entry, the uploads that may be meant."""
        if self.provider.files is None:
            return {}
        uploads, known = await self.provider.files.uploads(), await known_uploads()
        found: dict[int, tuple[str, ...]] = {}
        for entry in entries:
            name = entry.name.rpartition("/")[2]
            first, last = entry.at - _CLOCKS_APART, entry.at + _SENT_WITHIN
            found[entry.number] = tuple(
                one.id
                for one in uploads
                if one.name == name
                and entry.bytes in (None, one.bytes)
                and first <= one.created_at <= last
                and one.id not in known
            )
        return found

    async def _remove(self, ledger: Kept, entry: Entry, id: str, host: ThreadHost) -> None:
        """Delete what an entry speaks of. What is not of this run any more, or is gone already, is only forgotten."""
        found = Leftover(self.run, entry.kind, entry.name, id)

        async def delete() -> bool:
            match entry.kind:
                case Made.THREAD:
                    await host.close(id)
                case Made.FILE:
                    await host.discard("file", id)
                case kind:
                    live = await self.provider.store.get(kind, id)
                    if self._run_of(live) != self.run:
                        return False
                    await self._delete(kind, id)
            return True

        if await self._try(found, delete):
            ledger.gone(entry.number)

    async def _delete(self, kind: Made, id: str) -> bool:
        await self.provider.store.delete(kind, id)
        return True

    async def _try(self, found: Leftover, delete: Callable[[], Awaitable[bool]]) -> bool:
        """Whether it is gone. `delete` says whether it was deleted, or was nothing of ours."""
        try:
            if await delete():
                self.removed.append(found)
        except NotFound:
            return True
        except AsstctlError as error:
            self.failed.append(Leftover(found.run, found.kind, found.name, found.id, str(error)))
            return False
        return True

    async def _listed(self, kind: Made) -> tuple[Live, ...]:
        return (await read(self.provider.store, [kind], interest=_SOME)).objects

    def _run_of(self, live: Live) -> str | None:
        """The run of this project's tests that made an object: a copy, or the store of a thread."""
        run = candidate_run(live.metadata)
        if run is not None:
            return run if live.metadata.get(PROJECT) == self.project else None
        run = run_borne(live.metadata, self.project)
        return run if run and RUN.fullmatch(run) else None


def _name(live: Live) -> str:
    """A copy's address tells more than its name, which is that of what is deployed."""
    return live.metadata[KEY_NAME] if candidate_run(live.metadata) else live.name


@asynccontextmanager
async def _host(provider: Provider) -> AsyncIterator[ThreadHost]:
    host = provider.thread_host()
    try:
        yield host
    finally:
        with suppress(ProviderError):
            await host.aclose()


async def _few_at_once(work: Iterable[Callable[[], Awaitable[None]]]) -> None:
    places = asyncio.Semaphore(_AT_ONCE)

    async def one(do: Callable[[], Awaitable[None]]) -> None:
        async with places:
            await do()

    try:
        async with asyncio.TaskGroup() as group:
            for do in work:
                group.create_task(one(do))
    except ExceptionGroup as several:
        raise several.exceptions[0] from None


def _is_of(header: Header, target: TargetInfo) -> bool:
    """Whether the run spoke to what the target is now."""
    place = header.target == target.name if target.local else header.place == target.place
    return header.project == target.project and header.provider == target.provider and place


async def known_uploads(workspace: Workspace, provider: Provider) -> Collection[str]:
    """Uploads that are in use, or that a journal or another run's ledger accounts for."""
    root, known = workspace.project.root, set[str]()
    for record in earlier_runs(root, workspace.info):
        known |= {end.remote_id for end in record.ended.values() if end.remote_id}
    for other in ledger_runs(root):
        with suppress(StoreError):
            known |= {entry.id for entry in read_ledger(root, other).left}
    reading = await read(provider.store, _MARKED, interest=_SOME)
    for live in reading.objects:
        known |= {id for id in items_of(live.fields.get(CODE_FILES), CODE_KEY) if isinstance(id, str)}
        if live.kind == STORE and provider.files is not None:
            known |= {file.id for file in await provider.files.attached(live.id)}
    return known
