"""Keyless: texts from outside without our key, should it be repeated there, plain or encoded.

The forms of a key are those of the rest of the program, which this one cannot import; a test holds the two together.
"""

import base64
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

from asstctl.emulator.json_text import sendable

SHORTEST = 12
"""A shorter key is not looked for in base64, where it could stand by chance."""

_MASK = "[key]"


class Keyless:
    """What is said in the place of one text, however it is cut into pieces."""

    def __init__(self, key: str | None) -> None:
        self._forms = tuple(sorted(set(forms_of(key)), key=len, reverse=True)) if key else ()
        self._held = ""

    def whole(self, text: str) -> str:
        """A text that is in one piece."""
        return sendable(self._masked(text))

    def feed(self, text: str) -> str:
        """As much of the text as can be said by now."""
        # Half of a surrogate pair may find its other half in the next piece.
        text = (self._held + text).encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
        text = self._masked(text)
        half = 1 if "\ud800" <= text[-1:] <= "\udbff" else 0
        held = half or max((_begun(text, form) for form in self._forms), default=0)
        self._held = text[len(text) - held :]
        return sendable(text[: len(text) - held])

    def flush(self) -> str:
        text, self._held = self._held, ""
        return sendable(text)

    def _masked(self, text: str) -> str:
        for form in self._forms:
            text = text.replace(form, _MASK)
        return text


def forms_of(key: str) -> Iterator[str]:
    """The key as it is, percent-encoded, and inside base64 at any offset."""
    yield from (key, quote(key), quote(key, safe=""), quote_plus(key))
    plain = key.encode()
    for offset in range(3) if len(plain) >= SHORTEST else ():
        shifted = base64.b64encode(b"\0" * offset + plain).decode()
        inner = shifted[(offset * 8 + 5) // 6 : (offset + len(plain)) * 8 // 6]
        yield from (inner, inner.translate(str.maketrans("+/", "-_")))


def _begun(text: str, form: str) -> int:
    """How many characters at the end of a text may be the beginning of a form."""
    return next((size for size in range(min(len(form) - 1, len(text)), 0, -1) if form.startswith(text[-size:])), 0)
