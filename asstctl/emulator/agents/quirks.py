"""How the real service was seen to dawdle and to fill in, to be switched on where a test wants to meet it.

list-lag=SECONDS[:members|bodies]   listings are that much behind, as the fault of this name in `faults/` has them
late-usage=SECONDS|never            how long after its end a turn says what it used
pending-calls=SECONDS               how long after it is announced a function call can be answered
reasoning-effort=LEVEL              what an agent shows that was given no effort, as if it were its model's default
cost=CENTS                          what each turn costs when it ends: of a session that has a limit, the turn that
                                    reaches it fails, and then the session takes nothing until its limit is raised
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from asstctl.emulator.errors import QuirkSpecError
from asstctl.emulator.objects.shared import EFFORTS


@dataclass(frozen=True, slots=True)
class Quirks:
    list_lag: str | None = None
    """As the fault spells it."""
    late_usage: float = 0.0
    """Seconds; infinite: it is never said."""
    pending_calls: float = 0.0
    reasoning_effort: str | None = None
    cost: int = 0

    @classmethod
    def parsed(cls, specs: Iterable[str]) -> "Quirks":
        """From specifications as the head of this file lists them. Raises QuirkSpecError."""
        quirks = cls()
        for spec in specs:
            name, _, value = spec.strip().partition("=")
            if name not in _READERS:
                raise QuirkSpecError(f"there is no quirk {name!r}; there are {', '.join(_READERS)}")
            try:
                quirks = replace(quirks, **{name.replace("-", "_"): _READERS[name](value)})
            except ValueError as error:
                raise QuirkSpecError(f"the quirk {spec!r} cannot be read: {error}") from error
        return quirks


def _lag(text: str) -> str:
    seconds, _, way = text.partition(":")
    _seconds(seconds)
    if way not in ("", "members", "bodies"):
        raise ValueError("a listing lags in its members or its bodies")
    return text


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise ValueError("seconds are a number from 0")
    return seconds


def _seconds_or_never(text: str) -> float:
    return math.inf if text == "never" else _seconds(text)


def _effort(text: str) -> str:
    if text not in EFFORTS.values:
        raise ValueError(f"the efforts are {', '.join(EFFORTS.values)}")
    return text


def _cents(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ValueError("cents are a whole number from 0")
    return int(text)


_READERS: Mapping[str, Callable[[str], Any]] = {
    "list-lag": _lag,
    "late-usage": _seconds_or_never,
    "pending-calls": _seconds,
    "reasoning-effort": _effort,
    "cost": _cents,
}

NO_QUIRKS = Quirks()
"""The service at its best."""
