"""Multipart forms, read as they come in: one file goes to the disk piece by piece, the short texts beside it are kept.

A form is read into the parameters that the same request would have in JSON; what they mean is said in `objects/`.
"""

import logging
import re
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_to_bytes

from starlette.requests import Request

from asstctl.emulator import refusals
from asstctl.emulator.files.blobs import Blobs, Incoming

Json = Any

FORM = "multipart/form-data"

MAX_PARTS = 32
MAX_TEXT = 4096
"""Bytes of a part that is not the file."""

_AROUND_FILE = 256 * 1024
"""Bytes that a form may have beside its file: the texts, headers and boundaries."""

_DRAINED = 64 * 1024 * 1024
"""Bytes of a refused form that are still read, as a client that is cut off while it sends may miss the answer."""

_PIECE = 256 * 1024
"""Bytes parsed at once: in-process a whole body may come as one."""

_KEY = re.compile(r"([^\[\]]+)\[([^\[\]]+)\]")
_QUOTED = re.compile(r'"(?:\\.|[^"\\])*"')
_EXTENDED_NAME = re.compile(r";\s*filename\*\s*=\s*utf-8'[^']*'([^;\s]+)", re.IGNORECASE)
_PLAIN_ENCODINGS = ("", "7bit", "8bit", "binary")


@dataclass(slots=True)
class Form:
    """What a form said. The member of the file is the name that the client gave it, or nothing."""

    parameters: dict[str, Json] = field(default_factory=dict)
    file: Incoming | None = None

    def received(self) -> Incoming:
        """The file of a form whose parameters were found complete."""
        assert self.file is not None
        return self.file


@asynccontextmanager
async def received(request: Request, blobs: Blobs, name: str, limit: int) -> AsyncIterator[Form]:
    """The form that a request carries, with its file of this name; unless kept, that is gone after the block."""
    with ExitStack() as stack:
        reader = _Reader(name, limit, lambda: stack.enter_context(blobs.incoming()))
        async with aclosing(request.stream()) as chunks:
            try:
                await reader.read(request, chunks)
            except refusals.Refusal:
                drained = 0
                async for chunk in chunks:
                    drained += len(chunk)
                    if drained > _DRAINED:
                        break
                raise
        yield reader.form


class _Reader:
    """The callbacks of the parser, and where in the form they are."""

    def __init__(self, name: str, limit: int, begin: Callable[[], Incoming]) -> None:
        self.form = Form()
        self._name = name
        self._limit = limit
        self._begin = begin
        self._parts = 0
        self._ended = False
        self._headers: dict[bytes, bytes] = {}
        self._header = bytearray()
        self._value = bytearray()
        self._text: tuple[str, bytearray] | None = None
        """The part being read if its text is wanted, by name."""
        self._filing = False

    async def read(self, request: Request, chunks: AsyncIterator[bytes]) -> None:
        from python_multipart.exceptions import FormParserError
        from python_multipart.multipart import MultipartParser

        # It logs what is wrong with a form before it raises, and that is for the client to know.
        logging.getLogger("python_multipart").setLevel(logging.CRITICAL)
        declared = request.headers.get("content-length", "")
        most = self._limit + _AROUND_FILE
        if declared.isdecimal() and int(declared) > most:
            raise refusals.file_too_large(self._name, self._limit)
        try:
            parser = MultipartParser(
                _boundary(request.headers.get("content-type", "")),
                {
                    "on_part_begin": self._part_begins,
                    "on_header_field": lambda data, start, end: self._header.extend(data[start:end]),
                    "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
                    "on_header_end": self._header_ends,
                    "on_headers_finished": self._headers_end,
                    "on_part_data": self._data,
                    "on_part_end": self._part_ends,
                    "on_end": self._end,
                },
            )
            size = 0
            async for chunk in chunks:
                size += len(chunk)
                if size > most:
                    raise refusals.body_too_large(most)
                for start in range(0, len(chunk), _PIECE):
                    parser.write(chunk[start : start + _PIECE])
                    if self.form.file is not None:
                        await self.form.file.spill()
        except FormParserError as error:
            raise refusals.malformed_form(str(error)) from error
        if not self._ended:
            raise refusals.malformed_form("it ends before its last boundary")

    def _part_begins(self) -> None:
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise refusals.malformed_form(f"it has more than {MAX_PARTS} parts")
        self._headers.clear()

    def _header_ends(self) -> None:
        self._headers[bytes(self._header).strip().lower()] = bytes(self._value).strip()
        self._header.clear()
        self._value.clear()

    def _headers_end(self) -> None:
        from python_multipart.multipart import parse_options_header

        disposition = self._headers.get(b"content-disposition", b"")
        # Headers of a part are UTF-8 today, and the parser of options keeps bytes as they are.
        kind, options = parse_options_header(disposition.decode("latin-1"))
        if kind != b"form-data" or not options.get(b"name"):
            raise refusals.malformed_form("a part without a name")
        encoding = self._headers.get(b"content-transfer-encoding", b"").decode("latin-1").lower()
        if encoding not in _PLAIN_ENCODINGS:
            raise refusals.malformed_form(f"a part encoded as '{encoding}'")
        name = _text(options[b"name"])
        filename = _filename(disposition, options.get(b"filename"))
        if name == self._name:
            self._put(name, filename or "")
            self.form.file = self._begin()
            self._filing = True
        elif filename is not None:
            # Not the file that is expected: whoever reads the parameters knows whether to refuse it.
            self._put(name, filename)
        else:
            self._text = (name, bytearray())

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._filing and self.form.file is not None:
            if self.form.file.size + end - start > self._limit:
                raise refusals.file_too_large(self._name, self._limit)
            self.form.file.add(data[start:end])
        elif self._text is not None:
            name, held = self._text
            held += data[start:end]
            if len(held) > MAX_TEXT:
                raise refusals.string_too_long(name, MAX_TEXT, len(held))

    def _part_ends(self) -> None:
        if self._text is not None:
            name, held = self._text
            self._put(name, _text(bytes(held)))
        self._text = None
        self._filing = False

    def _end(self) -> None:
        # The parser says so of an empty form, and after the last part.
        self._ended = True

    def _put(self, name: str, value: str) -> None:
        """`expires_after[seconds]` is the member `seconds` of `expires_after`."""
        within, key = self.form.parameters, name
        if bracketed := _KEY.fullmatch(name):
            within, key = within.setdefault(bracketed[1], {}), bracketed[2]
        if not isinstance(within, dict) or key in within:
            raise refusals.repeated(name)
        within[key] = value


def _boundary(content_type: str) -> bytes:
    from python_multipart.multipart import parse_options_header

    kind, options = parse_options_header(content_type)
    if kind != FORM.encode():
        raise refusals.wrong_content_type(content_type, FORM)
    boundary = options.get(b"boundary", b"")
    if not boundary:
        raise refusals.malformed_form("its Content-Type names no boundary")
    return boundary


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise refusals.malformed_form("a text that is not UTF-8") from error


def _filename(disposition: bytes, plain: bytes | None) -> str | None:
    """The name of a file. The extended form, which .NET sends for names beyond ASCII, is the better one."""
    outside_quotes = _QUOTED.sub('""', disposition.decode("latin-1"))
    extended = _EXTENDED_NAME.search(outside_quotes)
    if extended:
        plain = unquote_to_bytes(extended[1])
    if plain is None:
        return None
    try:
        return plain.decode()
    except UnicodeDecodeError:
        return plain.decode("latin-1")
