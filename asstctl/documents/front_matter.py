"""Markdown with YAML front matter: the head as a document, the body verbatim.

Front matter is what stands between a first line `---` and the next line `---` (or `...`). Everything
after that line is the body, to the last character.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from asstctl.core.diagnostic import Diagnostic, Where
from asstctl.documents.source import Source
from asstctl.documents.yaml import Document, parse_one

_OPEN = re.compile(r"---[ \t]*(?:\r\n|\r|\n)")
_CLOSE = re.compile(r"^(?:---|\.\.\.)[ \t]*(?:\r\n|\r|\n|\Z)", re.MULTILINE)


def unclosed(text: str) -> str | None:
    """What follows an opening line that no line closes: front matter, or a note that begins with a rule."""
    opened = _OPEN.match(text)
    return text[opened.end() :] if opened and not _CLOSE.search(text, opened.end()) else None


@dataclass(frozen=True)
class FrontMatter:
    """A Markdown file in two parts. `head` is the text of the front matter; `document` None if unreadable."""

    head: str
    document: Document | None
    body: str
    body_where: Where
    diagnostics: tuple[Diagnostic, ...] = ()


def split(text: str, path: str) -> FrontMatter | None:
    """Both parts of a text, or None when it has no front matter."""
    opened = _OPEN.match(text)
    closed = _CLOSE.search(text, opened.end()) if opened else None
    if opened is None or closed is None:
        return None
    head = text[opened.end() : closed.start()]
    document, diagnostics = parse_one(head, path, line_offset=1)
    return FrontMatter(head, document, text[closed.end() :], Source(path, text).at(closed.end()), diagnostics)


def with_head(text: str, change: Callable[[str], str]) -> str:
    """A text that has front matter, the head changed and everything else as it is."""
    opened, closed = _bounds(text)
    return text[:opened] + change(text[opened : closed.start()]) + text[closed.start() :]


def with_body_text(text: str, body: str) -> str:
    """A text that has front matter, with another body."""
    _, closed = _bounds(text)
    line_end = "" if closed[0][-1:] in {"\n", "\r"} or not body else "\n"
    return text[: closed.end()] + line_end + body


def _bounds(text: str) -> tuple[int, re.Match[str]]:
    opened = _OPEN.match(text)
    assert opened is not None
    closed = _CLOSE.search(text, opened.end())
    assert closed is not None
    return opened.end(), closed
