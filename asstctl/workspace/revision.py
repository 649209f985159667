"""The git revision of the files, as far as git knows one."""

import subprocess
from pathlib import Path


def git_revision(root: Path) -> str | None:
    """The first seven characters of HEAD; None outside of a repository or without git."""
    try:
        # a repository's own configuration may name a program for fsmonitor; it has no part in this
        answer = subprocess.run(
            ["git", "-c", "core.fsmonitor=", "rev-parse", "HEAD"],  # noqa: S607 - the user's own git
            cwd=root,
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout[:7] if answer.returncode == 0 else None
