"""Values as text for messages, and the one way to compare text without case. Decides nothing."""

import json
import unicodedata
from collections.abc import Mapping

from asstctl.core.change import Absent
from asstctl.core.json_types import Json


def fold(text: str) -> str:
    """Text as `icontains` compares it: full-width and half-width forms, ligatures and case are one.

    Folding case can undo the normal form (and the other way round), hence twice.
    """
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def as_json(value: Json) -> str:
    """Compact JSON that keeps every script readable."""
    return json.dumps(value, ensure_ascii=False, default=_plain)


def shown(value: Json | Absent) -> str:
    """The actual side of a mismatch."""
    return "missing" if isinstance(value, Absent) else as_json(value)


def times(count: int) -> str:
    """How often, in words that fit a sentence."""
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def _plain(value: object) -> object:
    """json.dumps knows dicts alone; frozen maps are maps too."""
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is not JSON")
