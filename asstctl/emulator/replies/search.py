"""Regular expressions of a rules file, searched within a time limit.

Python's engine cannot be interrupted and backtracks without bound, and here it would stop every run of the
server. A pattern without repeats and with few choices is searched in place; every other one in a child process,
which is started when first needed, kept, and killed when a search takes too long.
"""

import asyncio
import contextlib
import json
import re
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process

TIME_LIMIT = 1.0
"""Seconds for one search."""

_OPENING = re.compile(r"(?<!\\)((?:\\\\)*)\(\?")
"""How a group or flags begin: this question mark repeats nothing, as that of `\\(?` does."""

_FEW = 8
_LONGEST_LINE = 1 << 24

_CHILD = """
import json, re, sys
for line in sys.stdin:
    pattern, text = json.loads(line)
    found = re.search(pattern, text)
    groups = found and [found[0], *found.groups()]
    print(json.dumps(groups), flush=True)
"""


class SearchTimeout(Exception):
    """A search was ended at the time limit."""


class Searcher:
    """Searches for one backend, one at a time where the child is needed."""

    def __init__(self) -> None:
        self._child: Process | None = None
        self._lock = asyncio.Lock()

    async def search(self, pattern: re.Pattern[str], text: str) -> dict[str, str] | None:
        """The groups of the first match by number and by name, `0` being the whole; None without a match."""
        if _is_quick(pattern.pattern):
            found = pattern.search(text)
            groups = None if found is None else [found[0], *found.groups()]
        else:
            groups = await self._asked(pattern.pattern, text)
        if groups is None:
            return None
        values = {str(index): group or "" for index, group in enumerate(groups)}
        return values | {name: values[str(index)] for name, index in pattern.groupindex.items()}

    async def aclose(self) -> None:
        """End the child, if there is one."""
        child, self._child = self._child, None
        if child is None:
            return
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await child.wait()

    async def _asked(self, pattern: str, text: str) -> list[str | None] | None:
        async with self._lock:
            child = await self._started()
            assert child.stdin is not None
            assert child.stdout is not None
            try:
                async with asyncio.timeout(TIME_LIMIT):
                    child.stdin.write(json.dumps([pattern, text]).encode() + b"\n")
                    line = await child.stdout.readline()
                groups: list[str | None] | None = json.loads(line)
            except BaseException as problem:
                await self.aclose()  # its answer must not be taken for that of the next search
                if isinstance(problem, TimeoutError | ValueError):
                    raise SearchTimeout from problem
                raise
            return groups

    async def _started(self) -> Process:
        if self._child is None:
            self._child = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", "-c", _CHILD),
                stdin=PIPE,
                stdout=PIPE,
                stderr=DEVNULL,
                env={},
                limit=_LONGEST_LINE,
                start_new_session=True,  # a Ctrl-C is for whoever waits for it
            )
        return self._child


def _is_quick(pattern: str) -> bool:
    plain = _OPENING.sub(r"\1(", pattern)
    return not any(sign in plain for sign in "*+?{") and plain.count("|") <= _FEW
