"""Texts of others in Markdown: nothing in them is markup, mentions anybody or ends what they stand in."""

import re
from collections.abc import Iterable, Sequence

from asstctl.render.escape import defused, visible

_MARKUP = re.compile(r"([\\`*_{}\[\]()<>#+!|~&])")
_MENTION = re.compile(r"@(?=\w)")
_HIDDEN = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
_TICKS = re.compile("`+")


def inline(text: str) -> str:
    """Text within a line or within a cell of a table."""
    escaped = _MARKUP.sub(lambda found: _HIDDEN.get(found[1], f"\\{found[1]}"), visible(text))
    return defused(_MENTION.sub("@\u2060", escaped))


def prose(text: str) -> str:
    """A sentence of ours, in which ticks stand around code."""
    *pairs, last = text.split("`")
    if len(pairs) % 2:
        return inline(text)
    return "".join(code(part) if number % 2 and part else inline(part) for number, part in enumerate((*pairs, last)))


def code(text: str) -> str:
    """The same as code; in a table a bar has to be escaped even there."""
    shown = visible(text).replace("|", "\\|")
    ticks = "`" * (max((len(run) for run in _TICKS.findall(shown)), default=0) + 1)
    blank = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{ticks}{blank}{shown}{blank}{ticks}"


def fenced(lines: Sequence[str], language: str = "") -> list[str]:
    """Lines as a block of code, within a fence that is longer than any run of ticks in them."""
    shown = [visible(one) for one in lines]
    longest = max((len(run) for one in shown for run in _TICKS.findall(one)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}{language}", *shown, fence]


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table of cells that are Markdown already."""
    return [
        f"| {' | '.join(heads)} |",
        f"|{'---|' * len(heads)}",
        *(f"| {' | '.join(cells)} |" for cells in rows),
    ]
