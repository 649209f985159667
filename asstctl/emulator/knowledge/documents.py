"""Text out of files of others, by format: plain text in many encodings, JSON, HTML, Word and PDF.

Also the program of the child process that reads what could take long or much memory; so it imports nothing of ours and
nothing that is not needed. What a file is and where it is read is decided in `extraction.py`.
"""

import codecs
import json
import re
import sys
import zipfile
import zlib
from html.parser import HTMLParser
from pathlib import Path
from typing import IO
from xml.parsers import expat

MAX_BYTES = 64 * 1024 * 1024
"""Bytes of a file that are read, and bytes that a part of a Word file may unpack to."""
MAX_TEXT = 20_000_000
"""Characters of a text: five million tokens of Latin text."""

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark its own begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ENCODINGS = ("utf-8", "gb18030", "cp1252")
_CONTROLS = bytes(code for code in range(32) if code not in b"\t\n\r\f\b\x1b")
_FEW_CONTROLS = 100
"""A text has fewer control characters than one in this many."""

_ESCAPE = re.compile(r"\\(?:(u[0-9a-fA-F]{4}(?:\\u[0-9a-fA-F]{4})*)|.)", re.DOTALL)

_WORD_PARTS = ("word/document.xml", "word/footnotes.xml", "word/endnotes.xml")
_MAX_PARTS = 10_000
_BAD_ARCHIVE = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, ValueError, OSError)
"""What `zipfile` raises: a `RuntimeError` is an encrypted one."""
_PIECE = 65_536
_LONGEST_MESSAGE = 500


