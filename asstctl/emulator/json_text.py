"""Text as the wire carries it: JSON on one line, and nothing in a string that no answer could send."""

import json
from typing import Any

Json = Any


def compact(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def sendable(text: str) -> str:
    """The text with `?` for half of a surrogate pair, which JSON can spell and UTF-8 cannot."""
    return text.encode(errors="replace").decode()
