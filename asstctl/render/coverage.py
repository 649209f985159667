"""Coverage: what no conversation exercised, by assistant. What lies below something unexercised is only counted."""

import math
from collections.abc import Iterable
from itertools import groupby

from asstctl.core.coverage import Coverage, Covered, Subject
from asstctl.render.style import Look, Style
from asstctl.render.text import Line, Span, cells, line, padded, wrapped

_LABELS = {Subject.ENUM: "value"}
_LABEL = 11


def coverage_lines(coverage: Coverage, look: Look) -> list[Line]:
    """A heading, and for each assistant what is left to exercise."""
    lines = [_heading(coverage)]
    groups = [(name, tuple(items)) for name, items in groupby(coverage.items, lambda item: item.assistant)]
    column = max((cells(name) for name, _ in groups), default=0)
    for name, items in groups:
        left = [item for item in items if not item.conversations]
        said = share(Coverage(items))
        if len(left) == len(items):
            said = f"{said}: no conversation talked to it"
        lines.append(line("  ", padded(name, column), f"   {said}"))
        if len(left) < len(items):
            lines += [row for item, below in _topmost(left) for row in _row(item, below, look)]
    return lines


def _heading(coverage: Coverage) -> Line:
    if not coverage.items:
        return line("Coverage: no assistant is declared.")
    style = Style.PLAIN if coverage.minimum is None else Style.GOOD if coverage.enough else Style.BAD
    wanted = "" if coverage.minimum is None else f", at least {coverage.minimum:g}% asked for"
    return line("Coverage: ", Span(share(coverage), style), f" exercised{wanted}.")


def share(part: Coverage) -> str:
    """How much of it was exercised."""
    # rounded down: what is not enough must not look as if it were
    percentage = math.floor(part.percentage * 10) / 10
    return f"{part.exercised:,} of {len(part.items):,} ({percentage:g}%)"


def _topmost(left: Iterable[Covered]) -> list[tuple[Covered, int]]:
    """Each thing that lies below no other, and how many lie below it."""
    found: list[tuple[Covered, int]] = []
    for item in left:
        if found and _is_below(item, found[-1][0]):
            top, below = found[-1]
            found[-1] = (top, below + 1)
        else:
            found.append((item, 0))
    return found


def _is_below(item: Covered, top: Covered) -> bool:
    branches = (Subject.FUNCTION, Subject.PARAMETER)
    return top.subject in branches and item.name.startswith((f"{top.name}.", f"{top.name}[]"))


def _row(item: Covered, below: int, look: Look) -> list[Line]:
    label = padded(_LABELS.get(item.subject, str(item.subject)), _LABEL)
    more = f", and {below:,} below it" if below else ""
    text = "no conversation had a reply" if item.subject is Subject.ASSISTANT else f"{item.name}{more}"
    head = line("    ", Span("".join(span.text for span in label), Style.FAINT))
    return wrapped(text, look.width, head, " " * cells(head))
