"""Folders that are ours alone: where others may write, they could put a journal or a database of their own."""

import os
import stat
from contextlib import suppress
from pathlib import Path

from asstctl.core.errors import StoreError

_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
_OPEN = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)


def make_private(folder: Path) -> None:
    """Make a folder with mode 0700, or give it that mode where others may write in it.

    Raises OSError, also where it is no folder but a link to one, and StoreError where only its owner could do that.
    """
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    descriptor = os.open(folder, _OPEN)
    try:
        if stat.S_IMODE(os.fstat(descriptor).st_mode) & _OTHERS_WRITE:
            os.fchmod(descriptor, 0o700)
    except PermissionError as error:
        raise StoreError(
            f"others may write in {folder.name}",
            detail=f"{folder} is somebody else's, and only its owner can close it",
            hint=f"Have its owner type: chmod 700 {folder}",
        ) from error
    finally:
        os.close(descriptor)
