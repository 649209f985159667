"""The bytes of files, on disk beside the database: written piece by piece, never whole in memory.

What a file is called and what it is for stands in the database; here it is a path made from its id. A blob is complete
before the row that names it is committed, and goes after the row has gone: what a kill leaves behind is a blob without
a row, never a row without its blob.
"""

import asyncio
import errno
import hashlib
import os
import re
import secrets
import shutil
import stat
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from asstctl.emulator import refusals
from asstctl.emulator.errors import DatabaseUnusable

_BUFFER = 1024 * 1024
"""Bytes held in memory before they go to the disk, on another thread."""

_STRAY_AFTER = 3600.0
"""Seconds that a blob without a row is left alone: another process may be about to commit the row."""

_BLOB = re.compile(r"(?:file-|part_)[0-9A-Za-z]+")
_INCOMING = ".incoming-"
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def room_on_disk() -> Iterator[None]:
    """Say of a full disk what the database would say of it."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise refusals.database_full() from error
        raise


class Incoming:
    """A file that is being written. It is nobody's until it is kept under an id."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / f"{_INCOMING}{secrets.token_hex(12)}"
        # Its lock is needed: a cancelled request closes the file while a thread may still be writing to it.
        self._file: BinaryIO = os.fdopen(os.open(self._path, _NEW, 0o600), "wb")
        self._held = bytearray()
        self.size = 0
        """Bytes taken so far, on disk or not."""

    def add(self, piece: bytes) -> None:
        self._held += piece
        self.size += len(piece)

    async def spill(self) -> None:
        """Write what is held if it has become much."""
        if len(self._held) >= _BUFFER:
            held, self._held = self._held, bytearray()
            with room_on_disk():
                await asyncio.to_thread(self._file.write, held)

    async def join(self, paths: Iterable[Path], *, digest: bool) -> str:
        """Append whole files; with `digest`, the MD5 of all of them in hexadecimal."""
        with room_on_disk():
            return await asyncio.to_thread(self._join, list(paths), digest)

    def _join(self, paths: list[Path], digest: bool) -> str:
        summed = hashlib.md5(usedforsecurity=False)
        for path in paths:
            with path.open("rb") as source:
                while piece := source.read(_BUFFER):
                    self._file.write(piece)
                    self.size += len(piece)
                    if digest:
                        summed.update(piece)
        return summed.hexdigest()

    def keep_as(self, path: Path) -> None:
        with room_on_disk():
            self._file.write(self._held)
            self._file.close()
            self._path.replace(path)

    def discard(self) -> None:
        """Close it, and remove it unless it was kept."""
        with suppress(OSError):
            self._file.close()
        with suppress(OSError):
            self._path.unlink(missing_ok=True)


class Blobs:
    """A folder of files named by id: `<database>.files/`, or a temporary one for a database in memory."""

    def __init__(self, database: Path | str) -> None:
        self.database = str(database)
        self._temporary = self.database == ":memory:"
        self._folder = None if self._temporary else Path(f"{database}.files")

    @property
    def folder(self) -> Path:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="asstctl-files-"))
        return self._folder

    def path(self, file_id: str) -> Path:
        """Where the bytes of a file lie. The id is one of ours, never a name that a client gave."""
        if not _BLOB.fullmatch(file_id):
            raise ValueError(f"not the id of a blob: {file_id!r}")
        return self.folder / file_id

    @contextmanager
    def incoming(self) -> Iterator[Incoming]:
        """A new file to write; when the block ends it is gone unless it was kept."""
        with room_on_disk():
            incoming = Incoming(self._made())
        try:
            yield incoming
        finally:
            incoming.discard()

    def keep(self, incoming: Incoming, file_id: str) -> None:
        """Give a written file its id. Before this nothing can find it, afterwards it is complete."""
        incoming.keep_as(self.path(file_id))

    def remove(self, *file_ids: str) -> None:
        """After the commit that removed their rows. What cannot be removed now goes with the next sweep."""
        for file_id in file_ids:
            with suppress(OSError):
                self.path(file_id).unlink(missing_ok=True)

    def strays(self) -> list[str]:
        """The ids of blobs older than an hour; what was never kept in that time is removed on the way."""
        if self._folder is None or not os.path.lexists(self._folder):
            return []
        old = []
        before = time.time() - _STRAY_AFTER
        with os.scandir(self._made()) as entries:
            for entry in entries:
                known = _BLOB.fullmatch(entry.name)
                if not known and not entry.name.startswith(_INCOMING):
                    continue
                with suppress(OSError):
                    if entry.stat(follow_symlinks=False).st_mtime > before:
                        continue
                    if known:
                        old.append(entry.name)
                    else:
                        Path(entry).unlink()
        return old

    def _made(self) -> Path:
        folder = self.folder
        with suppress(FileExistsError):
            folder.mkdir(0o700)
        if not stat.S_ISDIR(folder.lstat().st_mode):
            raise DatabaseUnusable(self.database, f"{folder} is not a folder, and the bytes of files go there")
        return folder

    def close(self) -> None:
        """Remove the folder if it was a temporary one."""
        if self._temporary and self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None
