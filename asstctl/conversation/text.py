"""Values as text for messages, and the one way to compare text without case. Decides nothing."""

import unicodedata

from asstctl.core.change import Absent
from asstctl.core.json_text import json_text
from asstctl.core.json_types import Json


def fold(text: str) -> str:
    """Text as `icontains` compares it: full-width and half-width forms, ligatures and case are one.

    Folding case can undo the normal form (and the other way round), hence twice.
    """
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def shown(value: Json | Absent) -> str:
    """The actual side of a mismatch."""
    return "missing" if isinstance(value, Absent) else json_text(value)


def times(count: int) -> str:
    """How often, in words that fit a sentence."""
    return {1: "once", 2: "twice"}.get(count, f"{count} times")
