"""What the files meant at a git revision: the project as it was then, loaded from a folder that is gone afterwards.

Git is asked for the content of files alone, which runs no filter. Files that did not change are taken from the working
tree. The folder lies in `.asstctl/`, where nothing else looks for a project.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path, PurePosixPath
from time import time

from asstctl.core.errors import AsstctlError
from asstctl.core.resource import Desired
from asstctl.documents.paths import OUR_FOLDER
from asstctl.engine.runs.journal import prepare
from asstctl.workspace.git import NoAnswer, ask_git
from asstctl.workspace.workspace import Workspace

_FOLDER = "before-"
_ABANDONED = 6 * 3600.0
"""Seconds after which a folder is of nobody who is still at it."""

_PLAIN = (b"100644", b"100755")
_MOST = 1_000
"""So many files are asked for one by one; after more of a change everything counts as changed."""


def desired_before(workspace: Workspace, commit: str, changed: Collection[str]) -> tuple[Desired, ...] | None:
    """What the project declared for the workspace's target; None where that cannot be told.

    `changed` are the files of the project that differ since.
    """
    try:
        with _project_at(workspace.project.root, commit, changed) as folder:
            # its own file only: above it lies the project of now
            return replace(workspace, directory=folder).desired() if (folder / "asstctl.yaml").is_file() else None
    except (NoAnswer, OSError, AsstctlError):
        return None


@contextmanager
def _project_at(root: Path, commit: str, changed: Collection[str]) -> Iterator[Path]:
    listed = ask_git(root, "ls-tree", "-r", "-z", commit, seconds=30).split(b"\0")
    ours = root / OUR_FOLDER
    prepare(ours / "journal")
    clear_abandoned(root)
    folder = Path(tempfile.mkdtemp(prefix=_FOLDER, dir=ours))
    try:
        asked = 0
        for line in filter(None, listed):
            facts, _, name = line.partition(b"\t")
            mode, _, blob = facts.split(b" ")
            path = PurePosixPath(os.fsdecode(name))
            if mode not in _PLAIN or ".." in path.parts or path.is_absolute():
                continue
            place = folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            if str(path) not in changed:
                _taken(root / path, place)
                continue
            asked += 1
            if asked > _MOST:
                raise NoAnswer(f"more than {_MOST} files changed")
            place.write_bytes(ask_git(root, "cat-file", "blob", blob.decode("ascii"), seconds=30))
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def clear_abandoned(root: Path, *, clock: Callable[[], float] = time) -> None:
    """Take away what runs left that were killed while they looked at a revision; no link is followed."""
    ours = root / OUR_FOLDER
    if ours.is_symlink():
        return
    for folder in ours.glob(f"{_FOLDER}*"):
        with suppress(OSError):
            if clock() - folder.lstat().st_mtime > _ABANDONED:
                shutil.rmtree(folder)


def _taken(source: Path, place: Path) -> None:
    try:
        os.link(source, place, follow_symlinks=False)
    except OSError:
        shutil.copyfile(source, place)
