"""The ledgers of a project: what each run of tests makes, in a file that is written before anything is sent.

    .asstctl/ledger/20261122-163000-k3x9.jsonl     {"line": "header", ...}, then "intended", "made", "kept", "gone"

The run holds a lock on its file as long as it lives, so that `gc` knows which runs are dead. The file is made with the
first entry and goes once all of it is gone; what was kept on purpose stays in it. Each line reaches the system before
the request it speaks of is sent, which outlives a killed process. Folder and file are private, and no link is followed
to either.
"""

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from time import time
from typing import Any

from asstctl._version import __version__
from asstctl.core.address import Address
from asstctl.core.change import Action
from asstctl.core.errors import StoreError
from asstctl.core.journal import Header, Step
from asstctl.core.json_text import json_text, read_json
from asstctl.core.json_types import EMPTY, Json
from asstctl.core.ledger import Made
from asstctl.core.outcome import OutcomeStatus
from asstctl.core.plan import TargetInfo
from asstctl.documents.paths import OUR_FOLDER
from asstctl.documents.source import read_plain
from asstctl.engine.runs.journal import prepare
from asstctl.engine.runs.journals import ENDING, RUN, path_of, runs
from asstctl.providers.assistants.ids import is_id

_LONGEST = 64 * 1024 * 1024
_LONGEST_LINE = 64 * 1024
_LARGEST = 2**63
_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
_OLD = os.O_RDWR | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that was about to be made. `at` is the unix second in which that was noted, `id` empty as long as
    nobody knows whether it was made, `bytes` the size of a file of the project. `kept`: it was left on purpose."""

    number: int
    kind: Made
    name: str
    at: float
    id: str = ""
    bytes: int | None = None
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Ledgered:
    """A ledger, read: whose it is, and what is not gone yet."""

    header: Header
    left: tuple[Entry, ...]


def ledger_folder(root: Path) -> Path:
    """Where the ledgers of a project lie."""
    return root / OUR_FOLDER / "ledger"


class FileLedger:
    """The ledger of one run (`core.ledger.Ledger`), to be closed. Raises StoreError where a line cannot be written."""

    def __init__(self, root: Path, run: str, target: TargetInfo) -> None:
        self._root = root
        self._path = path_of(ledger_folder(root), run)
        self._header = Header(
            run=run,
            command="test",
            target=target.name,
            project=target.project,
            provider=target.provider,
            place=target.place,
            revision=None,
            started=datetime.now(UTC).isoformat(timespec="seconds"),
            version=__version__,
        )
        self._file: int | None = None
        self._entries: dict[int, Entry] = {}
        self._number = 0

    @property
    def run(self) -> str:
        """The run's id."""
        return self._header.run

    @property
    def left(self) -> tuple[Entry, ...]:
        """What is not gone yet."""
        return tuple(self._entries.values())

    def intend(self, kind: Made, name: str) -> int:
        self._number += 1
        size = _size(self._root, name) if kind is Made.FILE else None
        entry = Entry(self._number, kind, name, time(), bytes=size)
        said = {"entry": entry.number, "kind": kind.value, "name": name, "at": round(entry.at, 3)}
        self._write("intended", {**said, **({} if size is None else {"bytes": size})})
        self._entries[entry.number] = entry
        return entry.number

    def made(self, entry: int, id: str) -> None:
        self._entries[entry] = replace(self._entries[entry], id=id)
        self._write("made", {"entry": entry, "id": id})

    def kept(self, entry: int) -> None:
        self._entries[entry] = replace(self._entries[entry], kept=True)
        self._write("kept", {"entry": entry})

    def gone(self, entry: int) -> None:
        del self._entries[entry]
        # a full disk is no trouble: what is looked for in vain is gone too
        with suppress(StoreError):
            self._write("gone", {"entry": entry})

    def close(self) -> None:
        """Give the file back, and take it away where nothing is left; from here on the run counts as dead."""
        if self._file is None:
            return
        if not self._entries:
            with suppress(OSError):
                self._path.unlink()
        os.close(self._file)
        self._file = None

    def _write(self, line: str, said: Mapping[str, Json]) -> None:
        try:
            if self._file is None:
                self._file = self._begun()
            _append(self._file, line, said)
        except OSError as error:
            raise _unwritable(self._path, error) from error

    def _begun(self) -> int:
        """The new file, locked before it has the name under which others look for it."""
        prepare(self._path.parent)
        unnamed = self._path.with_suffix(".new")
        file = os.open(unnamed, _NEW, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _append(file, "header", asdict(self._header))
            unnamed.rename(self._path)
        except OSError:
            os.close(file)
            with suppress(OSError):
                unnamed.unlink()
            raise
        return file


class CopyRecorder:
    """The Recorder (`core.journal`) of applies that make copies: they are for the ledger, not for `undo`.

    `left` is what of them is not gone yet, and `gone` says that something is.
    """

    def __init__(self, ledger: FileLedger) -> None:
        self._ledger = ledger
        self._copies: set[int] = set()
        self._goes: dict[int, str] = {}
        self._by_id: dict[str, int] = {}
        self._deletes = 0

    @property
    def left(self) -> tuple[Entry, ...]:
        return tuple(entry for entry in self._ledger.left if entry.number in self._copies)

    def gone(self, entry: int) -> None:
        self._ledger.gone(entry)

    def _intend(self, kind: Made, name: str) -> int:
        number = self._ledger.intend(kind, name)
        self._copies.add(number)
        return number

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
        """The entry of what is about to be made; a negative number for a delete, 0 for what makes nothing."""
        step = Step(file["step"]) if file else None
        if step is Step.UPLOAD:
            assert file is not None
            return self._intend(Made.FILE, str(file["path"]))
        if step is None and action is Action.CREATE:
            return self._intend(Made(address.kind), str(address))
        if remote_id is not None and (step is Step.DELETE or (step is None and action is Action.DELETE)):
            self._deletes -= 1
            self._goes[self._deletes] = remote_id
            return self._deletes
        return 0

    async def end(
        self,
        number: int,
        status: OutcomeStatus,
        *,
        remote_id: str | None = None,
        detail: str = "",
        request_id: str | None = None,
    ) -> None:
        """What was made, was not made, or is gone again; of what is unknown the entry stays as it is."""
        if number > 0 and status is OutcomeStatus.APPLIED and remote_id is not None:
            self._by_id[remote_id] = number
            self._ledger.made(number, remote_id)
        elif number > 0 and status is OutcomeStatus.FAILED:
            self._ledger.gone(number)
        elif number < 0 and status is OutcomeStatus.APPLIED and (made := self._by_id.pop(self._goes[number], 0)):
            self._ledger.gone(made)


class DeadLedger:
    """The ledger of a run that is dead, held so that nobody else sweeps it. Its file goes with its last entry."""

    def __init__(self, path: Path, file: int, ledgered: Ledgered) -> None:
        self._path = path
        self._file = file
        self.header = ledgered.header
        self._left = {entry.number: entry for entry in ledgered.left}

    @property
    def left(self) -> tuple[Entry, ...]:
        """What is not gone yet."""
        return tuple(self._left.values())

    def gone(self, entry: int) -> None:
        """It is deleted, was never made, or nobody will find it."""
        del self._left[entry]
        with suppress(OSError):
            _append(self._file, "gone", {"entry": entry})


@contextmanager
def dead_ledger(root: Path, run: str) -> Iterator[DeadLedger | None]:
    """The ledger of a run, once it is certain that the run is dead; None where it lives, or its ledger went meanwhile.

    Raises StoreError where nobody can read it.
    """
    path = path_of(ledger_folder(root), run)
    try:
        file = os.open(path, _OLD)
    except FileNotFoundError:
        yield None
        return
    except OSError as error:
        raise _unreadable(path, (error.strerror or "unknown reason").lower()) from error
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
            return
        ledger = DeadLedger(path, file, read_ledger(root, run))
        _end_line(file)
        try:
            yield ledger
        finally:
            if not ledger.left:
                with suppress(OSError):
                    path.unlink()
    finally:
        os.close(file)


def ledger_runs(root: Path) -> tuple[str, ...]:
    """The runs that left a ledger, or go on, newest first."""
    return runs(ledger_folder(root))


def is_going_on(root: Path, run: str) -> bool:
    """Whether the run holds its ledger still. Nothing is changed."""
    try:
        file = os.open(path_of(ledger_folder(root), run), os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    except OSError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False


def read_ledger(root: Path, run: str) -> Ledgered:
    """What a ledger says, a last line that was cut off left out. Raises StoreError where it is none."""
    path = path_of(ledger_folder(root), run)
    try:
        *lines, _ = read_plain(path, _LONGEST, links=False).split(b"\n")
    except OSError as error:
        raise _unreadable(path, (error.strerror or "unknown reason").lower()) from error
    header: Header | None = None
    left: dict[int, Entry] = {}
    for number, line in enumerate(lines, 1):
        try:
            said = read_json(line)
            match said["line"]:
                case "header" if number == 1:
                    header = _header(said)
                case "intended":
                    entry = _intended(said)
                    left[entry.number] = entry
                case "made":
                    left[_number(said["entry"])] = replace(left[said["entry"]], id=_id(said["id"]))
                case "kept":
                    left[_number(said["entry"])] = replace(left[said["entry"]], kept=True)
                case "gone":
                    del left[_number(said["entry"])]
                case _:
                    raise ValueError("not a line of a ledger")
        except (ValueError, TypeError, KeyError, OverflowError) as error:
            raise _unreadable(path, f"line {number} is not what a ledger holds") from error
    if header is None or header.run != run or not RUN.fullmatch(run):
        raise _unreadable(path, "its first line is not what a ledger begins with")
    return Ledgered(header, tuple(left.values()))


def _header(said: Mapping[str, Any]) -> Header:
    revision = said["revision"]
    texts = {one.name: _text(said[one.name]) for one in fields(Header) if one.name != "revision"}
    return Header(**texts, revision=None if revision is None else _text(revision))


def _intended(said: Mapping[str, Any]) -> Entry:
    size, at = said.get("bytes"), said["at"]
    if not isinstance(at, int | float):
        raise TypeError("not a time")
    number, size = _number(said["entry"]), None if size is None else _number(size)
    return Entry(number, Made(said["kind"]), _text(said["name"]), float(at), bytes=size)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _id(value: object) -> str:
    """What one part of a path can carry."""
    if not is_id(value):
        raise TypeError("not an id")
    return str(value)


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _LARGEST:
        raise TypeError("not a number")
    return value


def _append(file: int, line: str, said: Mapping[str, Json]) -> None:
    """Write a line, whole or not at all: behind half of one nobody could read what follows. Raises OSError."""
    rest = json_text({"line": line, **said}).encode("utf-8", "backslashreplace") + b"\n"
    before = os.fstat(file).st_size
    try:
        while rest:
            rest = rest[os.write(file, rest) :]
    except OSError:
        os.ftruncate(file, before)
        raise


def _end_line(file: int) -> None:
    """Take away a last line that was cut off, so that the next one stands by itself."""
    size = os.fstat(file).st_size
    tail = os.pread(file, _LONGEST_LINE, max(0, size - _LONGEST_LINE))
    if not tail.endswith(b"\n"):
        os.ftruncate(file, size - len(tail) + tail.rfind(b"\n") + 1)


def _size(root: Path, name: str) -> int | None:
    try:
        return (root / name).stat().st_size
    except (OSError, ValueError):
        return None


def _unwritable(path: Path, error: OSError) -> StoreError:
    return StoreError(
        "the ledger of the run cannot be written",
        detail=f"{path}: {(error.strerror or 'unknown reason').lower()}; nothing is made that is not written down",
        hint="Make room or mend its permissions, then type the same command again.",
    )


def _unreadable(path: Path, why: str) -> StoreError:
    ours = RUN.fullmatch(path.name.removesuffix(ENDING))
    hint = f"Look at it, or remove it: rm {path}" if ours else ""
    return StoreError("a ledger cannot be read", detail=f"{path}: {why}", hint=hint)
