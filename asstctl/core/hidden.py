"""Hidden: what no message may repeat, whoever says it: keys, tokens, secret headers.

Servers like to quote what they were sent, as it is or encoded. A value is known in the forms that people and
programs write it in: plain, percent-encoded, and inside base64 at any offset.
"""

import base64
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

SHORTEST = 12
"""A value of fewer characters is not looked for in good answers: it could stand there by chance."""

MASK = "***"

SECRET_ENDINGS = ("KEY", "TOKEN", "SECRET", "PASSWORD")
"""An environment variable whose name ends so must be declared `secret: true`."""


def looks_secret(env: str) -> bool:
    """Whether a name in the environment says that its value is a secret."""
    return env.upper().endswith(SECRET_ENDINGS)


class Hidden:
    """The secret values of one provider, in all their `forms`. A token that is drawn anew is added to it."""

    def __init__(self, *values: str | None) -> None:
        self._values: dict[str, None] = {}
        self.forms: tuple[bytes, ...] = ()
        for value in values:
            if value:
                self.add(value)

    def __repr__(self) -> str:
        return f"Hidden({len(self._values)} values)"

    def add(self, value: str) -> None:
        """Know one more."""
        if value not in self._values:
            self._values[value] = None
            forms = {form for one in self._values for form in _forms(one)}
            self.forms = tuple(sorted(forms, key=len, reverse=True))

    def stands_in(self, content: bytes) -> bool:
        """Whether content repeats one of them, so that it must not be used."""
        return any(len(form) >= SHORTEST and form in content for form in self.forms)

    def taken_out(self, content: bytes) -> bytes:
        """The content with a mask in the place of each."""
        for form in self.forms:
            content = content.replace(form, MASK.encode())
        return content

    def out_of(self, text: str) -> str:
        """The same of a text."""
        for form in self.forms:
            text = text.replace(form.decode("utf-8"), MASK)
        return text


def _forms(value: str) -> Iterator[bytes]:
    for form in (value, quote(value), quote(value, safe=""), quote_plus(value)):
        yield form.encode()
    plain = value.encode()
    if len(plain) < SHORTEST:
        return
    for offset in range(3):
        # the first and the last characters of a shifted value are mixed with its neighbours
        shifted = base64.b64encode(b"\0" * offset + plain)
        inner = shifted[(offset * 8 + 5) // 6 : (offset + len(plain)) * 8 // 6]
        yield inner
        yield inner.translate(bytes.maketrans(b"+/", b"-_"))
