"""The JSON body of an answer, as a value that the rest of the program can hold, walk and write again.

JSON lets through what few programs can carry: numbers without bound, nesting without end, halves of
surrogate pairs (a name that somebody cut within an emoji). The first two make a body unreadable here, the
last are replaced, because an honest server may well send them.
"""

import json
import math
from typing import Any

MAX_DEPTH = 100


def json_value(content: bytes) -> Any:
    """The value; None for what is not JSON or cannot be held."""
    try:
        value = json.loads(content, parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError):
        return None
    if content.count(b"[") + content.count(b"{") > MAX_DEPTH and _is_too_deep(value):
        return None
    return _encodable(value) if b"\\u" in content else value


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


def _encodable(value: Any) -> Any:
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.loads(text.encode(errors="replace"))
    return value
