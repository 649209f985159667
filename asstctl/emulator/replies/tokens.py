"""An estimate of tokens: about four characters of Latin text each, one for each character of Chinese or Japanese.

Real counts need a vocabulary that would have to be fetched; a backend that knows them reports them instead.
"""

_WIDE = (
    (0x1100, 0x11FF),
    (0x2E80, 0x9FFF),
    (0xA960, 0xA97F),
    (0xAC00, 0xD7FF),
    (0xF900, 0xFAFF),
    (0xFF00, 0xFFEF),
    (0x20000, 0x3FFFF),
)


def _is_wide(character: str) -> bool:
    point = ord(character)
    return point >= 0x1100 and any(low <= point <= high for low, high in _WIDE)


def estimate(text: str) -> int:
    wide = 0 if text.isascii() else sum(map(_is_wide, text))
    return wide + -(-(len(text) - wide) // 4)


def cut(text: str, budget: int) -> str:
    """The longest beginning of a text that stays within a number of tokens."""
    quarters = 0
    for index, character in enumerate(text):
        quarters += 4 if _is_wide(character) else 1
        if quarters > budget * 4:
            return text[:index]
    return text
