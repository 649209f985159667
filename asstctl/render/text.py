"""Styled text: lines of spans, measured in terminal cells, and the one place that writes them out.

A span escapes its text when it is made, so that nothing unescaped can be measured or shown. What the words
are is for the other modules.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from asstctl.render.escape import defused, visible
from asstctl.render.style import Look, Style

_ONE_CELL_EACH = re.compile(r"[ -\u02ff…✓✗]*")
_WIDE = "\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60"
COMMAND = re.compile(r"(?:(?<=: )|^)(?:asstctl|git|export|rm|mv|mkdir|pip) \S.*$")
"""A command to type, which a sentence ends with or consists of."""

# A line may break beside a wide character, but not between it and a bracket, a stop or a mark of ours.
_OPENING, _CLOSING = r"(?:\[-|\{\+|[(「『【《〈])*", r"(?:-\]|\+\}|[、。,.:;!?)」』】》〉])*"
_UNIT = re.compile(rf"\s+|{_OPENING}[{_WIDE}]{_CLOSING}|[^\s{_WIDE}]+")


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of one line and what it means."""

    text: str
    style: Style = Style.PLAIN

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", visible(self.text))


Line = tuple[Span, ...]
Part = str | Span | Line


def line(*parts: Part) -> Line:
    """One line of texts, spans and pieces of other lines."""
    spans: list[Span] = []
    for part in parts:
        if isinstance(part, str):
            spans.append(Span(part))
        elif isinstance(part, Span):
            spans.append(part)
        else:
            spans.extend(part)
    return tuple(spans)


EMPTY: Line = ()


def cells(part: Part) -> int:
    """How many columns it takes on a terminal, once escaped."""
    if isinstance(part, tuple):
        return sum(cells(span) for span in part)
    text = part.text if isinstance(part, Span) else visible(part)
    if _ONE_CELL_EACH.fullmatch(text):
        return len(text)
    from rich.cells import cell_len  # 20 ms to import, and most output does without

    return cell_len(text)


def padded(part: Part, width: int) -> Line:
    """Filled with blanks up to `width` columns; longer ones stay as they are."""
    missing = width - cells(part)
    return line(part, " " * missing) if missing > 0 else line(part)


def clipped(text: str, width: int, ellipsis: str) -> str:
    """The text in at most `width` columns, the end cut off visibly."""
    text = visible(text[: 4 * width + 4])  # a cell never needs more characters than this in what is worth showing
    if cells(text) <= width:
        return text
    room = max(0, width - cells(ellipsis))
    kept = text[:room]
    while cells(kept) > room:
        kept = kept[:-1]
    return kept + ellipsis


def wrapped(content: Part, width: int, first: Part = "", rest: Part = "") -> list[Line]:
    """The content broken at blanks and between wide characters, after `first` and, from then on, `rest`.

    A word wider than the room is left whole: a broken path or command is of no use.
    """
    lines: list[Line] = []
    current, used = list(line(first)), cells(first)
    start = used
    for unit in _units(line(content)):
        size = cells(unit)
        blank = unit.text.isspace()
        if used + size > width and used > start and not blank:
            lines.append(_without_trailing_blanks(current))
            current, used = list(line(rest)), cells(rest)
            start = used
        if not (blank and lines and used == start):
            current.append(unit)
            used += size
    return [*lines, _without_trailing_blanks(current)]


def sentence(text: str, width: int, first: Part = "", rest: Part = "") -> list[Line]:
    """A sentence of ours, wrapped; the command that it ends with is never broken, however wide it is."""
    found = COMMAND.search(text)
    if found is None:
        return wrapped(text, width, first, rest)
    said, command = text[: found.start()], found.group()
    if not said:
        return [line(first, command)]
    lines = wrapped(said, width, first, rest)
    if cells(lines[-1]) + 1 + cells(command) <= width:
        return [*lines[:-1], line(lines[-1], " ", command)]
    return [*lines, line(rest, command)]


def _units(spans: Line) -> Iterator[Span]:
    for span in spans:
        for match in _UNIT.finditer(span.text):
            yield Span(match.group(), span.style)


def _without_trailing_blanks(spans: list[Span]) -> Line:
    while len(spans) > 1 and spans[-1].text.isspace() and spans[-1].style is Style.PLAIN:
        spans.pop()
    return tuple(spans)


def written(lines: Iterable[Line], look: Look) -> str:
    """Lines as text: plain, or with escape sequences where the look has colour. Ends with a newline."""
    return "".join(_one(spans, look) + "\n" for spans in lines)


def _one(spans: Line, look: Look) -> str:
    plain = "".join(span.text for span in spans).rstrip(" ")
    safe = defused(plain)
    if not look.color or safe != plain:
        return safe
    runs = ((style, "".join(span.text for span in run)) for style, run in groupby(spans, key=lambda span: span.style))
    return "".join(f"\x1b[{style}m{text}\x1b[0m" if style and text else text for style, text in runs)
