"""The project's folder `.asstctl/`: whether it is ours alone, and what keeps it so.

Databases and journals lie in it. If git tracks one of them, a pull request could bring its own, and a push would
publish ours; if a link leads there, we would write wherever somebody else pleases.
"""

import os
from pathlib import Path

from asstctl.core.errors import Refused, StoreError
from asstctl.core.pull import FileEdit
from asstctl.core.suggest import some_of
from asstctl.documents.paths import OUR_FOLDER
from asstctl.workspace.git import NoAnswer, NoGit, ask_git

IGNORED = f"{OUR_FOLDER}/"
IGNORE_FILE = ".gitignore"


def check_our_folder(root: Path) -> None:
    """Raises Refused where git tracks anything in the folder, and StoreError where it is a link.

    Git is asked only where there is a repository: where there is none, or no git, nothing is tracked. Where git fails,
    a folder that is there already is refused: it may have come with the checkout.
    """
    folder = root / OUR_FOLDER
    if folder.is_symlink():
        raise StoreError(
            f"{OUR_FOLDER} is a symlink", detail=f"{folder}: it is not followed", hint=f"Remove it: rm {folder}"
        )
    if not any(os.path.lexists(parent / ".git") for parent in (root, *root.parents)):
        return
    if tracked := _tracked(root):
        raise Refused(
            f"git tracks {OUR_FOLDER}",
            detail=f"{some_of(tracked, 1)}: what a checkout brings must not be taken for what was done here",
            hint=f"git rm -r --cached {OUR_FOLDER}",
        )


def ignoring(root: Path) -> FileEdit | None:
    """What has git leave the folder of a new project alone; None where its owner says so already, or keeps the file in
    a way of their own."""
    path = root / IGNORE_FILE
    try:
        before = None if path.is_symlink() else path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return FileEdit(IGNORE_FILE, None, f"{IGNORED}\n")
    except (OSError, UnicodeDecodeError):
        return None
    if before is None or not {IGNORED, IGNORED.rstrip("/")}.isdisjoint(before.splitlines()):
        return None
    gap = "" if not before or before.endswith("\n") else "\n"
    return FileEdit(IGNORE_FILE, before, f"{before}{gap}{IGNORED}\n")


def _tracked(root: Path) -> tuple[str, ...]:
    """What git tracks in the folder. Raises Refused where it cannot be had and the folder holds what it might be."""
    try:
        # a container often runs as somebody else than whoever checked out; a listing runs nothing of the repository's
        said = ask_git(root, "-c", "safe.directory=*", "ls-files", "-z", "--", OUR_FOLDER, seconds=30)
    except NoGit:
        return ()
    except NoAnswer as error:
        if not (root / OUR_FOLDER).exists():
            return ()
        raise Refused(
            f"git does not say whether it tracks {OUR_FOLDER}",
            detail=f"{error}\nwhat a checkout brings must not be taken for what was done here",
            hint=f"See what git says, and mend that: git ls-files {OUR_FOLDER}",
        ) from error
    return tuple(os.fsdecode(name) for name in said.split(b"\0") if name)
