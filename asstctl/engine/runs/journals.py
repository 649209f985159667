"""Journals of earlier runs, read: which there are, which one is meant, and what each says.

What a journal says is checked line by line and trusted for neither URLs nor credentials. A last line that was cut
off belongs to a run that was killed; anything else that is wrong makes the journal unreadable.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from asstctl.core.address import Address
from asstctl.core.change import Action
from asstctl.core.errors import StoreError, WrongUsage
from asstctl.core.journal import Begun, Ended, Header, Record
from asstctl.core.json_text import read_json
from asstctl.core.json_types import EMPTY
from asstctl.core.outcome import OutcomeStatus
from asstctl.documents.source import read_plain

ENDING = ".jsonl"
RUN = re.compile(r"[0-9]{8}-[0-9]{6}-[a-z0-9]{4}")

FILE_KEY = b'"file":'
"""What stands in each line about a file."""

LONGEST = 256 * 1024 * 1024
"""Bytes of a journal that is read at all."""


def path_of(folder: Path, run: str) -> Path:
    """The file of a run."""
    return folder / f"{run}{ENDING}"


def runs(folder: Path) -> tuple[str, ...]:
    """The ids of all runs that left a journal, newest first."""
    try:
        names = [path.name for path in folder.iterdir()]
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise _unreadable(folder, (error.strerror or "unknown reason").lower()) from error
    found = (name.removesuffix(ENDING) for name in names if name.endswith(ENDING))
    return tuple(sorted((run for run in found if RUN.fullmatch(run)), reverse=True))


def find(folder: Path, run: str) -> str:
    """The id of the one run that is meant: the whole id or the beginning of one. Raises WrongUsage."""
    known = runs(folder)
    if run in known:
        return run
    matches = [one for one in known if run and one.startswith(run)]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise WrongUsage(f"{len(matches)} runs begin with {run!r}", hint=f"one of them is {matches[0]}")
    hint = f"the last one is {known[0]}" if known else "no run here has written anything yet"
    raise WrongUsage(f"there is no run {run!r}", hint=hint)


def records_with_files(folder: Path) -> Iterator[Record]:
    """Every journal that can be read and speaks of files, newest first.

    Each apply that looks for leftovers reads them all, so those that cannot tell of any are not taken apart.
    """
    for run in runs(folder):
        path = path_of(folder, run)
        try:
            content = _bytes(path)
            if FILE_KEY in content:
                yield _of_run(run, _record(path, content), path)
        except StoreError:
            continue


def read_run(folder: Path, run: str) -> Record:
    """The journal of a run. Raises StoreError where it cannot be read, or is none."""
    path = path_of(folder, run)
    return _of_run(run, read_file(path), path)


def read_file(path: Path) -> Record:
    """One journal, wherever it was brought from. Raises StoreError where it cannot be read, or is none."""
    return _record(path, _bytes(path))


def _of_run(run: str, record: Record, path: Path) -> Record:
    if record.header.run != run:
        raise _unreadable(path, f"it is that of run {record.header.run}")
    return record


def _record(path: Path, content: bytes) -> Record:
    *lines, last = content.split(b"\n")
    header: Header | None = None
    begun: list[Begun] = []
    ended: dict[int, Ended] = {}
    for number, line in enumerate(lines, 1):
        try:
            said = _object(read_json(line))
            match said.get("line"):
                case "header" if number == 1:
                    header = _header(said)
                case "begun" if header:
                    begun.append(_begun(said))
                case "ended" if header:
                    one = _ended(said)
                    ended[one.number] = one
                case _:
                    raise ValueError("not a line of a journal")
        except (ValueError, TypeError) as error:
            raise _unreadable(path, f"line {number} is not what a journal holds") from error
    if header is None or not RUN.fullmatch(header.run):
        raise _unreadable(path, "its first line is not what a journal begins with")
    return Record(header, tuple(begun), ended, torn=bool(last))


def _bytes(path: Path) -> bytes:
    try:
        return read_plain(path, LONGEST, links=False)
    except OSError as error:
        raise _unreadable(path, (error.strerror or "unknown reason").lower()) from error


def _header(said: Mapping[str, Any]) -> Header:
    names = ("run", "command", "target", "project", "provider", "place", "started", "version")
    texts = {name: _text(said.get(name)) for name in names}
    revision = said.get("revision")
    return Header(**texts, revision=None if revision is None else _text(revision))


def _begun(said: Mapping[str, Any]) -> Begun:
    before, file, id = said.get("before"), said.get("file"), said.get("remote_id")
    return Begun(
        _number(said.get("number")),
        Address.parse(_text(said.get("address"))),
        Action(_text(said.get("action"))),
        None if id is None else _text(id),
        None if before is None else _object(before),
        _object(said.get("sent", EMPTY)),
        _text(said.get("nonce", "")),
        None if file is None else _object(file),
    )


def _ended(said: Mapping[str, Any]) -> Ended:
    id, request = said.get("remote_id"), said.get("request_id")
    return Ended(
        _number(said.get("number")),
        OutcomeStatus(_text(said.get("status"))),
        None if id is None else _text(id),
        _text(said.get("detail", "")),
        None if request is None else _text(request),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("not a number")
    return value


def _object(value: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise TypeError("not an object")
    return value


def _unreadable(path: Path, why: str) -> StoreError:
    # a file that was brought along may be anything, and is never said to be removed
    ours = RUN.fullmatch(path.name.removesuffix(ENDING))
    hint = f"Look at it, or remove it: rm {path}" if ours else "Name the journal of a run; asstctl undo lists the runs."
    return StoreError("a journal cannot be read", detail=f"{path}: {why}", hint=hint)
