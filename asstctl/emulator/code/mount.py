"""The folder that code sees as `/mnt/data`: the run's files under their own names, for the time of one call.

Hard links, because the sandbox follows no link that leads out of the folder and a copy of a large file takes long.
"""

from __future__ import annotations

import contextlib
import errno
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

DATA = "/mnt/data"

_PREFIX = ".code-"
_ABANDONED = 3600.0
"""Seconds after which a folder is that of a process which was killed: no call takes nearly as long."""

_LONGEST_NAME = 200
"""Bytes of a name; file systems take 255, and a number may have to be put into it."""


@dataclass(frozen=True, slots=True)
class CodeFile:
    """A file that the code can read at `/mnt/data/NAME`."""

    name: str
    path: Path


@contextlib.contextmanager
def folder_of(files: Sequence[CodeFile]) -> Iterator[Path]:
    """A folder with these files, removed afterwards. A file that is gone by now is left out."""
    beside = files[0].path.parent if files and files[0].path.parent.is_dir() else None
    if beside is not None:
        _sweep(beside)
    # Beside the files, since hard links do not lead from one file system to another.
    with tempfile.TemporaryDirectory(prefix=_PREFIX, dir=beside, ignore_cleanup_errors=True) as made:
        folder = Path(made)
        taken: set[str] = set()
        for file in files:
            name = _free(_safe(file.name), taken)
            taken.add(name.casefold())
            with contextlib.suppress(FileNotFoundError):
                _link(file.path, folder / name)
        yield folder


def _link(source: Path, target: Path) -> None:
    try:
        target.hardlink_to(source)
    except OSError as error:
        if error.errno == errno.ENOENT:
            raise
        shutil.copyfile(source, target)


def _sweep(parent: Path) -> None:
    """Remove what killed processes left."""
    now = time.time()
    with contextlib.suppress(OSError):
        for left in parent.glob(f"{_PREFIX}*"):
            with contextlib.suppress(FileNotFoundError):
                if now - left.stat().st_mtime > _ABANDONED:
                    shutil.rmtree(left, ignore_errors=True)


def _safe(name: str) -> str:
    """A name that is one, whatever a client called its file."""
    name = "".join("_" if sign in "/\\" or not sign.isprintable() else sign for sign in name).strip()
    if name in ("", ".", ".."):
        return "file"
    stem, suffix = _split(name)
    while len((stem + suffix).encode()) > _LONGEST_NAME:
        stem, suffix = (stem[:-1], suffix) if stem else ("file", suffix[:-1])
    return stem + suffix


def _free(name: str, taken: set[str]) -> str:
    stem, suffix = _split(name)
    number, free = 1, name
    while free.casefold() in taken:
        number += 1
        free = f"{stem}-{number}{suffix}"
    return free


def _split(name: str) -> tuple[str, str]:
    suffix = Path(name).suffix
    return name.removesuffix(suffix), suffix
