"""Diagnostic: a message to a person about their input, with the place it speaks of.

Diagnostics are collected and shown together, never thrown one at a time. How they look is for `render`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from asstctl.core.json_types import EMPTY


class Severity(StrEnum):
    """How much a diagnostic weighs: an error stops the command, a warning and a note do not."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Where:
    """A place in a user's file.

    `path` is as a person would type it (relative to the project), `line` and `column` count from 1 in
    characters, `length` is how many characters the caret underlines (0: one caret), `text` is the source
    line itself, so that nobody has to read the file again to show it.
    """

    path: str
    line: int = 1
    column: int = 1
    length: int = 0
    text: str = ""

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One message: `summary` is short and says what; `detail` says why; `hint` says how to mend it."""

    severity: Severity
    code: str
    summary: str
    where: Where | None = None
    hint: str = ""
    detail: str = ""


def error(code: str, summary: str, where: Where | None = None, *, hint: str = "", detail: str = "") -> Diagnostic:
    """A diagnostic that stops the command."""
    return Diagnostic(Severity.ERROR, code, summary, where, hint, detail)


def warning(code: str, summary: str, where: Where | None = None, *, hint: str = "", detail: str = "") -> Diagnostic:
    """A diagnostic that is shown and stops nothing."""
    return Diagnostic(Severity.WARNING, code, summary, where, hint, detail)


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    """Whether any of them stops the command."""
    return any(d.severity is Severity.ERROR for d in diagnostics)


def strictly(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """The same with every warning an error."""
    return tuple(replace(d, severity=Severity.ERROR) if d.severity is Severity.WARNING else d for d in diagnostics)


def in_reading_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Sorted by file, line and column, each said once; those without a place come first."""

    def place(d: Diagnostic) -> tuple[str, int, int, str]:
        return (d.where.path, d.where.line, d.where.column, d.code) if d.where else ("", 0, 0, d.code)

    return tuple(sorted(dict.fromkeys(diagnostics), key=place))


@dataclass(frozen=True, slots=True)
class Validation:
    """What a look at all files gave: their diagnostics in reading order, how many were read, what they hold.

    `found` counts by noun in the singular (`assistant`: 2). `losses` are what each target accepts to be without, in the
    words of `on_unsupported`.
    """

    diagnostics: tuple[Diagnostic, ...]
    files: int
    found: Mapping[str, int]
    losses: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: EMPTY)

    @property
    def failed(self) -> bool:
        """Whether anything has to be mended."""
        return has_errors(self.diagnostics)
