"""Belongings: what one conversation makes on a provider. Noted before it is made, and deleted on every way out.

A thing whose making was cut off may exist, and only its answer names it: so what makes it is waited for all the same.
When a conversation keeps what it made, and in which order it talks, is for `player`.
"""

import asyncio
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from asstctl.conversation.case import UserFile
from asstctl.conversation.playing.cleanup import unhurried
from asstctl.core.errors import AsstctlError, ProviderError, StoreError
from asstctl.core.ledger import Ledger, Made
from asstctl.core.ports import ThreadHost
from asstctl.core.thread import Attached, FilePurpose, Image, Opened, Said, Tool

T = TypeVar("T")

_ORDER = (Made.THREAD, Made.VECTOR_STORE, Made.FILE)
"""In which things are deleted: a run that is still going on ends with its thread."""


@dataclass(slots=True)
class _Thing:
    """One thing, from the moment it is intended. `id` is empty as long as nobody knows it; `gone`: it is deleted, or
    was never made."""

    kind: Made
    entry: int
    name: str
    id: str = ""
    gone: bool = False

    @property
    def said(self) -> str:
        """What people find it by."""
        return self.id or f"the {self.kind.replace('_', ' ')} of {self.name}, whose id nobody learned"


@dataclass
class Belongings:
    """The uploads, the thread and the stores of one conversation, which people call `name`. `patience` is how many
    seconds each deletion may take. The thread is for an `assistant`, by remote id, is given these `tools`, and may cost
    `max_cost` US dollars."""

    host: ThreadHost
    ledger: Ledger
    name: str
    patience: float
    assistant: str = ""
    tools: frozenset[str] = frozenset()
    max_cost: float | None = None
    thread: str = ""
    _things: list[_Thing] = field(default_factory=list)
    _uploads: dict[tuple[Path, FilePurpose], str] = field(default_factory=dict)
    _making: "list[asyncio.Task[Any]]" = field(default_factory=list)

    async def upload(self, files: Iterable[UserFile]) -> None:
        """Send files of the project, each once for each purpose."""
        for file in files:
            place = _place(file)
            if place is not None and place not in self._uploads:
                self._uploads[place] = await self._finished(self._upload(file, *place))

    async def open(self, messages: Sequence[Said], metadata: Mapping[str, str], files: Sequence[UserFile] = ()) -> None:
        """Make the thread; its files are uploaded by now."""
        await self._finished(self._open(messages, metadata, self.said("user", "", files).attachments))

    def said(self, role: str, text: str, files: Sequence[UserFile] = ()) -> Said:
        """A message with its files, which are uploaded by now."""
        if not files:
            return Said(role, text)
        ids = [(file, self._uploads[place] if (place := _place(file)) else "") for file in files]
        return Said(
            role,
            text,
            tuple(Image(id, file.url, file.detail) for file, id in ids if file.tools is None),
            tuple(Attached(id, file.tools) for file, id in ids if file.tools is not None),
        )

    async def give_back(self, *, keep: bool = False) -> tuple[str, ...]:
        """Delete all of it, and return what could not be deleted: its id, or what it is where nobody knows that. With
        `keep` it is left where it is, and that is noted.

        Bounded, and not to be cancelled.
        """
        for making in self._making:
            try:
                await unhurried(making, self.patience)
            except AsstctlError:
                continue  # said where it was waited for
        things = sorted((thing for thing in self._things if thing.id), key=lambda thing: _ORDER.index(thing.kind))
        for thing in things:
            if keep:
                await self._kept(thing)
            else:
                await self._deleted(thing)
        return tuple(thing.said for thing in self._things if not thing.gone and not (keep and thing.id))

    async def _finished(self, work: Coroutine[Any, Any, T]) -> T:
        """Its result; it goes on when the waiting for it is cut off."""
        task = asyncio.create_task(work)
        self._making.append(task)
        result = await asyncio.shield(task)
        self._making.remove(task)
        return result

    async def _upload(self, file: UserFile, path: Path, purpose: FilePurpose) -> str:
        thing = self._intended(Made.FILE, file.shown)
        try:
            id = await self.host.upload(path, purpose=purpose)
        except AsstctlError as problem:
            self._not_made(problem, thing)
            raise
        thing.id = id
        self.ledger.made(thing.entry, id)
        return id

    async def _open(self, messages: Sequence[Said], metadata: Mapping[str, str], files: Sequence[Attached]) -> None:
        attached = (*files, *(one for message in messages for one in message.attachments))
        things: list[_Thing] = []
        try:
            things.append(self._intended(Made.THREAD, self.name))
            if any(Tool.FILE_SEARCH in one.tools for one in attached):
                things.append(self._intended(Made.VECTOR_STORE, self.name))
            opened: Opened = await self.host.open(
                assistant=self.assistant,
                tools=self.tools,
                messages=messages,
                metadata=dict(metadata) or None,
                files=files,
                max_cost=self.max_cost,
            )
        except AsstctlError as problem:
            self._not_made(problem, *things)
            raise
        self.thread = opened.thread
        ids = (opened.thread, *opened.stores)
        # all known before any is noted: what cannot be noted is deleted all the same
        for thing, id in zip(things, ids, strict=False):
            thing.id = id
        for id in ids[len(things) :]:
            things.append(self._intended(Made.VECTOR_STORE, self.name))
            things[-1].id = id
        for thing in things[len(ids) :]:
            self._gone(thing)
        for thing in things[: len(ids)]:
            self.ledger.made(thing.entry, thing.id)

    def _intended(self, kind: Made, name: str) -> _Thing:
        thing = _Thing(kind, self.ledger.intend(kind, name), name)
        self._things.append(thing)
        return thing

    def _gone(self, thing: _Thing) -> None:
        thing.gone = True
        self.ledger.gone(thing.entry)

    def _not_made(self, problem: AsstctlError, *things: _Thing) -> None:
        """It was not made, if that can be known: after an answer that was lost, the ledger keeps it."""
        if not (isinstance(problem, ProviderError) and problem.ambiguous):
            for thing in things:
                self._gone(thing)

    async def _kept(self, thing: _Thing) -> None:
        try:
            self.ledger.kept(thing.entry)
        except StoreError:
            await self._deleted(thing)  # nobody would know that it is there on purpose

    async def _deleted(self, thing: _Thing) -> None:
        with suppress(ProviderError):
            if await unhurried(self._delete(thing), self.patience):
                self._gone(thing)

    async def _delete(self, thing: _Thing) -> bool:
        delete = partial(self.host.discard, "file" if thing.kind is Made.FILE else "vector_store")
        await (self.host.close if thing.kind is Made.THREAD else delete)(thing.id)
        return True


def _place(file: UserFile) -> tuple[Path, FilePurpose] | None:
    """What is uploaded for it, and for which purpose; None for a URL."""
    if file.path is None:
        return None
    return file.path, "vision" if file.tools is None else "assistants"
