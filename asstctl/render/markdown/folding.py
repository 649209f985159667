"""Making a comment fit: what is large is folded, the largest first, and nothing is ever cut.

A part comes in forms, from the whole to the shortest, which may be empty: then it is only counted, by whoever writes
the document.
"""

import heapq
from collections.abc import Callable, Sequence

LIMIT = 65_536
"""Characters that every forge takes in a comment. GitHub takes the fewest: "body is too long (maximum is 65536
characters)"."""

Forms = Sequence[str]
Levels = tuple[int, ...]


def fitted(parts: Sequence[Forms], write: Callable[[Levels], str], limit: int = LIMIT) -> str:
    """What `write` makes of the parts, for each of which it is told the form, in at most so many characters."""
    levels, least = folded(parts, limit), folded(parts, 0)
    while (over := len(document := write(levels)) - limit) > 0 and levels != least:
        levels = folded(parts, _size(parts, levels) - over)
    return document


def folded(parts: Sequence[Forms], room: int) -> Levels:
    """The form of each part with which all of them take so much room, or as little as they can."""
    levels = [0] * len(parts)
    size = _size(parts, levels)
    # the first of equally long ones is folded last: what comes first is read first
    largest = [(-len(forms[0]), -number) for number, forms in enumerate(parts)]
    heapq.heapify(largest)
    while size > room and largest:
        length, at = heapq.heappop(largest)
        forms, level = parts[-at], levels[-at]
        shorter = next((more for more in range(level + 1, len(forms)) if len(forms[more]) < -length), None)
        if shorter is not None:
            size += length + len(forms[shorter])
            levels[-at] = shorter
            heapq.heappush(largest, (-len(forms[shorter]), at))
    return tuple(levels)


def _size(parts: Sequence[Forms], levels: Sequence[int]) -> int:
    return sum(len(forms[level]) for level, forms in zip(levels, parts, strict=True))
