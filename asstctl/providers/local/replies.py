"""Replies of a local target, checked without opening a server, so that `validate` can do it.

The emulator reads its rules files itself; this turns what it refuses into diagnostics.
"""

import re
from pathlib import Path

from asstctl.core.diagnostic import Diagnostic, Where, error
from asstctl.emulator import RepliesFileError, UnknownReplies
from asstctl.emulator.replies import make_backend
from asstctl.providers.settings import Replies

_PLACED = re.compile(r"(?P<path>.+?):(?P<line>\d+):\s*(?P<text>.+)", re.DOTALL)


def check_replies(replies: Replies) -> tuple[Diagnostic, ...]:
    """What is wrong with a target's replies."""
    try:
        make_backend(replies)
    except RepliesFileError as problem:
        return diagnostics_of(problem)
    except UnknownReplies as problem:
        return (unknown(problem),)
    return ()


def unknown(problem: UnknownReplies) -> Diagnostic:
    """The diagnostic for a setting that names no backend."""
    return error("replies", str(problem), hint="correct `replies` of the target in asstctl.yaml")


def diagnostics_of(problem: RepliesFileError) -> tuple[Diagnostic, ...]:
    """The problems of a rules file, each `file:line: text`, with their places."""
    return tuple(_diagnostic(text) for text in problem.problems)


def _diagnostic(problem: str) -> Diagnostic:
    if match := _PLACED.fullmatch(problem):
        return error("replies-file", match["text"], _where(Path(match["path"]), int(match["line"])))
    return error("replies-file", problem)


def _where(file: Path, line: int) -> Where:
    lines = file.read_text("utf-8", "replace").splitlines()
    return Where(shown(file), line, text=lines[line - 1] if line <= len(lines) else "")


def shown(path: Path) -> str:
    """A path as a person in the working directory would type it."""
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
