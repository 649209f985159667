"""Server-sent events: bytes as they come to events, and events back to bytes. Pure."""

import codecs
import re
from collections.abc import Iterator

_LINE_ENDS = re.compile(r"\r\n|\n|\r")


class EventReader:
    """Reads a stream of events piece by piece. What stands after the last blank line is no event yet."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._text = ""
        self._event = ""
        self._data: list[str] = []

    def feed(self, piece: bytes) -> Iterator[tuple[str, str]]:
        """The events, as (event, data), that this piece completes."""
        self._text += self._decoder.decode(piece)
        start = 0
        for end in _LINE_ENDS.finditer(self._text):
            if end[0] == "\r" and end.end() == len(self._text):
                break  # the other half of a line end may be on its way
            line, start = self._text[start : end.start()], end.end()
            if line:
                self._field(line)
            elif event := self._complete():
                yield event
        self._text = self._text[start:]

    def _field(self, line: str) -> None:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            self._event = value
        elif name == "data":
            self._data.append(value)

    def _complete(self) -> tuple[str, str] | None:
        event, data = self._event, self._data
        self._event, self._data = "", []
        return (event, "\n".join(data)) if data else None


def event_bytes(event: str, data: str) -> bytes:
    """One event as it goes over the wire."""
    lines = [f"event: {event}"] if event else []
    lines += [f"data: {line}" for line in data.split("\n")]
    return ("\n".join(lines) + "\n\n").encode()
