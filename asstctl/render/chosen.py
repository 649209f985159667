"""test --list: a line for each conversation that a run would play, its node first, to be copied."""

from asstctl.core.suite import Chosen, Planned
from asstctl.render.style import PLAIN, Look, Style
from asstctl.render.text import Line, Span, cells, line, padded, written
from asstctl.render.values import counted

_WIDEST = 56


def chosen_text(chosen: Chosen, look: Look = PLAIN) -> str:
    """All of them, and how many there are."""
    widths = [width for one in chosen.planned if (width := cells(one.node)) <= _WIDEST]
    lines = [_of(one, max(widths, default=0)) for one in chosen.planned]
    return written([*lines, line(f"{chosen.selection or counted(len(chosen.planned), 'conversation')}.")], look)


def _of(one: Planned, width: int) -> Line:
    tags = f"  [{', '.join(one.tags)}]" if one.tags else ""
    return line(padded(one.node, width), "   ", Span(f"{one.assistant}{tags}", Style.FAINT))
