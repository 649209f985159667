"""`doctor`: a block for the project and one for each target, a line for each finding, and one that counts them.

Settings stand below the findings of their block where all is to be seen, or where something about them is odd.
"""

from collections.abc import Iterable, Mapping, Sequence

from asstctl.core.doctor import Examination, Finding, Standing, are_settings_odd, urgent_first
from asstctl.core.origin import Origin, Setting, Source
from asstctl.render.style import PLAIN, Glyphs, Look, Style
from asstctl.render.text import EMPTY, Line, Span, cells, clipped, line, padded, sentence, wrapped, written
from asstctl.render.values import counted, listed, place

_STYLES: Mapping[Standing, Style] = {
    Standing.FINE: Style.GOOD,
    Standing.NOTE: Style.FAINT,
    Standing.WARNING: Style.WARN,
    Standing.UNKNOWN: Style.WARN,
    Standing.WRONG: Style.BAD,
}
_INDENT = "  "
_GAP = "   "
_WIDEST_VALUE = 40


def examination_text(examination: Examination, look: Look = PLAIN) -> str:
    """All of it."""
    column = max((cells(one.check) for one in examination.every), default=0)
    file = f" ({examination.file})" if examination.file else ""
    shown = look.full or are_settings_odd(examination.findings)
    lines = _block(f"Project {examination.project}{file}", examination.findings, column, look)
    lines += _settings(examination.settings, look) if shown else []
    for one in examination.targets:
        target = one.target
        lines += [
            EMPTY,
            *_block(f"Target {target.name}: {target.provider}, {target.place}", one.findings, column, look),
            *(_settings(one.settings, look) if shown else ()),
        ]
    return written([*lines, EMPTY, line(_closing(examination))], look)


def _block(heading: str, findings: Iterable[Finding], column: int, look: Look) -> list[Line]:
    lines = [line(Span(heading, Style.STRONG))]
    for one in urgent_first(findings):
        sign = Span(_sign(one.standing, look.glyphs), _STYLES[one.standing])
        first = line(_INDENT, sign, " ", padded(one.check, column), _GAP)
        rest = " " * cells(first)
        at = place(one.where)
        lines += sentence(one.summary, look.width, first, rest)
        for said in ": ".join(filter(None, (at, one.detail))).splitlines():
            lines += wrapped(said, look.width, rest, rest)
        for said in one.hint.splitlines():
            lines += sentence(said, look.width, rest, rest)
    return lines


def _settings(settings: Sequence[Setting], look: Look) -> list[Line]:
    names = max((cells(one.name) for one in settings), default=0)
    values = min(max((cells(one.value) for one in settings), default=0), _WIDEST_VALUE)
    lines: list[Line] = []
    for one in settings:
        first = line(_INDENT, padded(one.name, names), _GAP)
        rest = " " * (cells(first) + values + len(_GAP))
        value = padded(clipped(one.value, _WIDEST_VALUE, look.glyphs.ellipsis), values)
        over = f", over {listed([_from(origin) for origin in one.overrides])}" if one.overrides else ""
        lines += wrapped(Span(f"{_from(one.origin)}{over}", Style.FAINT), look.width, line(first, value, _GAP), rest)
    return [EMPTY, *lines] if lines else []


def _from(origin: Origin) -> str:
    """`asstctl.yaml:3`, or who else said it."""
    if origin.source is Source.ENVIRONMENT and origin.where:
        return f"{origin.name} in the environment, {place(origin.where)}"
    return place(origin.where) or str(origin)


def _sign(standing: Standing, glyphs: Glyphs) -> str:
    match standing:
        case Standing.FINE:
            return glyphs.passed
        case Standing.NOTE:
            return glyphs.dot
        case Standing.WARNING:
            return "!"
        case Standing.UNKNOWN:
            return "?"
        case Standing.WRONG:
            return glyphs.failed


def _closing(examination: Examination) -> str:
    counts = examination.counts
    said = [counted(counts[Standing.WRONG], "thing") + " wrong"] if counts[Standing.WRONG] else []
    said += [counted(counts[Standing.UNKNOWN], "thing") + " unknown"] if counts[Standing.UNKNOWN] else []
    said += [counted(counts[Standing.WARNING], "warning")] if counts[Standing.WARNING] else []
    return f"{listed(said) or 'Nothing wrong'} in the files and on {counted(len(examination.targets), 'target')}."
