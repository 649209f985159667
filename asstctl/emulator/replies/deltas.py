"""A text in the pieces in which a model would say it: whole words, whole citations, and not too many."""

import re
from collections.abc import Iterator

MOST = 16
"""Pieces of one text."""

_WORD = re.compile(r"【[^【】\n]{1,300}】|[^\s\u2e80-\U0010ffff]+\s*|\s+|[\u2e80-\U0010ffff]")
"""A citation; a word with the space after it; or a character of a language that has no spaces."""


def deltas(text: str) -> Iterator[str]:
    """Pieces that are the text when joined."""
    words = _WORD.findall(text)
    size = -(-len(words) // MOST)
    for start in range(0, len(words), max(size, 1)):
        yield "".join(words[start : start + size])
