"""Comments: where they stand in a YAML text, told from the places between the values."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from asstctl.documents.yaml_layout import Part, laid_documents

_TOKEN = re.compile(r"\n|#[^\n]*")


@dataclass(frozen=True, slots=True)
class Comment:
    """One comment. `space`: the blanks before one that stands behind something on its line, None for one that has a
    line of its own; `apart`: an empty line stands before it."""

    text: str
    column: int
    space: int | None
    apart: bool


@dataclass(frozen=True, slots=True)
class Gap:
    """What stands between two values: comments, and indicators. `apart`: an empty line stands behind all of it;
    `on_next_line`: what follows stands on another line than what precedes."""

    comments: tuple[Comment, ...]
    indicators: str
    apart: bool
    on_next_line: bool


def gap(text: str, start: int, end: int) -> Gap:
    """What a piece of a text holds that lies between two values. Line ends are newlines alone."""
    line_start = text.rfind("\n", 0, start) + 1
    lines = 1 if start == line_start else 0
    found: list[Comment] = []
    rest: list[str] = []
    at, any_line = start, False
    for token in _TOKEN.finditer(text, start, end):
        if written := text[at : token.start()].strip():
            rest.append(written)
            lines = 0
        at = token.end()
        if token[0] == "\n":
            lines, line_start, any_line = lines + 1, token.end(), True
            continue
        before = text[line_start : token.start()]
        space = len(before) - len(before.rstrip()) if before.strip() else None
        found.append(Comment(token[0].rstrip(), len(before), space, lines > 1))
        lines = 0
    if written := text[at:end].strip():
        rest.append(written)
        lines = 0
    return Gap(tuple(found), " ".join(rest), lines > 1, any_line)


def comments(text: str) -> Iterator[str]:
    """Every comment of a text that `parse_yaml` takes whole, in its order."""
    at = 0
    for document in laid_documents(text):
        for part in document.root.walk():
            if part.kind in {"map", "list"}:
                continue
            yield from _texts(text, at, part.start)
            at = max(at, part.end)
            if part.style in {"|", ">"}:
                header = text[part.start : part.end].partition("\n")[0]
                yield from _texts(header, 0, len(header))
    yield from _texts(text, at, len(text))


def _texts(text: str, start: int, end: int) -> Iterator[str]:
    return (one.text for one in gap(text, start, end).comments)


def indicator(text: str, start: int, end: int, wanted: str) -> int | None:
    """Where the first of these characters stands that is in no comment."""
    while start < end:
        if text[start] == "#":
            start = text.find("\n", start, end)
            if start < 0:
                return None
        elif text[start] == wanted:
            return start
        start += 1
    return None


def is_in_line(part: Part) -> bool:
    """Whether it is a collection in brackets."""
    return part.kind in {"map", "list"} and part.flow
