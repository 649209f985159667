"""An error that stopped a command, as one block for stderr: what, why, and the way on."""

from asstctl.core.errors import AsstctlError, InvalidInput, ProviderError
from asstctl.core.plans import PlanChanged
from asstctl.render.contrast import contrast_lines
from asstctl.render.diagnostics import problems_text
from asstctl.render.style import PLAIN, Look, Style
from asstctl.render.text import Line, Span, line, sentence, wrapped, written


def error_text(error: AsstctlError, look: Look = PLAIN) -> str:
    """The error; for input that is not valid, its diagnostics."""
    if isinstance(error, InvalidInput):
        return problems_text(error.diagnostics, look, sends=error.sends)
    heading = line(Span(f"error[{error.code}]", Style.BAD), ": ", Span(error.summary, Style.STRONG))
    lines = wrapped(heading, look.width, rest="  ")
    if isinstance(error, PlanChanged):
        lines += contrast_lines(error.contrasts, look)
    lines += indented(error.detail, look)
    if isinstance(error, ProviderError) and error.request_id:
        lines.append(line(f"  request {error.request_id}"))
    return written(lines + indented(error.hint, look), look)


def indented(text: str, look: Look, indent: str = "  ") -> list[Line]:
    """Sentences on any number of lines, broken to fit, their commands whole."""
    return [part for row in text.splitlines() for part in sentence(row, look.width, indent, indent)]
