"""The journal of a run on disk: what is begun is there before its write is sent (ENGINE promise 7).

    .asstctl/journal/20261122-163000-k3x9.jsonl     {"line": "header", ...}, then "begun" and "ended"

Lines that wait at the same time share one fsync, off the event loop: of eight writers, eight beginnings and the ends
before them. The file is made with the first line, so that a run which writes nothing leaves none. Folder and file are
private, and no link is followed to either.
"""

import asyncio
import os
import secrets
import stat
import string
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from asstctl.core.address import Address
from asstctl.core.change import Action
from asstctl.core.errors import StoreError
from asstctl.core.journal import Header
from asstctl.core.json_text import json_text
from asstctl.core.json_types import EMPTY, Json
from asstctl.core.outcome import OutcomeStatus
from asstctl.documents.paths import OUR_FOLDER
from asstctl.documents.private import make_private
from asstctl.engine.runs.journals import path_of, read_run, runs

KEPT = 200
"""So many journals are kept; the oldest go when a new one begins."""

OPEN_FOR = timedelta(days=30)
"""How long a journal is kept at least if it holds writes of which nobody knows how they ended."""

_LETTERS = string.digits + string.ascii_lowercase
_STAMP = "%Y%m%d-%H%M%S"


def new_run(now: datetime | None = None) -> str:
    """The id of a run that begins now. It sorts by time, within a second too: two of its letters are the fraction."""
    at = (now or datetime.now(UTC)).astimezone(UTC)
    fraction = divmod(at.microsecond * len(_LETTERS) ** 2 // 1_000_000, len(_LETTERS))
    letters = [*(_LETTERS[number] for number in fraction), secrets.choice(_LETTERS), secrets.choice(_LETTERS)]
    return f"{at.strftime(_STAMP)}-{''.join(letters)}"


class Journal:
    """The Recorder of one run (`core.journal.Recorder`), to be closed with `aclose`. Raises StoreError where a line
    cannot be written, and for every line after it."""

    def __init__(self, folder: Path, header: Header) -> None:
        self._folder = folder
        self._header = header
        self._number = 0
        self._file: int | None = None
        self._waiting: list[tuple[bytes, asyncio.Future[None] | None]] = []
        self._writing: asyncio.Task[None] | None = None
        self._broken: StoreError | None = None

    @property
    def run(self) -> str:
        """The run's id."""
        return self._header.run

    @property
    def begun(self) -> bool:
        """Whether anything was written down."""
        return self._number > 0

    async def begin(
        self,
        address: Address,
        action: Action,
        *,
        remote_id: str | None = None,
        before: Mapping[str, Json] | None = None,
        sent: Mapping[str, Json] = EMPTY,
        nonce: str = "",
        file: Mapping[str, Any] | None = None,
    ) -> int:
        self._number += 1
        number = self._number
        said = {"address": str(address), "action": action.value, "remote_id": remote_id, "before": before}
        optional = {"sent": sent or None, "nonce": nonce or None, "file": file}
        done = asyncio.get_running_loop().create_future()
        self._write("begun", {"number": number, **said, **optional}, done)
        await done
        return number

    async def end(
        self,
        number: int,
        status: OutcomeStatus,
        *,
        remote_id: str | None = None,
        detail: str = "",
        request_id: str | None = None,
    ) -> None:
        said = {"status": status.value, "remote_id": remote_id, "detail": detail or None, "request_id": request_id}
        self._write("ended", {"number": number, **said})

    def _write(self, line: str, said: Mapping[str, Any], done: asyncio.Future[None] | None = None) -> None:
        """Put a line into its place; `done` is told once it is on disk."""
        if self._broken:
            raise self._broken
        self._waiting.append((_line(line, said), done))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_all())

    async def _write_all(self) -> None:
        """Write what waits, and what has come to wait meanwhile, until nothing does."""
        while self._waiting:
            lines, self._waiting = self._waiting, []
            try:
                # nothing follows a line that may have been cut off: what is read ends there
                if not self._broken:
                    await asyncio.to_thread(self._to_disk, b"".join(line for line, _ in lines))
            except (OSError, StoreError) as error:
                self._broken = error if isinstance(error, StoreError) else _unwritable(self._folder, error)
            for _, done in lines:
                if done is None or done.cancelled():
                    continue
                if self._broken:
                    done.set_exception(self._broken)
                else:
                    done.set_result(None)

    def _to_disk(self, lines: bytes) -> None:
        if self._file is None:
            prepare(self._folder)
            clear(self._folder)
            self._file = os.open(path_of(self._folder, self.run), _NEW, 0o600)
            lines = _line("header", asdict(self._header)) + lines
            _fsync_folder(self._folder)
        while lines:
            lines = lines[os.write(self._file, lines) :]
        os.fsync(self._file)

    async def aclose(self) -> None:
        """See the last lines to disk and give the file back."""
        if self._writing is not None:
            await self._writing
        if self._file is not None:
            os.close(self._file)
            self._file = None


# never an existing file, and never through a link
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


def prepare(folder: Path) -> None:
    """See that the folder of journals is there, is private, and is no way elsewhere. Raises StoreError."""
    try:
        for one in (folder.parent, folder):
            if os.path.lexists(one) and not stat.S_ISDIR(one.lstat().st_mode):
                what = "a symlink" if one.is_symlink() else "not a folder"
                raise StoreError(f"{one.name} is {what}", detail=f"{one}: it is not used", hint=f"Remove it: rm {one}")
            make_private(one)
        ignore = folder.parent / ".gitignore"
        if folder.parent.name == OUR_FOLDER and not os.path.lexists(ignore):
            with suppress(FileExistsError), ignore.open("x", encoding="utf-8") as file:
                file.write("*\n")
    except OSError as error:
        raise _unwritable(folder, error) from error


def clear(folder: Path, keep: int = KEPT, now: datetime | None = None) -> None:
    """Delete the oldest journals, so that with the next one `keep` are there. Those that hold open writes stay for
    30 days: what they speak of may still have to be looked for."""
    at = now or datetime.now(UTC)
    for run in runs(folder)[keep - 1 :]:
        with suppress(OSError, StoreError, ValueError):  # a name that only looks like a run's tells no time
            if at - _begun_at(run) > OPEN_FOR or not read_run(folder, run).open:
                path_of(folder, run).unlink()


def _begun_at(run: str) -> datetime:
    return datetime.strptime(run.rpartition("-")[0], _STAMP).replace(tzinfo=UTC)


def _line(line: str, said: Mapping[str, Any]) -> bytes:
    kept = {name: value for name, value in said.items() if value is not None}
    # a lone surrogate becomes its JSON escape
    return json_text({"line": line, **kept}).encode("utf-8", "backslashreplace") + b"\n"


def _fsync_folder(folder: Path) -> None:
    """The name of the new file is to be on disk too."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _unwritable(folder: Path, error: OSError) -> StoreError:
    return StoreError(
        "the journal cannot be written",
        detail=f"{folder}: {(error.strerror or 'unknown reason').lower()}; nothing is sent that is not written down",
        hint="Make room or mend its permissions, then type the same command again.",
    )
