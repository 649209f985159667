"""Uploads and the files of vector stores, in memory: the half of an account that `core.ports.FileHost` speaks of.

`test_fakes.py` has what only a fake can do.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

from asstctl.core.errors import IncompleteListing, NotFound, Refused
from asstctl.core.json_types import Json
from asstctl.core.knowledge import Attribute, KnowledgeFile, LocalFile, StoreFile, Uploaded, attributes_for
from asstctl.core.ports import Told, nobody
from tests.engine.fake_wire import Clock, Wire


@dataclass
class Upload:
    """One upload as the server holds it."""

    id: str
    name: str
    bytes: int
    created_at: int
    visible_at: float
    sha256: str = ""

    @property
    def shown(self) -> Uploaded:
        return Uploaded(self.id, self.name, self.bytes, self.created_at)


@dataclass
class Attached:
    """One file of a store as the server holds it; `looks` is how often it will still be seen in progress."""

    file: StoreFile
    looks: int
    end: str
    error: str
    visible_at: float

    def seen(self) -> StoreFile:
        if self.file.status == "in_progress":
            if self.looks > 0:
                self.looks -= 1
            else:
                self.file = replace(self.file, status=self.end, error=self.error)
        return self.file


class FakeFiles(Wire):
    """What tests look at: `requests` (verb, id), `uploaded`, `stores`. Verbs are the methods of the port.

    `looks` is how many looks (the answer of an attach is the first) see a new file in progress; `failing` gives
    the names of files whose processing fails, and why; `changed` holds the paths of files that are no longer what
    they were when they were read.
    """

    writing = frozenset({"upload", "delete", "attach", "relabel", "detach"})

    def __init__(self, clock: Clock, log: list[tuple[str, str | None]], exists: Callable[[str], bool]) -> None:
        super().__init__(clock, log)
        self.uploaded: dict[str, Upload] = {}
        self.stores: dict[str, dict[str, Attached]] = {}
        self.looks = 0
        self.failing: dict[str, str] = {}
        self.changed: set[str] = set()
        self.looping = False
        self.ids = (f"file-{number}" for number in count(1))
        self._exists = exists

    # What another writer does, beside the requests; and what tests ask.
    def put_upload(self, name: str = "theirs.txt", size: int = 10, *, sha256: str = "") -> str:
        """An upload made by somebody else."""
        upload = Upload(next(self.ids), name, size, self.clock.now, self.clock.time + self.lag, sha256)
        self.uploaded[upload.id] = upload
        return upload.id

    def put(self, store: str, file: KnowledgeFile | None = None, *, status: str = "completed", error: str = "") -> str:
        """A file in a store, put there by somebody else: a foreign one, or as if it were ours."""
        local = file.file if file else LocalFile("theirs.txt", 10, "", Path("theirs.txt"))
        id = self.put_upload(local.name, local.bytes, sha256=local.sha256)
        attributes = attributes_for(file) if file else {}
        shown = StoreFile(id, self.clock.now, status, attributes, file.chunking if file else None, error, local.bytes)
        self.stores.setdefault(store, {})[id] = Attached(shown, 0, status, error, self.clock.time)
        return id

    def held(self, store: str) -> dict[str, str]:
        """Which upload each path of a store is, by path; foreign ones by their id."""
        files = (attached.file for attached in self.stores.get(store, {}).values())
        return {file.path or file.id: file.id for file in files}

    def forget_store(self, store: str) -> None:
        """A store is gone; its uploads stay."""
        self.stores.pop(store, None)

    # The port.
    async def uploads(self) -> tuple[Uploaded, ...]:
        def effect() -> tuple[Uploaded, ...]:
            if self.looping:
                raise IncompleteListing("the list goes in circles")
            return tuple(u.shown for u in self.uploaded.values() if u.visible_at <= self.clock.time)

        return await self._request("uploads", None, effect)

    async def upload(self, file: LocalFile, told: Told = nobody) -> Uploaded:
        if file.path in self.changed:
            raise Refused(f"{file.path} changed while it was sent", hint="plan again")

        def effect() -> Uploaded:
            for sent in (file.bytes // 2, file.bytes):
                told(sent)
            return self.uploaded[self.put_upload(file.name, file.bytes, sha256=file.sha256)].shown

        def delay(answer: Uploaded, late: float) -> None:
            self.uploaded[answer.id].visible_at += late

        return await self._request("upload", file.path, effect, delay)

    async def delete(self, id: str) -> str:
        def effect() -> None:
            if self.uploaded.pop(id, None) is None:
                raise NotFound(f"No such File object: {id}")
            for files in self.stores.values():
                files.pop(id, None)

        return await self._request("delete", id, effect)

    async def attached(self, store: str) -> tuple[StoreFile, ...]:
        def effect() -> tuple[StoreFile, ...]:
            if self.looping:
                raise IncompleteListing("the list goes in circles")
            return tuple(a.seen() for a in self._in(store).values() if a.visible_at <= self.clock.time)

        return await self._request("attached", store, effect)

    async def attachment(self, store: str, id: str) -> StoreFile:
        return await self._request("attachment", id, lambda: self._attached(store, id).seen())

    async def attach(self, store: str, id: str, *, attributes: Mapping[str, Attribute], chunking: Json) -> StoreFile:
        def effect() -> StoreFile:
            files = self._in(store)
            if id not in self.uploaded:
                raise NotFound(f"No such File object: {id}")
            upload = self.uploaded[id]
            reason = self.failing.get(upload.name, "")
            shown = StoreFile(id, self.clock.now, "in_progress", dict(attributes), chunking, "", upload.bytes)
            made = Attached(shown, self.looks, "failed" if reason else "completed", reason, self.clock.time + self.lag)
            files[id] = made
            return made.seen()

        return await self._request("attach", id, effect)

    async def relabel(self, store: str, id: str, attributes: Mapping[str, Attribute]) -> StoreFile:
        def effect() -> StoreFile:
            attached = self._attached(store, id)
            attached.file = replace(attached.file, attributes=dict(attributes))
            return attached.file

        return await self._request("relabel", id, effect)

    async def detach(self, store: str, id: str) -> str:
        def effect() -> None:
            self._attached(store, id)
            del self._in(store)[id]

        return await self._request("detach", id, effect)

    def _in(self, store: str) -> dict[str, Attached]:
        if not self._exists(store):
            raise NotFound(f"No vector store found with id '{store}'.")
        return self.stores.setdefault(store, {})

    def _attached(self, store: str, id: str) -> Attached:
        if id not in self._in(store):
            raise NotFound(f"No file found with id '{id}' in vector store '{store}'.")
        return self.stores[store][id]


def local_file(path: str, content: str = "text") -> LocalFile:
    """A file of the project, as reading the files would find it; nothing is on disk."""
    data = content.encode()
    return LocalFile(path, len(data), hashlib.sha256(data).hexdigest(), Path("/project") / path)


def knowledge(path: str, content: str = "text", *, chunking: Json = None, **attributes: Any) -> KnowledgeFile:
    """A file that a store is to hold."""
    return KnowledgeFile(local_file(path, content), attributes, chunking)
