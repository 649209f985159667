"""The body of a request as a tape knows it: JSON as it is, the content of files by its name, size and digest.

Bodies are read as they pass by: a file is never whole in memory.
"""

import hashlib
import re
from typing import Any, Protocol

from asstctl.core.json_types import Json
from asstctl.net.body import json_value

_PARAMETER = re.compile(r'(\w+)="([^"]*)"')
_BOUNDARY = re.compile(r'boundary="?([^";,]+)"?', re.IGNORECASE)


class BodyReader(Protocol):
    """Reads one body."""

    def feed(self, piece: bytes) -> None:
        """Take the next piece."""
        ...

    def value(self) -> Json:
        """What the body was, once all of it was fed."""
        ...


def body_reader(content_type: str) -> BodyReader:
    """The reader for a body of this type."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "multipart/form-data" and (boundary := _BOUNDARY.search(content_type)):
        return _FormReader(boundary[1].strip())
    return _JsonReader() if is_json(kind) else _Opaque()


def is_json(content_type: str) -> bool:
    """Whether a content type is one of JSON. A body without a type has to be looked at."""
    kind = content_type.partition(";")[0].strip().lower()
    return not kind or kind == "application/json" or kind.endswith("+json")


class _Opaque:
    """Content that only its digest stands for."""

    def __init__(self, name: str | None = None) -> None:
        self._name = name
        self._digest = hashlib.sha256()
        self._size = 0

    def feed(self, piece: bytes) -> None:
        self._digest.update(piece)
        self._size += len(piece)

    def value(self) -> Json:
        named: dict[str, Json] = {} if self._name is None else {"name": self._name}
        return {**named, "size": self._size, "sha256": self._digest.hexdigest()} if named or self._size else None


class _JsonReader:
    """JSON, or else what is only known by its digest."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def feed(self, piece: bytes) -> None:
        self._pieces.append(piece)

    def value(self) -> Json:
        content = b"".join(self._pieces)
        value: Json = json_value(content)
        if value is None and content and content.strip() != b"null":
            other = _Opaque()
            other.feed(content)
            return other.value()
        return value


class _Text:
    """A field of a form that is no file."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def feed(self, piece: bytes) -> None:
        self._pieces.append(piece)

    def value(self) -> Json:
        return b"".join(self._pieces).decode(errors="replace")


class _FormReader:
    """A multipart form, part by part. Its boundary, drawn anew for every request, is forgotten."""

    def __init__(self, boundary: str) -> None:
        self._mark = b"\r\n--" + boundary.encode()
        self._held = b"\r\n"  # the first boundary stands at the very start
        self._in_head = False
        self._ended = False
        self._name = ""
        self._part: BodyReader | None = None
        self._fields: dict[str, list[Json]] = {}

    def feed(self, piece: bytes) -> None:
        self._held += piece
        while not self._ended and (self._head() if self._in_head else self._content()):
            pass

    def value(self) -> Json:
        fields: dict[str, Any] = {name: many[0] if len(many) == 1 else many for name, many in self._fields.items()}
        return fields

    def _head(self) -> bool:
        """Read the head of a part; whether to go on."""
        head, blank, rest = self._held.partition(b"\r\n\r\n")
        if not blank:
            return False
        self._held, self._in_head = rest, False
        known = dict(_PARAMETER.findall(head.decode(errors="replace")))
        self._name = known.get("name", "")
        self._part = _Opaque(known["filename"]) if "filename" in known else _Text()
        return True

    def _content(self) -> bool:
        """Read of the content of a part what is there; whether to go on."""
        found = self._held.find(self._mark)
        take = found if found >= 0 else max(len(self._held) - len(self._mark) + 1, 0)
        if self._part is not None and take:
            self._part.feed(self._held[:take])
        self._held = self._held[take:]
        after = self._held[len(self._mark) : len(self._mark) + 2]
        if found < 0 or len(after) < 2:
            return False
        if self._part is not None:
            self._fields.setdefault(self._name, []).append(self._part.value())
            self._part = None
        self._held = self._held[len(self._mark) + 2 :]
        self._in_head, self._ended = True, after == b"--"
        return True
