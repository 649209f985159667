"""Citations in what a model says: markers of passages found in a text that comes in pieces.

Pure. A marker is never cut by the pieces, so what may still become one is held back until it is one or cannot be.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_OPENING = "【"


def marker(position: int, index: int, filename: str) -> str:
    """How a reply cites passage `index` of what was found at a position of the conversation."""
    return f"{_OPENING}{position}:{index}†{filename}】"


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of text: just text, or the marker of a passage."""

    text: str
    cites: str | None = None
    """The id of the file that the marker stands for."""


class Citations:
    """Cuts a text into pieces such that each known marker is a piece of its own."""

    def __init__(self, markers: Mapping[str, str]) -> None:
        """`markers` name the file of each passage that can be cited."""
        self._markers = dict(markers)
        for text, file_id in markers.items():
            # Models shorten the name; the numbers alone say which passage it is.
            self._markers.setdefault(f"{text.partition('†')[0]}†source】", file_id)
        self._known = tuple(self._markers)
        self._longest = max(map(len, self._known), default=0)
        self._held = ""

    def feed(self, text: str) -> list[Piece]:
        """The pieces that are certain now."""
        if not self._markers:
            return [Piece(text)] if text else []
        return list(self._certain(self._held + text))

    def flush(self) -> list[Piece]:
        """What was held back and has proved to be just text, as nothing follows it."""
        held, self._held = self._held, ""
        return [Piece(held)] if held else []

    def _certain(self, text: str) -> Iterator[Piece]:
        self._held = ""
        plain = 0
        at = text.find(_OPENING)
        while at >= 0:
            # A text of many such characters costs little: one call for each, and only near the end a second look.
            if text.startswith(self._known, at):
                found = next(known for known in self._known if text.startswith(known, at))
                if at > plain:
                    yield Piece(text[plain:at])
                yield Piece(found, self._markers[found])
                plain = at + len(found)
            elif len(text) - at < self._longest and any(known.startswith(text[at:]) for known in self._known):
                self._held = text[at:]
                break
            at = text.find(_OPENING, max(plain, at + 1))
        end = len(text) - len(self._held)
        if end > plain:
            yield Piece(text[plain:end])
