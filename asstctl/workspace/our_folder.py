"""The project's folder `.asstctl/`: whether it is ours alone.

Databases and journals lie in it. If git tracks one of them, a pull request could bring its own, and a push would
publish ours; if a link leads there, we would write wherever somebody else pleases.
"""

import os
import subprocess
from pathlib import Path

from asstctl.core.errors import Refused, StoreError
from asstctl.documents.paths import OUR_FOLDER


def check_our_folder(root: Path) -> None:
    """Raises Refused where git tracks anything in the folder, and StoreError where it is a link.

    Git is asked only where there is a repository. Where there is none, or git does not answer, nothing is tracked.
    """
    folder = root / OUR_FOLDER
    if folder.is_symlink():
        raise StoreError(
            f"{OUR_FOLDER} is a symlink", detail=f"{folder}: it is not followed", hint=f"Remove it: rm {folder}"
        )
    if not any(os.path.lexists(parent / ".git") for parent in (root, *root.parents)):
        return
    if tracked := _tracked(root):
        more = f" and {len(tracked) - 1} more" if len(tracked) > 1 else ""
        raise Refused(
            f"git tracks {OUR_FOLDER}",
            detail=f"{tracked[0]}{more}: what a checkout brings must not be taken for what was done here",
            hint=f"git rm -r --cached {OUR_FOLDER}",
        )


def _tracked(root: Path) -> tuple[str, ...]:
    try:
        # a repository's own configuration may name a program for fsmonitor; it has no part in this
        answer = subprocess.run(  # noqa: S603 - nothing in it comes from a file
            ["git", "-c", "core.fsmonitor=", "ls-files", "-z", "--", OUR_FOLDER],  # noqa: S607 - the user's own git
            cwd=root,
            capture_output=True,
            timeout=5,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ()
    names = answer.stdout.split(b"\0") if answer.returncode == 0 else []
    return tuple(os.fsdecode(name) for name in names if name)
