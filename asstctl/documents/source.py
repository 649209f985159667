"""Source: one text as people see it, with places in it; and the one way in which an input file is read.

Positions are counted in the text itself, not by a parser, so that every parser agrees with the editor.
"""

import os
import re
import stat
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from asstctl.core.diagnostic import Diagnostic, Where, error

MAX_BYTES = 16 * 1024 * 1024
"""The largest input file (FORMAT section 3)."""

_LINE_END = re.compile(r"\r\n|\r|\n")


def lines_of(text: str) -> list[str]:
    """The lines of a text, counted as places are: `str.splitlines` would also count page and paragraph separators."""
    lines = _LINE_END.split(text)
    return lines if lines[-1] else lines[:-1]


@dataclass(frozen=True)
class Source:
    """A text and the name it is shown under. `line_offset`: lines that stand before it in the same file."""

    path: str
    text: str
    line_offset: int = 0

    @cached_property
    def _lines(self) -> tuple[list[int], list[int]]:
        """Where each line begins, and where it ends, its line end left out."""
        ends = list(_LINE_END.finditer(self.text))
        return [0, *(match.end() for match in ends)], [*(match.start() for match in ends), len(self.text)]

    @cached_property
    def _shown(self) -> dict[int, str]:
        """The text of each line that a place was asked for: a thousand places in one line share it."""
        return {}

    def at(self, index: int, length: int = 0) -> Where:
        """The place of the character at `index`; the caret never runs past its line."""
        index = max(0, min(index, len(self.text)))
        starts, ends = self._lines
        number = bisect_right(starts, index) - 1
        start, end = starts[number], ends[number]
        text = self._shown.get(number)
        if text is None:
            text = self._shown[number] = self.text[start:end]
        return Where(
            path=self.path,
            line=number + 1 + self.line_offset,
            column=index - start + 1,
            length=max(0, min(length, end - index)),
            text=text,
        )


def read_text(path: Path, shown: str, *, pipes: bool = False) -> str | Diagnostic:
    """The text of an input file, without its byte order mark; or why it cannot be had.

    What is no plain file may never end or never begin, and so is not read. `pipes`: for a file that the
    command line names, which may be the output of another command.
    """
    try:
        with open(path, "rb", opener=None if pipes else open_plain) as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return error("missing-file", f"`{shown}` does not exist", Where(shown), hint="check the name")
    except OSError as problem:
        reason = problem.strerror or type(problem).__name__
        return error("unreadable-file", f"`{shown}` cannot be read", Where(shown), detail=reason, hint="check the file")
    if len(data) > MAX_BYTES:
        return error(
            "file-too-large",
            f"`{shown}` is larger than 16 MiB",
            Where(shown),
            hint="split it, or upload it as a knowledge file",
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        # The decoder counts behind a byte order mark, the file with it.
        before = data.removeprefix(b"\xef\xbb\xbf")[: problem.start].decode("utf-8")
        return error(
            "not-utf8",
            f"`{shown}` is not UTF-8 text",
            Source(shown, before).at(len(before)),
            hint="save the file as UTF-8",
        )


def read_plain(path: Path, longest: int, *, links: bool = True) -> bytes:
    """All of a plain file of at most so many bytes; `links`: it may be reached by one. Raises OSError for any other."""
    no_link = 0 if links else getattr(os, "O_NOFOLLOW", 0)
    with open(path, "rb", opener=lambda name, flags: open_plain(name, flags | no_link)) as file:
        content = file.read(longest + 1)
    if len(content) > longest:
        raise OSError(0, f"it is larger than {longest // 1024 // 1024} MiB")
    return content


def open_plain(path: str, flags: int) -> int:
    """An opener for `open` that takes plain files alone, and waits for nothing. Raises OSError."""
    # Without O_NONBLOCK, opening a pipe waits for somebody who writes into it.
    descriptor = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(0, "it is not a plain file")
    return descriptor
