"""Words as the index knows them, of texts and of queries: the same letters give the same words on both sides.

Chinese, Japanese, Korean, Thai, Lao, Burmese and Khmer do not put spaces where words end: each of their characters
becomes a word of its own, and a query asks for pairs of neighbours. So a word of two characters is found, and one
character too, without a dictionary.
"""

import re
import unicodedata
from dataclasses import dataclass

_UNSPACED = (
    "\u0e00-\u0eff"  # Thai, Lao
    "\u1000-\u109f\u1780-\u17ff"  # Burmese, Khmer
    "\u1100-\u11ff\ua960-\ua97f\uac00-\ud7ff"  # Korean
    "\u2e80-\u9fff\uf900-\ufaff"  # Chinese, Japanese
    "\U00020000-\U0003ffff"
)
_WORD = re.compile(rf"(?=[^\W_])[{_UNSPACED}]|[^\W_{_UNSPACED}]+")
_RUN = re.compile(rf"(?:(?=[^\W_])[{_UNSPACED}])+|[^\W_{_UNSPACED}]+")
_IS_UNSPACED = re.compile(f"[{_UNSPACED}]")

MAX_PHRASES = 24
"""How many different phrases of a query are looked for: a longer one would cost time and find no better."""
_MAX_QUERY = 4_000
"""Characters of a query that are read for phrases."""
_MAX_WORD = 64
"""Characters of one word; longer ones are data, and FTS5 stems none of them."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that have to stand next to each other: one, or a pair of characters."""

    words: tuple[str, ...]


def words_of(text: str) -> list[str]:
    """Every word of a text, in order, folded so that full-width and composed forms are the same."""
    return [word[:_MAX_WORD] for word in _WORD.findall(_folded(text))]


def phrases_of(query: str) -> list[Phrase]:
    """What a query looks for, each phrase once, in order."""
    found: dict[Phrase, None] = {}
    for run in _RUN.findall(_folded(query[:_MAX_QUERY])):
        if len(run) > 1 and _IS_UNSPACED.match(run):
            found.update(dict.fromkeys(Phrase((run[i], run[i + 1])) for i in range(len(run) - 1)))
        else:
            found[Phrase((run[:_MAX_WORD],))] = None
    return list(found)[:MAX_PHRASES]


def _folded(text: str) -> str:
    return text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()
