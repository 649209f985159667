"""An estimate of tokens: about four characters of Latin text each, one for each character of Chinese or Japanese.

Real counts need a vocabulary that would have to be fetched; a backend that knows them reports them instead.
"""

import re

_WIDE = (
    (0x1100, 0x11FF),
    (0x2E80, 0x9FFF),
    (0xA960, 0xA97F),
    (0xAC00, 0xD7FF),
    (0xF900, 0xFAFF),
    (0xFF00, 0xFFEF),
    (0x20000, 0x3FFFF),
)

WIDE_RUN = re.compile(f"[{''.join(f'{chr(low)}-{chr(high)}' for low, high in _WIDE)}]+")
"""Characters in a row that cost a token each."""


def quarters(text: str) -> int:
    """Quarters of tokens: those of a text that comes in pieces add up exactly."""
    wide = 0 if text.isascii() else sum(map(len, WIDE_RUN.findall(text)))
    return len(text) + 3 * wide


def estimate(text: str) -> int:
    return -(-quarters(text) // 4)


def cut(text: str, budget: int, used: int = 0) -> str:
    """The longest beginning of a text that stays within a number of tokens, `used` quarters of which are gone."""
    for index, character in enumerate(text):
        used += quarters(character)
        if used > budget * 4:
            return text[:index]
    return text
