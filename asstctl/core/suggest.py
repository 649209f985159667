"""Words for messages: texts and lists cut to a length, and the nearest right word where a name is not known."""

from collections.abc import Iterable, Sequence

LONGEST = 80
"""Characters of a file's text that a message quotes, and of a word that another is looked for."""


def shortened(text: str, most: int = LONGEST) -> str:
    """A text of a file, fit for a message."""
    return text if len(text) <= most else f"{text[:most]}…"


def some_of(names: Sequence[object], most: int = 3) -> str:
    """`a, b, c and 4 more`."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(map(str, names[:most])) + more


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant."""
    if len(word) > LONGEST:
        return None
    # imported here, because most commands misspell nothing
    from difflib import get_close_matches

    matches = get_close_matches(word.lower(), list(known), n=1, cutoff=0.6)
    return matches[0] if matches else None


def did_you_mean(word: str, known: Iterable[str], *, otherwise: str = "") -> str:
    """`did you mean …?`, or the whole choice when nothing is near."""
    names = list(known)
    match = nearest(word, names)
    if match is not None:
        return f"did you mean `{match}`?"
    if otherwise:
        return otherwise
    return f"choose from: {', '.join(names)}" if names else ""
