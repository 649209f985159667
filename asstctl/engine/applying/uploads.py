"""Uploads: files sent once, found again when an answer is lost, and used again when a run before this one sent them.

An upload can bear no mark. What is ours is known from the ids that answers gave, from the journals of earlier runs,
and after a lost answer from the listing: exactly one new upload of that name and size, with no other of them under
way, must be it (ENGINE promise 7). Whatever else could be ours is said and never touched.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from asstctl.core.address import Address
from asstctl.core.change import Action
from asstctl.core.errors import AsstctlError, NotFound, ProviderError, StoreError
from asstctl.core.journal import Record, Step
from asstctl.core.knowledge import LocalFile, Uploaded
from asstctl.core.outcome import OutcomeStatus
from asstctl.core.ports import FileHost, Told, nobody
from asstctl.engine.applying.orphans import Orphan, orphans
from asstctl.engine.applying.recording import Recording


def file_words(file: LocalFile) -> dict[str, Any]:
    """Which file of the project a journal speaks of."""
    return {"path": file.path, "sha256": file.sha256, "bytes": file.bytes}


@dataclass
class Uploads:
    """Sends and deletes the uploads of one apply. `earlier` reads the journals of runs before it, if asked at all;
    `used` are the ids of uploads that something known holds, `unseen` those of stores whose files nobody listed."""

    host: FileHost
    recording: Recording
    list_lag: float = 0.0
    earlier: Callable[[], Iterable[Record]] = tuple
    used: Collection[str] = ()
    unseen: frozenset[str] = frozenset()
    _known: set[str] = field(default_factory=set)
    _before: Mapping[str, Uploaded] | None = None
    _lost: set[tuple[str, int]] = field(default_factory=set)
    _left: list[Orphan] = field(default_factory=list)
    _possibly: tuple[Uploaded, ...] = ()
    _surveyed: bool = False
    _survey_lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _locks: dict[tuple[str, int], asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))

    async def send(
        self, address: Address, action: Action, file: LocalFile, *, store: str = "", told: Told = nobody
    ) -> tuple[str, bool]:
        """The id of an upload of this file, and whether it was made for this. Raises AsstctlError.

        Only one upload of a name and size is under way at a time, so that the listing can tell which is whose.
        """
        async with self._locks[file.name, file.bytes]:
            await self._survey()
            if (left := self._take(file, store)) is not None:
                told(file.bytes)
                return left, False
            words = {"step": Step.UPLOAD.value, **file_words(file), "store": store}
            number = await self.recording.begin(address, action, file=words)
            try:
                made = await self.recording.requests.safely(lambda: self.host.upload(file, told))
            except AsstctlError as error:
                ambiguous = isinstance(error, ProviderError) and error.ambiguous
                found = await self._find(file) if ambiguous else None
                if found is None:
                    await self.recording.fail(number, error)
                    raise
                made = found
            self._known.add(made.id)
            await self.recording.end(number, OutcomeStatus.APPLIED, remote_id=made.id, request_id=made.request_id)
            return made.id, True

    async def discard(self, address: Address, id: str, *, store: str = "", path: str = "") -> None:
        """Delete an upload of ours. Repeating that is safe: no other will have its id."""

        async def send() -> str | None:
            with suppress(NotFound):
                return await self.recording.requests.repeatedly(partial(self.host.delete, id))
            return None

        words = {"step": Step.DELETE.value, "path": path, "store": store}
        await self.recording.write(send, address, Action.DELETE, remote_id=id, file=words)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is to be said of uploads that earlier runs left: none of them is deleted by itself."""
        unused = [f"{one.id} ({one.name})" for one in self._left if not one.stores]
        possibly = [f"{one.id} ({one.name})" for one in self._possibly]
        said = (
            (unused, "uploaded by an earlier run, and nothing uses it"),
            (possibly, "may be from a run that was cut off"),
        )
        return tuple(f"{', '.join(names)}: {what}; left alone" for names, what in said if names)

    async def look_back(self) -> None:
        """Find out what a run that was cut off has left, even where nothing was uploaded since."""
        if not self._surveyed and any(record.open for record in await self._records()):
            await self._survey()

    async def _survey(self) -> None:
        """Once in a run, before its first upload: what is uploaded already, and what of it earlier runs left."""
        async with self._survey_lock:
            if self._surveyed:
                return
            self._surveyed = True
            with suppress(ProviderError):  # a lost answer is then unknown, and nothing is used again
                uploads = await self.recording.requests.safely(self.host.uploads)
                self._before = {upload.id: upload for upload in uploads}
                found = orphans(await self._records(), uploads, self.used)
                # a store that was looked at, or is gone, does not hold what nothing is seen to hold
                self._left = [replace(one, stores=one.stores & self.unseen) for one in found.ours]
                self._possibly = found.possibly

    async def _records(self) -> tuple[Record, ...]:
        """The journals of earlier runs, read beside everything else; none where nobody can read them."""
        with suppress(StoreError):
            return await asyncio.to_thread(lambda: tuple(self.earlier()))
        return ()

    def _take(self, file: LocalFile, store: str) -> str | None:
        """An upload of the same file that an earlier run left, taken once."""
        for left in self._left:
            if left.fits(file, store):
                self._left.remove(left)
                self._known.add(left.id)
                return left.id
        return None

    async def _find(self, file: LocalFile) -> Uploaded | None:
        """The upload whose answer was lost: two looks after the lag, and only if there is no doubt."""
        key, requests = (file.name, file.bytes), self.recording.requests
        if self._before is None or key in self._lost:
            return None
        for pause in requests.looks(self.list_lag):
            await requests.pace.sleep(pause)
            with suppress(ProviderError):
                listed = await requests.safely(self.host.uploads)
                seen = {*self._before, *self._known}
                new = [one for one in listed if (one.name, one.bytes) == key and one.id not in seen]
                if len(new) == 1:
                    return new[0]
        # it may still appear, and would then be taken for the next one of that name and size
        self._lost.add(key)
        return None
