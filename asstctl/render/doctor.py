"""`doctor`: a block for the project and one for each target, a line for each finding, and one that counts them."""

from collections.abc import Iterable, Mapping

from asstctl.core.doctor import Examination, Finding, Standing
from asstctl.render.style import PLAIN, Glyphs, Look, Style
from asstctl.render.text import EMPTY, Line, Span, cells, line, padded, sentence, wrapped, written
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


def examination_text(examination: Examination, look: Look = PLAIN) -> str:
    """All of it."""
    column = max((cells(one.check) for one in examination.every), default=0)
    file = f" ({examination.file})" if examination.file else ""
    lines = _block(f"Project {examination.project}{file}", examination.findings, column, look)
    for one in examination.targets:
        target = one.target
        lines += [
            EMPTY,
            *_block(f"Target {target.name}: {target.provider}, {target.place}", one.findings, column, look),
        ]
    return written([*lines, EMPTY, line(_closing(examination))], look)


def _block(heading: str, findings: Iterable[Finding], column: int, look: Look) -> list[Line]:
    lines = [line(Span(heading, Style.STRONG))]
    for one in findings:
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
