"""Words as the index knows them, of texts and of queries: the same letters give the same words on both sides.

Chinese, Japanese, Korean, Thai, Lao, Burmese and Khmer do not put spaces where words end: there each character is a
word, and each pair of neighbours, and a query asks for pairs where it can. So a word of two characters is found without
a dictionary, and at once: its characters alone would each be in nearly every chunk.
"""

import re
import unicodedata

_UNSPACED = (
    "\u0e00-\u0eff"  # Thai, Lao
    "\u1000-\u109f\u1780-\u17ff"  # Burmese, Khmer
    "\u1100-\u11ff\ua960-\ua97f\uac00-\ud7ff"  # Korean
    "\u2e80-\u9fff\uf900-\ufaff"  # Chinese, Japanese
    "\U00020000-\U0003ffff"
)
_RUN = re.compile(rf"(?:(?=[^\W_])[{_UNSPACED}])+|[^\W_{_UNSPACED}]+")
_IS_UNSPACED = re.compile(f"[{_UNSPACED}]")

MAX_WANTED = 24
"""How many different words of a query are looked for: a longer one would cost time and find no better."""
_MAX_QUERY = 4_000
"""Characters of a query that are read for words."""
_MAX_WORD = 64
"""Characters of one word; longer ones are data, and FTS5 stems none of them."""


def words_of(text: str) -> list[str]:
    """Every word of a text, in order, folded so that full-width and composed forms are the same."""
    words: list[str] = []
    for run in _runs(text):
        if _IS_UNSPACED.match(run):
            words += run
            words += _pairs(run)
        else:
            words.append(run[:_MAX_WORD])
    return words


def wanted_in(query: str) -> list[str]:
    """What a query looks for, each word once, in order."""
    found: dict[str, None] = {}
    for run in _runs(query[:_MAX_QUERY]):
        if len(run) > 1 and _IS_UNSPACED.match(run):
            found.update(dict.fromkeys(_pairs(run)))
        else:
            found[run[:_MAX_WORD]] = None
    return list(found)[:MAX_WANTED]


def _runs(text: str) -> list[str]:
    folded = text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()
    found: list[str] = _RUN.findall(folded)
    return found


def _pairs(run: str) -> list[str]:
    return [run[start : start + 2] for start in range(len(run) - 1)]
