"""Filing: the files of one vector store are brought in, waited for, and only then their predecessors go.

Each file's requests hold a place of their own, and nothing is held while the provider processes. A file that
fails leaves the others alone. What stands in the way of a predecessor is looked up in a listing that is at most
two seconds old (ENGINE promise 5). No file is sent twice, and none is repeated after an answer that was lost
unless that is harmless.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeVar

from asstctl.core.change import Change, FileAction, FileChange
from asstctl.core.errors import AsstctlError, NotFound, ProviderError, Rejected
from asstctl.core.journal import Step
from asstctl.core.knowledge import StoreFile
from asstctl.core.outcome import OutcomeStatus
from asstctl.core.ports import FileHost
from asstctl.engine.applying.recording import Recording
from asstctl.engine.applying.uploads import Uploads, file_words
from asstctl.engine.applying.written import Written

T = TypeVar("T")

FEW = 3
"""So many files are looked at one by one; more are looked up in a listing of the store."""

UNUSABLE = ("failed", "cancelled")

NOT_DONE = (OutcomeStatus.FAILED, OutcomeStatus.UNKNOWN, OutcomeStatus.SKIPPED)

Known = tuple[Iterable[StoreFile], float]
"""What a store held, and the second in which that was asked."""

Hears = Callable[[str, int, int], None]
"""Told of a file's path how many of its bytes have gone, and of how many."""


@dataclass(frozen=True, slots=True)
class Ended:
    """Why one file is not as it should be."""

    status: OutcomeStatus
    why: str
    request_id: str | None = None
    begun: bool = True


@dataclass
class View:
    """What a store holds, as of at most two seconds ago; at first what is `known` of it. Any number of writers share
    one listing."""

    store: str
    host: FileHost
    recording: Recording
    known: Known | None = None
    _files: Mapping[str, StoreFile] = field(default_factory=dict)
    _by_path: Mapping[str, Sequence[str]] = field(default_factory=dict)
    _at: float | None = None
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        if self.known:
            self._learn(*self.known)

    async def bearing(self, path: str) -> Sequence[str]:
        """The ids of the files that bear a path. Raises ProviderError."""
        await self.fresh()
        return self._by_path.get(path, ())

    async def fresh(self) -> Mapping[str, StoreFile]:
        """Every file of the store by id. Raises ProviderError."""
        requests = self.recording.requests
        async with self._lock:
            if self._at is None or requests.pace.clock() - self._at > requests.pace.fresh_for:
                at = requests.pace.clock()
                self._learn(await requests.safely(lambda: self.host.attached(self.store)), at)
            return self._files

    def _learn(self, files: Iterable[StoreFile], at: float) -> None:
        self._files, self._at = {file.id: file for file in files}, at
        by_path: dict[str, list[str]] = defaultdict(list)
        for file in self._files.values():
            by_path[file.path or ""].append(file.id)
        self._by_path = by_path


async def empty(change: Change, host: FileHost, uploads: Uploads, known: Known | None) -> Written | None:
    """Delete the uploads that go with a store; None where all of them are gone. Foreign ones stay."""
    assert change.remote_id is not None
    filing = Filing(change, change.remote_id, host, uploads, known=known)
    await filing.all_of(change.files, filing.discard)
    return filing.written()