class Unreadable(Exception):
    """There is no text to be had: the code and the message of a vector store file's `last_error`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def extract(kind: str, path: Path) -> str:
    """The text of a file of one of the kinds below."""
    text = _READERS[kind](path)
    if len(text) > MAX_TEXT:
        raise Unreadable("invalid_file", f"The file holds more than {MAX_TEXT} characters of text.")
    return text


def decoded(data: bytes) -> str:
    """Text in UTF-8, or in UTF-16 or UTF-32 with its mark, or in GB 18030 or the Western code page."""
    encodings = [encoding for mark, encoding in _BOMS if data.startswith(mark)][:1] or _ENCODINGS
    if encodings is _ENCODINGS and _is_binary(data):
        raise Unreadable("unsupported_file", "The file is not text, and not in a format that this server reads.")
    for encoding in encodings:
        try:
            return data.decode(encoding).replace("\r\n", "\n")
        except UnicodeError:
            continue
    raise Unreadable("unsupported_file", "The encoding of the file is not known. Save it as UTF-8.")


def _is_binary(data: bytes) -> bool:
    controls = len(data) - len(data.translate(None, _CONTROLS))
    return b"\0" in data or controls * _FEW_CONTROLS > len(data)


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return _limited(file)


def _limited(file: IO[bytes]) -> bytes:
    data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise Unreadable("invalid_file", f"The file holds more than {MAX_BYTES} bytes of text.")
    return data


def _text(path: Path) -> str:
    return decoded(_read(path))


def _json(path: Path) -> str:
    """As it is written, but with its characters in the clear: many programs escape whatever is not ASCII."""
    return _ESCAPE.sub(_in_the_clear, _text(path))


def _in_the_clear(escape: re.Match[str]) -> str:
    if not escape[1]:
        return escape[0]
    shown: str = json.loads(f'"{escape[0]}"')
    # A line break or a half of a pair could not stand there unescaped.
    return shown if shown.isprintable() else escape[0]


class _Html(HTMLParser):
    """Collects what a browser would show."""

    _HIDDEN = frozenset({"script", "style", "template", "noscript"})
    _INLINE = frozenset(
        (
            *("a", "abbr", "b", "bdi", "bdo", "cite", "code", "data", "dfn", "em", "font", "i", "kbd", "label", "mark"),
            *("q", "ruby", "rp", "rt", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time", "tt"),
            *("u", "var", "wbr"),
        )
    )
    _CELLS = frozenset({"td", "th"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in self._HIDDEN:
            self._hidden += 1
        self._space(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._HIDDEN and self._hidden:
            self._hidden -= 1
        self._space(tag)

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.pieces.append(re.sub(r"\s+", " ", data))

    def _space(self, tag: str) -> None:
        if tag not in self._INLINE:
            self.pieces.append("\t" if tag in self._CELLS else "\n")


def _html(path: Path) -> str:
    reader = _Html()
    reader.feed(_text(path))
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.pieces).split("\n"))
    return "\n".join(line for line in lines if line)


class _Word:
    """Collects the text of one part of a Word file as it is parsed; a DTD is refused before it can expand."""

    _FALLBACK = "http://schemas.openxmlformats.org/markup-compatibility/2006 Fallback"

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self._size = 0
        self._in_text = False
        self._skipped = 0
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = self._refuse
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._data

    def read(self, file: IO[bytes]) -> None:
        left = MAX_BYTES
        while piece := file.read(_PIECE):
            left -= len(piece)
            if left < 0:
                raise Unreadable("invalid_file", f"A part of the file unpacks to more than {MAX_BYTES} bytes.")
            self._parser.Parse(piece)
        self._parser.Parse(b"", True)

    def _refuse(self, *_: object) -> None:
        raise Unreadable("invalid_file", "The file holds a document type declaration, and a Word file never does.")

    def _start(self, name: str, _: object) -> None:
        namespace, _, tag = name.rpartition(" ")
        if name == self._FALLBACK:
            self._skipped += 1
        elif "wordprocessingml" in namespace:
            self._in_text = tag == "t"
            if tag in ("tab", "br", "cr"):
                self._add("\t" if tag == "tab" else "\n")

    def _end(self, name: str) -> None:
        namespace, _, tag = name.rpartition(" ")
        if name == self._FALLBACK:
            self._skipped -= 1
        elif "wordprocessingml" in namespace:
            self._in_text = False
            if tag in ("p", "tc"):
                self._add("\n" if tag == "p" else "\t")

    def _data(self, data: str) -> None:
        if self._in_text:
            self._add(data)

    def _add(self, text: str) -> None:
        if not self._skipped:
            self.pieces.append(text)


def _docx(path: Path) -> str:
    word = []
    try:
        with zipfile.ZipFile(path) as archive:
            names = {info.filename for info in archive.infolist()}
            if len(names) > _MAX_PARTS:
                raise Unreadable("invalid_file", f"The file holds more than {_MAX_PARTS} parts.")
            if _WORD_PARTS[0] not in names:
                raise Unreadable("unsupported_file", "The file is an archive, and not a Word document.")
            for name in _WORD_PARTS:
                if name in names:
                    part = _Word()
                    with archive.open(name) as file:
                        part.read(file)
                    word.append("".join(part.pieces))
    except _BAD_ARCHIVE as error:
        raise Unreadable("invalid_file", f"The Word file is damaged: {error}.") from error
    except expat.ExpatError as error:
        raise Unreadable("invalid_file", f"The Word file is damaged: its XML is not well formed ({error}).") from error
    return "\n".join(word)


def _pdf(path: Path) -> str:
    import logging

    import pypdf

    logging.disable()
    try:
        reader = pypdf.PdfReader(path)
        if reader.is_encrypted and not reader.decrypt(""):
            raise Unreadable("invalid_file", "The PDF file can only be read with a password.")
        pages, size = [], 0
        for page in reader.pages:
            pages.append(page.extract_text())
            size += len(pages[-1])
            if size > MAX_TEXT:
                break
    except (Unreadable, MemoryError):
        raise
    except Exception as error:  # whatever a crafted file makes of the library
        raise Unreadable("invalid_file", f"The PDF file is damaged: {error}.") from error
    # pypdf takes what it finds for UTF-16, and half a pair could not be stored.
    text = "\n\n".join(pages).encode("utf-8", "replace").decode()
    if not text.strip():
        raise Unreadable("invalid_file", "The PDF file holds no text; pictures of text are not read.")
    return text


_READERS = {"text": _text, "json": _json, "html": _html, "docx": _docx, "pdf": _pdf}


def _limit(memory: int, seconds: int) -> None:
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    except (ImportError, ValueError, OSError):
        # Not on every system; the time limit of the parent holds everywhere.
        return


def main(kind: str, path: str, memory: str, seconds: str, libraries: str) -> None:
    """Write one line of JSON, null or `[code, message]`, and after null the text in UTF-8."""
    if libraries:
        sys.path.append(libraries)
    _limit(int(memory), int(seconds))
    problem: list[str] | None = None
    text = ""
    try:
        text = extract(kind, Path(path))
    except Unreadable as error:
        # A library may have put half of the file into its words.
        problem = [error.code, error.message[:_LONGEST_MESSAGE]]
    except (MemoryError, RecursionError):
        problem = ["invalid_file", "Reading the file takes more memory than this server gives it."]
    sys.stdout.buffer.write(json.dumps(problem).encode() + b"\n")
    for start in range(0, len(text), _PIECE):
        sys.stdout.buffer.write(text[start : start + _PIECE].encode())
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
