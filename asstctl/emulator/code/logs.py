"""What a reader is told of a piece of code: what it printed, cut at a limit, and what went wrong in a few lines."""

from __future__ import annotations

import builtins
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic_monty import MontyError

_SUBSET = (
    "This sandbox runs a subset of Python: numpy, pandas and most other modules are not there, "
    "and some of the language is not either."
)
_UNDONE = "The variables are as they were before this code."
_LONGEST_LINE = 200
_LONGEST_ERROR = 4_000
_FEED = re.compile(r"<python-input-(\d+)>(\", line )?(\d+)?")
_NOTEBOOK = re.compile(r"^\s*[!%]", re.MULTILINE)
"""A command of a notebook, which is no Python."""
_TIME_LIMIT = re.compile(r"feed time limit exceeded: \S+ > (\S+)")
_NOT_DEFINED = re.compile(r"name '(\w+)' is not defined")

_BREAKING = ("feed time limit", "memory limit", "sleep limit", "the worker exceeded")
"""How the errors begin after which nothing is known about the session any more."""


class Printed:
    """Takes what code prints, up to a number of characters; the code goes on."""

    def __init__(self, limit: int, check: Callable[[], None]) -> None:
        self.text = ""
        self.cut = False
        self._limit = limit
        self._check = check

    def __call__(self, stream: str, text: str) -> None:
        self._check()
        if not self.cut:
            self.text += text
            self.cut = len(self.text) > self._limit
            self.text = self.text[: self._limit]


@dataclass(frozen=True, slots=True)
class Problem:
    text: str
    broke: bool
    """Whether the session is lost with it."""


_LATE = Problem(f"TimeoutError: the code did not end in its time.\n{_UNDONE}", broke=True)
ENDED = Problem(f"RuntimeError: the code was stopped: the worker that ran it ended.\n{_UNDONE}", broke=True)


def logs(printed: Printed, limit: int, problem: str = "") -> str:
    """One text: the output, a note if it was cut, the traceback."""
    parts = [printed.text]
    if printed.cut:
        parts.append(f"[The output is cut here: it is longer than {limit:,} characters.]\n")
    if problem:
        parts.append(f"{problem}\n")
    text = parts[0]
    for part in parts[1:]:
        text += ("\n" if text and not text.endswith("\n") else "") + part
    return text


def told(error: MontyError, shift: int = 0) -> Problem:
    """The traceback of an error, and a sentence for who could not know why.

    `shift` is by how many lines the code stands too far down in what was run.
    """
    from pydantic_monty import MontyCrashedError, MontyRuntimeError, MontySyntaxError

    if isinstance(error, MontyCrashedError):
        return _LATE if error.timed_out else ENDED
    inner = error.exception()
    shown = error.display() if isinstance(error, (MontyRuntimeError, MontySyntaxError)) else str(error)
    broke = str(inner).startswith(_BREAKING)
    # How long it took exactly is never the same, and scripted replies are to be repeatable.
    shown = _TIME_LIMIT.sub(r"the code ran for longer than \1", _named(shown, shift))
    lines = [_shortened(shown)]
    if broke:
        lines.append(_UNDONE)
    elif _is_missing(inner) or (isinstance(inner, SyntaxError) and _NOTEBOOK.search(shown)):
        lines.append(_SUBSET)
    return Problem("\n".join(lines), broke)


def _named(traceback: str, shift: int) -> str:
    """The traceback with one name for all code. Of the pieces in it only the newest is shifted."""
    newest = max((int(found[1]) for found in _FEED.finditer(traceback)), default=0)

    def named(found: re.Match[str]) -> str:
        if found[3] is None:
            return f"<code>{found[2] or ''}"
        line = int(found[3]) - (shift if int(found[1]) == newest else 0)
        return f"<code>{found[2] or ''}{line}"

    return _FEED.sub(named, traceback)


def _is_missing(error: BaseException) -> bool:
    """Whether it may be the sandbox that lacks something, rather than the code that is wrong."""
    text = str(error)
    if isinstance(error, (ImportError, NotImplementedError)):
        return True
    if isinstance(error, NameError):
        found = _NOT_DEFINED.match(text)
        return found is not None and hasattr(builtins, found[1])
    if isinstance(error, AttributeError):
        return text.startswith("module ") or "'__" in text
    return "not supported" in text or text.startswith("Internal error")


def _shortened(traceback: str) -> str:
    lines = [line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]}…" for line in traceback.split("\n")]
    text = "\n".join(lines)
    if len(text) > _LONGEST_ERROR:
        half = _LONGEST_ERROR // 2
        text = f"{text[:half]}\n…\n{text[-half:]}"
    return text
