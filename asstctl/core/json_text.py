"""JSON as text: the canonical text, by which values are compared and digested, the one that people read, and
the reader for what comes from outside.

Values here may be frozen: any mapping is an object, any sequence a list. Files of users have a reader of their
own (`documents.json_text`), which refuses more and says at which place.
"""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from asstctl.core.json_types import Json

MAX_DEPTH = 100


def plain(value: object) -> object:
    """What the json module does not know, in its own types: its hook `default`."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Sequence):
        return list(value)
    raise TypeError(f"not a JSON value: {type(value).__name__}")


# made once: json.dumps makes an encoder for every call that is not its plainest
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=plain)
_ON_ONE_LINE = json.JSONEncoder(ensure_ascii=False, default=plain)
_IN_FULL = json.JSONEncoder(ensure_ascii=False, default=plain, indent=2)


def canonical(value: Json) -> str:
    """One text for equal values. Digests in marks are of it, so that it can never change."""
    return _CANONICAL.encode(value)


def json_text(value: Json) -> str:
    """On one line, with blanks after `:` and `,`, and every script readable."""
    return _ON_ONE_LINE.encode(value)


def json_lines(value: Json) -> list[str]:
    """On as many lines as it takes, for a value shown in full."""
    return _IN_FULL.encode(value).splitlines()


def read_json(text: str | bytes) -> Any:
    """The value of a text from outside. Raises ValueError for what is not JSON, or is JSON that few programs can
    carry: numbers without bound, nesting without end."""
    try:
        value = json.loads(text, parse_constant=_refuse, parse_float=_finite)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    opened = text.count(b"[") + text.count(b"{") if isinstance(text, bytes) else text.count("[") + text.count("{")
    if opened > MAX_DEPTH and _is_too_deep(value):
        raise ValueError("nested too deep")
    return value


def read_sound_json(text: str | bytes) -> Any:
    """The same of what is sent on or written again: halves of surrogate pairs (a text that somebody cut within an
    emoji), which no UTF-8 can hold, are replaced, because an honest server may well send them."""
    value = read_json(text)
    if not (b"\\u" in text if isinstance(text, bytes) else "\\u" in text or not text.isascii()):
        return value
    encoded = json_text(value)
    try:
        encoded.encode()
    except UnicodeEncodeError:
        return json.loads(encoded.encode(errors="replace"))
    return value


def _refuse(constant: str) -> Any:
    raise ValueError(constant)


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _is_too_deep(value: Any) -> bool:
    level, depth = [value], 0
    while level and depth <= MAX_DEPTH:
        containers = [item.values() if isinstance(item, dict) else item for item in level]
        level = [part for items in containers for part in items if isinstance(part, dict | list)]
        depth += 1
    return bool(level)
