"""Writing files of a project: all or none, each by a temporary file beside it and a rename.

A file is written only if it still says what the edit was made from. What was there is kept until the caller knows
that the outcome is sound.
"""

import codecs
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from asstctl.core.errors import Refused
from asstctl.core.pull import FileEdit
from asstctl.documents.paths import PathRefused, inside
from asstctl.documents.source import MAX_BYTES, read_plain
from asstctl.documents.whole_files import write_whole

_LONGEST = 4 * MAX_BYTES
"""Bytes of a file that is read once more, one that the edit made too large for an input included."""


@dataclass
class Written:
    """What was written, and how it was before: `undo` puts it back."""

    _steps: list[tuple[Path, bytes | None, bytes]] = field(default_factory=list)
    _folders: list[Path] = field(default_factory=list)

    def make_folder(self, folder: Path) -> None:
        """Make it with what it lies in, and remember which of them were not there. Raises OSError."""
        missing = [one for one in (folder, *folder.parents) if not one.exists()]
        self._folders += reversed(missing)
        folder.mkdir(parents=True, exist_ok=True)

    def note(self, path: Path, before: bytes | None, after: bytes) -> None:
        """Remember how a file was, and what it is to be."""
        self._steps.append((path, before, after))

    def undo(self) -> None:
        """Make every file what it was, and leave no new folder empty. Raises Refused, naming the files of which that
        cannot be done, or which somebody else has written to since."""
        stuck = [path for path, before, after in reversed(self._steps) if not _put_back(path, before, after)]
        self._steps.clear()
        for folder in reversed(self._folders):
            with suppress(OSError):  # somebody else has put something into it
                folder.rmdir()
        self._folders.clear()
        if stuck:
            names = ", ".join(str(path) for path in stuck)
            raise Refused("files cannot be made what they were", detail=names, hint="look at them: git diff")


def write_all(root: Path, edits: Iterable[FileEdit]) -> Written:
    """Write every edit, or none. Raises Refused."""
    planned = [(_checked(root, edit), edit) for edit in edits]
    written = Written()
    try:
        for (path, before), edit in planned:
            mark = codecs.BOM_UTF8 if before is not None and before.startswith(codecs.BOM_UTF8) else b""
            after = mark + edit.after.encode()
            written.make_folder(path.parent)
            written.note(path, before, after)
            _replace(path, after)
    except OSError as problem:
        written.undo()
        detail = f"{problem.filename or edit.path}: {problem.strerror or problem}"
        raise Refused("a file cannot be written, and none was", detail=detail, hint="check the folder") from problem
    except BaseException:
        written.undo()
        raise
    return written


def check_all(root: Path, edits: Iterable[FileEdit]) -> None:
    """Raises Refused where an edit could not be written as things are; writes nothing."""
    for edit in edits:
        _checked(root, edit)


def _checked(root: Path, edit: FileEdit) -> tuple[Path, bytes | None]:
    """Where an edit goes and what is there."""
    try:
        path = inside(root, root, f"/{edit.path}")
    except PathRefused as refused:
        raise Refused(refused.summary, hint=refused.hint) from None
    if path != root.resolve() / edit.path:
        raise Refused(f"a link leads to {edit.path}", hint="nothing is written through links: copy the file")
    try:
        before = _content(path)
    except OSError as problem:
        raise Refused(f"{edit.path} cannot be read", detail=problem.strerror or "", hint="check the file") from problem
    known = None if before is None else before.decode("utf-8-sig", "replace")
    if known != edit.before:
        what = "is there already" if edit.before is None else "has changed meanwhile"
        raise Refused(f"{edit.path} {what}", detail="nothing was written", hint="run the command again")
    return path, before


def _content(path: Path) -> bytes | None:
    """What a file holds, None where there is none. Raises OSError for what is no plain file."""
    try:
        return read_plain(path, _LONGEST, links=False)
    except FileNotFoundError:
        return None


def _put_back(path: Path, before: bytes | None, after: bytes) -> bool:
    """Whether a file is what it was, afterwards."""
    try:
        now = _content(path)
        if now == before:
            return True
        if now != after:
            return False
        if before is None:
            path.unlink(missing_ok=True)
        else:
            _replace(path, before)
    except OSError:
        return False
    return True


def _replace(path: Path, data: bytes) -> None:
    try:
        mode = path.stat().st_mode & 0o7777
    except FileNotFoundError:
        mode = 0o666 & ~_umask()
    write_whole(path, data, mode=mode, lasting=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
