"""Diagnostics as a compiler shows them: the message, the place, the source line, a caret and the hint.

Also the closing lines of `validate`. Sorting and collecting are `core.diagnostic`'s.
"""

from collections.abc import Iterable, Sequence

from asstctl.core.diagnostic import Diagnostic, Severity, Validation, Where
from asstctl.render.escape import visible
from asstctl.render.style import PLAIN, Look, Style
from asstctl.render.text import EMPTY, Line, Span, cells, line, sentence, wrapped, written
from asstctl.render.values import counted, listed

_STYLES = {Severity.ERROR: Style.BAD, Severity.WARNING: Style.WARN, Severity.NOTE: Style.STRONG}
_TAB = " " * 4


def diagnostics_text(diagnostics: Iterable[Diagnostic], look: Look = PLAIN) -> str:
    """All of them in the order given, an empty line after each."""
    return "".join(written([*diagnostic_lines(d, look), EMPTY], look) for d in diagnostics)


def validation_text(validation: Validation, look: Look = PLAIN) -> str:
    """What `validate` says: every diagnostic, a line for each target that accepts losses, then one closing line."""
    lines = [text for said in losses_words(validation) for text in sentence(said, look.width, rest="  ")]
    closing = written([*lines, line(closing_words(validation))], look)
    return diagnostics_text(validation.diagnostics, look) + closing


def problems_text(diagnostics: Iterable[Diagnostic], look: Look = PLAIN, *, sends: bool = True) -> str:
    """The same for a command that stopped before it read everything: the closing line only counts. `sends`: it would
    have sent something."""
    shown = tuple(diagnostics)
    closing = f"{_problems(shown)}." + (" Nothing was sent." if sends else "")
    return diagnostics_text(shown, look) + written([line(closing)], look)


def diagnostic_lines(diagnostic: Diagnostic, look: Look) -> list[Line]:
    """One diagnostic."""
    label = f"{diagnostic.severity}[{diagnostic.code}]"
    heading = line(Span(label, _STYLES[diagnostic.severity]), ": ", Span(diagnostic.summary, Style.STRONG))
    lines = wrapped(heading, look.width, rest="  ")
    where = diagnostic.where
    if where is None:
        for text in (diagnostic.detail, diagnostic.hint):
            lines += [part for row in text.splitlines() for part in sentence(row, look.width, "  ", "  ")]
        return lines
    margin = " " * (len(str(where.line)) + 1)
    lines.append(line(margin, Span("-->", Style.FAINT), f" {where}"))
    notes = [diagnostic.detail, diagnostic.hint and f"help: {diagnostic.hint}"]
    if where.text:
        bar = Span(f"{margin} |", Style.FAINT)
        number = Span(f" {where.line} |", Style.FAINT)
        source, before, marked = _window(where, look.width - len(margin) - 3, look.glyphs.ellipsis)
        caret = line(bar, f" {before}", Span(marked, _STYLES[diagnostic.severity]))
        beside = line(caret, f" {diagnostic.hint}")
        if diagnostic.hint and "\n" not in diagnostic.hint and cells(beside) <= look.width:
            caret, notes = beside, [diagnostic.detail]
        lines += [line(bar), line(number, f" {source}"), caret]
    prefix = line(margin, " ", Span("= ", Style.FAINT))
    for note in notes:
        for row in note.splitlines():
            lines += sentence(row, look.width, prefix, f"{margin}   ")
    return lines


def _window(where: Where, room: int, ellipsis: str) -> tuple[str, str, str]:
    """The part of a source line that fits, the blanks up to the marked text, and the carets below it."""
    start = min(max(where.column, 1), len(where.text) + 1) - 1
    end = min(start + max(where.length, 1), max(len(where.text), start + 1))
    left, right = 0, len(where.text)
    if right > room or cells(_shown(where.text)) > room:
        # what is marked comes first, then as much before it as fits, then what follows
        inside = room - 2 * len(ellipsis)
        end = min(end, start + inside // 2)
        left = _backwards(where.text, start, max(0, inside - cells(_shown(where.text[start:end])) - inside // 4))
        right = _forwards(where.text, left, inside)
    text = _shown(where.text[left:right])
    opening = ellipsis if left else ""
    closing = ellipsis if right < len(where.text) else ""
    before = cells(opening) + cells(_shown(where.text[left:start]))
    carets = max(1, cells(_shown(where.text[start : max(start, min(end, right))])))
    return f"{opening}{text}{closing}", " " * before, "^" * carets


def _backwards(text: str, start: int, room: int) -> int:
    at = start
    while at > 0 and (room := room - cells(_shown(text[at - 1]))) >= 0:
        at -= 1
    return at


def _forwards(text: str, start: int, room: int) -> int:
    at = start
    while at < len(text) and (room := room - cells(_shown(text[at]))) >= 0:
        at += 1
    return at


def _shown(source: str) -> str:
    return visible(source.replace("\t", _TAB))


def _problems(diagnostics: tuple[Diagnostic, ...]) -> str:
    counts = [
        counted(number, severity.value)
        for severity in (Severity.ERROR, Severity.WARNING)
        if (number := sum(d.severity is severity for d in diagnostics))
    ]
    return listed(counts) if counts else "0 errors"


def losses_words(validation: Validation) -> Iterable[str]:
    """A sentence for each target that accepts losses."""
    for target, fields in () if validation.failed else validation.losses.items():
        yield f"Target {target} accepts {_number(fields)}: {', '.join(fields)}."


def _number(fields: Sequence[str]) -> str:
    return "1 loss" if len(fields) == 1 else f"{len(fields)} losses"


def closing_words(validation: Validation) -> str:
    """The closing line."""
    diagnostics, files = validation.diagnostics, validation.files
    if validation.failed:
        return f"{_problems(diagnostics)} in {counted(files, 'file')}. Nothing was sent."
    verb = "is" if files == 1 else "are"
    warned = any(d.severity is Severity.WARNING for d in diagnostics)
    parts = [counted(number, noun.replace("_", " ")) for noun, number in validation.found.items() if number]
    return (
        f"{counted(files, 'file')} {verb} valid"
        + (f", with {_problems(diagnostics)}" if warned else "")
        + (f": {', '.join(parts)}." if parts else ".")
    )
