"""Style: what a piece of text means, and whether and how a stream can show it.

Colour is used only where it carries meaning. Turning styles into escape sequences is for `text`.
"""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TextIO

from asstctl.core.change import Action

WIDTH = 80
_NARROWEST, _WIDEST = 60, 120


class Style(StrEnum):
    """What a span means; the value is the SGR code that shows it."""

    PLAIN = ""
    ADD = "32"
    CHANGE = "33"
    REMOVE = "31"
    DRIFT = "35"
    GOOD = "32"
    WARN = "33"
    BAD = "31"
    STRONG = "1"
    FAINT = "2"


ACTION_STYLES: Mapping[Action, Style] = {
    Action.CREATE: Style.ADD,
    Action.UPDATE: Style.CHANGE,
    Action.REPLACE: Style.CHANGE,
    Action.DELETE: Style.REMOVE,
    Action.ADOPT: Style.ADD,
    Action.MOVE: Style.CHANGE,
    Action.FORGET: Style.REMOVE,
    Action.KEEP: Style.PLAIN,
}


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The signs outside of ASCII that our own words use."""

    passed: str = "✓"
    failed: str = "✗"
    dot: str = "·"
    ellipsis: str = "…"

    def encodable(self, encoding: str) -> bool:
        """Whether a stream of this encoding can show all of them."""
        try:
            (self.passed + self.failed + self.dot + self.ellipsis).encode(encoding)
        except (UnicodeEncodeError, LookupError):
            return False
        return True


UNICODE = Glyphs()
ASCII = Glyphs(passed="+", failed="x", dot="-", ellipsis="...")


class ColorChoice(StrEnum):
    """The values of `--color`."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Look:
    """How a result is shown: in colour or not, in which signs, in how many columns; `full`: nothing is folded."""

    color: bool = False
    glyphs: Glyphs = UNICODE
    width: int = WIDTH
    full: bool = False
    brief: bool = False


PLAIN = Look()
"""What a file or a pipe gets."""


def use_color(choice: ColorChoice, environ: Mapping[str, str], *, terminal: bool) -> bool:
    """`--color` wins, then NO_COLOR, then FORCE_COLOR and CLICOLOR_FORCE, then what the stream is.

    NO_COLOR and FORCE_COLOR count when they are not empty; CLICOLOR_FORCE=0 means no, as its convention says.
    """
    if choice is not ColorChoice.AUTO:
        return choice is ColorChoice.ALWAYS
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR") or environ.get("CLICOLOR_FORCE", "0") not in {"", "0"}:
        return True
    return terminal and environ.get("TERM") != "dumb"


def look_for(stream: TextIO, choice: ColorChoice = ColorChoice.AUTO, environ: Mapping[str, str] | None = None) -> Look:
    """How results look on this stream. Away from a terminal the width is fixed, so that logs compare."""
    environ = os.environ if environ is None else environ
    terminal = stream.isatty()
    columns = shutil.get_terminal_size((WIDTH, 24)).columns if terminal else WIDTH
    return Look(
        color=use_color(choice, environ, terminal=terminal),
        glyphs=UNICODE if UNICODE.encodable(stream.encoding or "ascii") else ASCII,
        width=max(_NARROWEST, min(_WIDEST, columns)),
    )
