"""Texts of others in Markdown: nothing in them is markup, mentions or refers to anybody or anything, or ends what they
stand in.

A backslash keeps markup away, but not what a forge looks for in the page that came of it: people, issues, commits and
addresses. Between their characters stands U+2060, which is not seen and joins words. Within code a forge looks for none
of them, so that names and values, which people copy, are code.
"""

import html
import re
from collections.abc import Iterable, Sequence

from asstctl.render.escape import defused, is_address, visible
from asstctl.render.text import COMMAND, clipped

JOINER = "\u2060"

_MARKUP = re.compile(r"([\\`*_{}\[\]()<>#+!|~&$])")
_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;", "|": "&#124;"}  # a table splits its cells at bars before all else
_FIRST = re.compile(r"^( *)(?:([-=/])|(\d+)([.)])|(?<= {4}))")
"""What means something at the beginning of a line: a list, a heading, a command to a robot, and blanks, which a page
does not show."""

_REFERENCE = re.compile(
    r'(?<=[@#!$%^&~])(?=[\w"\[])'  # people, issues, requests, snippets, milestones, labels; mail
    r"|(?<=\$)"  # formulas
    r"|(?<=(?i:\bGH-))(?=\d)"
    r"|(?<=(?i:www))(?=\.)"
    r"|(?=://)"
    r"|(?<=:)(?=[\w+-]*[^\W\d][\w+-]*(?::|$)|[+-]1(?::|$))"  # emoji; not the line and column of a place
)
_COMMIT = re.compile(r"(?<![^\W_])[0-9a-f]{7,}(?![^\W_])", re.IGNORECASE)
_SHORT_OF_A_COMMIT, _WHOLE_COMMIT = 6, 40
_MARKER = re.compile(r"<!(?=--\s*asstctl\b)")
_TICKS = re.compile("`+")


def inline(text: str) -> str:
    """Text within a line or within a cell of a table."""
    escaped = _MARKUP.sub(lambda found: _ENTITIES.get(found[1], f"\\{found[1]}"), _apart(visible(text)))
    return defused(_FIRST.sub(_not_first, escaped))


def prose(text: str) -> str:
    """A sentence of ours, in which ticks stand around code, and which may end with a command."""
    *pairs, last = text.split("`")
    if len(pairs) % 2:
        return inline(text)
    parts = [(code(part) or inline("``")) if number % 2 else inline(part) for number, part in enumerate(pairs)]
    found = COMMAND.search(last)
    end = f"{inline(last[: found.start()])}{code(found.group())}" if found else inline(last)
    return "".join((*parts, end))


def code(text: str) -> str:
    """The same as code, within a line or within a cell."""
    shown = _shown(text)
    if not shown.strip():
        return inline(text)
    if "|" in shown:
        # no two readers of tables agree on what a backslash before a bar means within ticks
        return f"<code>{inline(text)}</code>"
    ticks = "`" * (max((len(run) for run in _TICKS.findall(shown)), default=0) + 1)
    blank = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{ticks}{blank}{shown}{blank}{ticks}"


def fenced(lines: Sequence[str], language: str = "") -> list[str]:
    """Lines as a block of code, within a fence that is longer than any run of ticks in them."""
    shown = [_shown(one) for one in lines]
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


def tag_text(text: str) -> str:
    """Text within a line of HTML, where a backslash means nothing."""
    return html.escape(_apart(visible(text)))


def tag_code(text: str) -> str:
    """The same as code."""
    return f"<code>{html.escape(_shown(text))}</code>"


def link(text: str, url: str) -> str:
    """A link to what a runner named; where that is no plain address it leads nowhere, and is shown."""
    return f"[{inline(text)}](<{url}>)" if is_address(url) else f"{inline(text)} {code(clipped(url, 200, '…'))}"


def comment(text: str) -> str:
    """A line that a page does not show: whatever stands in it, it ends where we end it."""
    kept = "".join(one if one.isascii() and (one.isalnum() or one in ":._/-") else f"%{ord(one):x}" for one in text)
    return f"<!-- {kept.replace('--', '-%2d')} -->"


def _apart(text: str) -> str:
    return _COMMIT.sub(_in_pieces, _REFERENCE.sub(JOINER, text))


def _in_pieces(found: re.Match[str]) -> str:
    run = found[0]
    if run.isdigit() and len(run) < _WHOLE_COMMIT:
        return run  # a day or a number: people copy it
    return JOINER.join(run[at : at + _SHORT_OF_A_COMMIT] for at in range(0, len(run), _SHORT_OF_A_COMMIT))


def _not_first(found: re.Match[str]) -> str:
    blanks, sign, number, dot = found.groups()
    said = f"\\{sign}" if sign else f"{number}\\{dot}" if dot else ""
    return f"{blanks[:1]}{said}"


def _shown(text: str) -> str:
    """As it reads, but for a marker of ours: by that alone a comment is known."""
    return _MARKER.sub(f"<!{JOINER}", visible(text))
