"""Regexes that come from files: checked before use, and bounded in time when used.

Python's engine cannot be interrupted and backtracks without bound. A pattern without repeats and choices
has one way to match at each place in the text and runs here; every other one runs in the child process,
where it is ended at the time limit.
"""

import re
from functools import lru_cache
from typing import Any

from asstctl.documents.worker import TIME_LIMIT, WORKERS, WorkFailed, WorkTimeout

MAX_PATTERN = 10_000
"""Characters of a pattern: compiling one takes time as well, and nothing bounds that."""

_BRANCHES = re.compile(r"[*+?{|]")
_OPENING = re.compile(r"(?<!\\)((?:\\\\)*)\(\?")
"""How a group or flags begin, such as `(?i)`: this question mark repeats nothing, as that of `\\(?` does."""


class RegexTimeout(Exception):
    """A search was ended at the time limit: the pattern backtracks without bound on this text."""

    def __init__(self, pattern: str) -> None:
        super().__init__(f"the regex `{pattern}` took longer than {TIME_LIMIT:g} s")
        self.pattern = pattern


@lru_cache(maxsize=1024)
def check_regex(pattern: str) -> str | None:
    """What is wrong with a pattern, in the engine's words; None when it can be used."""
    if len(pattern) > MAX_PATTERN:
        return f"it is longer than {MAX_PATTERN:,} characters"
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as problem:
        return str(problem) or type(problem).__name__
    return None


def search(pattern: str, text: str) -> bool:
    """Whether the pattern occurs in the text. Raises RegexTimeout; the pattern must have been checked."""
    if _has_one_way(pattern):
        return re.search(pattern, text) is not None
    try:
        return bool(WORKERS.call("search", {"pattern": pattern, "text": text}))
    except (WorkTimeout, WorkFailed) as problem:
        raise RegexTimeout(pattern) from problem


def first(pattern: str, text: str) -> str | None:
    """What the pattern finds first: its first group where it has one, else all of it; None for nothing.

    Raises RegexTimeout; the pattern must have been checked.
    """
    if _has_one_way(pattern):
        return _first(pattern, text)
    try:
        found: str | None = WORKERS.call("first", {"pattern": pattern, "text": text})
    except (WorkTimeout, WorkFailed) as problem:
        raise RegexTimeout(pattern) from problem
    return found


def _first(pattern: str, text: str) -> str | None:
    found = re.search(pattern, text)
    return found[1 if found.re.groups else 0] if found else None


def _has_one_way(pattern: str) -> bool:
    return not _BRANCHES.search(_OPENING.sub(r"\1(", pattern))


def search_task(argument: dict[str, Any]) -> bool:
    """The child's side of `search`."""
    return re.search(argument["pattern"], argument["text"]) is not None


def first_task(argument: dict[str, Any]) -> str | None:
    """The child's side of `first`."""
    return _first(argument["pattern"], argument["text"])