@dataclass
class Filing:
    """The files of one store, within one apply. `made`: the store was created by it and holds nothing yet; else
    `known` is what the plan was made from. `wrote`: its object was written."""

    change: Change
    store: str
    host: FileHost
    uploads: Uploads
    hears: Hears = lambda path, sent, total: None
    made: bool = False
    known: Known | None = None
    wrote: bool = False
    _ended: dict[str, Ended] = field(default_factory=dict)
    _waiting: dict[str, FileChange] = field(default_factory=dict)
    _failed: set[str] = field(default_factory=set)
    _touched: bool = False
    _view: View = field(init=False)

    def __post_init__(self) -> None:
        self._recording = self.uploads.recording
        self._requests = self._recording.requests
        self._view = View(self.store, self.host, self._recording, self.known)

    async def carry_out(self) -> Written | None:
        """Bring in, wait, clear away; None where every file is as it should be."""
        removals = [one for one in self.change.files if one.action is FileAction.REMOVE]
        others = [one for one in self.change.files if one.action is not FileAction.REMOVE]
        for one in removals:
            if one.awaits:
                self._waiting[one.awaits] = one
        await self.all_of(others, self._bring_in)
        await self._wait()
        done = [one for one in self.change.files if one.goes and one.path not in self._ended]
        await self.all_of([*done, *await self._failed_before()], self.remove)
        return self.written()

    def written(self) -> Written | None:
        """The end of the whole: that of its worst file, and a line for each that is not done."""
        if not self._ended:
            return None
        status = next(one for one in NOT_DONE if any(ended.status is one for ended in self._ended.values()))
        count, total = len(self._ended), len({one.path for one in self.change.files})
        if status is OutcomeStatus.SKIPPED and (self.made or self.wrote or self._touched):
            return self._broken_off(total)
        said = [f"{path}: {ended.why}" for path, ended in sorted(self._ended.items())]
        request_id = next((one.request_id for one in self._ended.values() if one.request_id), None)
        detail = ("\n" if count > 1 else " ").join([f"{count} of {total} files not done:", *said])
        hint = ""
        if self._failed.issuperset(self._ended):
            hint = f"mend {'it' if count == 1 else 'them'} or leave {'it' if count == 1 else 'them'} out"
        return Written(status, self.store, detail=detail, hint=hint, request_id=request_id)

    def _broken_off(self, total: int) -> Written:
        """The end of a store of which a part was written: it was attempted, and what is left is counted."""
        waiting = [ended.why for ended in self._ended.values() if not ended.begun]
        head = "created; " if self.made else "written; " if self.wrote else ""
        head += f"{total - len(self._ended)} of {total} files are {'there' if self.made else 'done'}"
        if waiting:
            head += f", {len(waiting)} not begun ({waiting[0]})"
        rows = [f"{path}: {ended.why}" for path, ended in sorted(self._ended.items()) if ended.begun]
        return Written(OutcomeStatus.FAILED, self.store, detail="\n".join([head, *rows]))

    async def all_of(self, files: Iterable[FileChange], do: Callable[[FileChange], Awaitable[None]]) -> None:
        """Do it with all of them at once, each in a place of its own; what one meets is its own end."""

        async def one(file: FileChange) -> None:
            async with self._requests.place():
                if why := self._requests.why_no_more:
                    self._ended.setdefault(file.path, Ended(OutcomeStatus.SKIPPED, why, begun=False))
                    return
                try:
                    await do(file)
                except ProviderError as error:
                    status = OutcomeStatus.UNKNOWN if error.ambiguous else OutcomeStatus.FAILED
                    self._end(file, status, str(error), error.request_id)
                except AsstctlError as error:
                    self._end(file, OutcomeStatus.FAILED, str(error))

        async with asyncio.TaskGroup() as group:
            for file in files:
                group.create_task(one(file))

    async def _bring_in(self, file: FileChange) -> None:
        assert file.file is not None
        if why := await self._changed(file):
            self._end(file, OutcomeStatus.SKIPPED, why)
        elif file.action is FileAction.RELABEL:
            (id,) = file.ids
            send = partial(self._requests.repeatedly, partial(self.host.relabel, self.store, id, file.attributes))
            await self._write(send, Step.RELABEL, file_words(file.file), id)
        elif file.action is FileAction.REATTACH:
            (id,) = file.ids
            await self._detach(file, id, file_words(file.file))
            await self._attach(file, id)
        else:
            hears, total = self.hears, file.file.bytes
            self._touched = True
            id, _ = await self.uploads.send(
                self.change.address,
                self.change.action,
                file.file,
                store=self.store,
                told=lambda sent: hears(file.path, sent, total),
            )
            await self._attach(file, id)

    async def _changed(self, file: FileChange) -> str:
        """Why the plan no longer holds for this file, or nothing."""
        if self.made:
            return ""
        if file.action in (FileAction.RELABEL, FileAction.REATTACH):
            held = await self._view.fresh()
            gone = [id for id in file.ids if id not in held or held[id].path != file.path]
            return f"{gone[0]} changed since the plan" if gone else ""
        mine = {*file.ids, *self._waiting}
        new = [id for id in await self._view.bearing(file.path) if id not in mine]
        return f"{new[0]} was put there since the plan" if new else ""

    async def _attach(self, file: FileChange, id: str) -> None:
        """Put an upload into the store; after a lost answer, look whether it is there before trying again."""
        assert file.file is not None

        async def send() -> StoreFile:
            lost = False
            for attempt in range(1, self._requests.pace.tries + 1):
                try:
                    return await self._requests.safely(attach)
                except ProviderError as error:
                    # a refusal after a lost answer may say that it is there already
                    if not error.ambiguous and not (lost and isinstance(error, Rejected)):
                        raise
                    lost = True
                    with suppress(NotFound):
                        return await self._requests.safely(partial(self.host.attachment, self.store, id))
                    if not error.ambiguous or self._requests.is_last(error, attempt):
                        raise
                    await self._requests.pause(error, attempt)
            raise AssertionError("the loop ends in a return or a raise")

        attach = partial(self.host.attach, self.store, id, attributes=file.attributes, chunking=file.chunking)
        seen = await self._write(send, Step.ATTACH, file_words(file.file), id)
        self._waiting[id] = file
        self._judge(seen)

    async def _failed_before(self) -> list[FileChange]:
        """Predecessors that could not be processed either: the last attempt is enough to show why."""
        again = [one for one in self.change.files if one.goes and one.path in self._failed]
        if not again:
            return []
        try:
            held = await self._view.fresh()
        except AsstctlError:
            return []  # they stay until the next apply
        useless = {id for id, file in held.items() if file.status in UNUSABLE}
        return [replace(one, ids=tuple(id for id in one.goes if id in useless)) for one in again]

    async def remove(self, file: FileChange) -> None:
        """Take the predecessors out of the store and delete them; what is gone already is gone."""
        for id in await self._to_go(file):
            await self._detach(file, id, {"path": file.path})
            await self.uploads.discard(self.change.address, id, store=self.store, path=file.path)

    async def discard(self, file: FileChange) -> None:
        """Delete uploads whose store is about to go."""
        for id in await self._to_go(file):
            self._touched = True
            await self.uploads.discard(self.change.address, id, store=self.store, path=file.path)

    async def _to_go(self, file: FileChange) -> list[str]:
        """Those of a file's predecessors that are there still; what is no longer ours is left."""
        held = await self._view.fresh()
        if changed := [id for id in file.goes if id in held and held[id].path != file.path]:
            self._end(file, OutcomeStatus.SKIPPED, f"{changed[0]} changed since the plan")
            return []
        return [id for id in file.goes if id in held]

    async def _detach(self, file: FileChange, id: str, words: Mapping[str, Any]) -> None:
        async def send() -> str | None:
            with suppress(NotFound):
                return await self._requests.repeatedly(partial(self.host.detach, self.store, id))
            return None

        await self._write(send, Step.DETACH, words, id)

    async def _write(self, send: Callable[[], Awaitable[T]], step: Step, words: Mapping[str, Any], id: str) -> T:
        file = {"step": step.value, **words, "store": self.store}
        self._touched = True
        return await self._recording.write(send, self.change.address, self.change.action, remote_id=id, file=file)

    async def _wait(self) -> None:
        """Look until every file is processed, or there is no more time for it."""
        pause = self._requests.pace.first_look
        while self._waiting:
            if self._requests.stopped or self._requests.out_of_time:
                for id, file in list(self._waiting.items()):
                    self._end(file, *self._unfinished(id))
                return
            await self._requests.wait(pause)
            before = len(self._waiting)
            try:
                await self._look()
            except AsstctlError as error:
                for file in self._waiting.values():
                    self._end(file, OutcomeStatus.UNKNOWN, f"whether it was processed is not known: {error}")
                return
            # as long as files come through, the next one will soon
            longer = pause if len(self._waiting) < before else pause * 2
            pause = min(longer, self._requests.pace.longest_look)

    def _unfinished(self, id: str) -> tuple[OutcomeStatus, str]:
        if self._requests.stopped:
            return OutcomeStatus.SKIPPED, f"interrupted while {id} was processed"
        return OutcomeStatus.UNKNOWN, f"{id} was still processed after {self._requests.pace.object_timeout:g} s"

    async def _look(self) -> None:
        alone = list(self._waiting)
        if len(alone) > FEW:
            listed = await self._requests.repeatedly(partial(self.host.attached, self.store))
            for seen in listed:
                self._judge(seen)
            # what a listing does not show yet is there all the same, or a look at it says that it is not
            shown = {seen.id for seen in listed}
            alone = [id for id in alone if id not in shown][:FEW]
        for id in alone:
            try:
                self._judge(await self._requests.repeatedly(partial(self.host.attachment, self.store, id)))
            except NotFound:
                self._end(self._waiting.pop(id), OutcomeStatus.FAILED, f"{id} was taken out of the store")

    def _judge(self, seen: StoreFile) -> None:
        """What a look at one file says, if it is one that is waited for."""
        if seen.id not in self._waiting or seen.status == "in_progress":
            return
        file = self._waiting.pop(seen.id)
        if seen.status != "completed":
            self._failed.add(file.path)
            self._end(file, OutcomeStatus.FAILED, seen.error or f"its processing was {seen.status}")

    def _end(self, file: FileChange, status: OutcomeStatus, why: str, request_id: str | None = None) -> None:
        self._ended.setdefault(file.path, Ended(status, why, request_id))
