"""The git revision of the files, as far as git knows one."""

from pathlib import Path

from asstctl.workspace.git import NoAnswer, ask_git


def git_revision(root: Path) -> str | None:
    """The first seven characters of HEAD; None outside of a repository or without git."""
    try:
        return ask_git(root, "rev-parse", "HEAD")[:7].decode("ascii", "replace")
    except NoAnswer:
        return None
