"""What kind of file it is, and where its text is taken out: small texts on a thread, everything else in a child.

A crafted document can ask for any amount of time and memory, so the child has limits and is killed at them.
"""

import asyncio
import codecs
import contextlib
import importlib.util
import json
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from pathlib import Path

from asstctl.emulator.knowledge import documents
from asstctl.emulator.knowledge.documents import MAX_BYTES, MAX_TEXT, Unreadable, extract

TIME_LIMIT = 60.0
"""Seconds for the text of one file."""
MEMORY_LIMIT = 1024 * 1024 * 1024
"""Bytes that the child may ask for."""

_SMALL = 256 * 1024
"""Bytes of a text that are decoded at once: less than a millisecond."""
_HEAD = 1024
_PIECE = 1024 * 1024
_MAX_LINE = 65_536

_HTML = (".html", ".htm", ".xhtml")
_JSON = (".json", ".jsonl", ".ndjson", ".ipynb")


async def text_of(path: Path, filename: str) -> str:
    """The text of a file, or `Unreadable`."""
    kind, size = await asyncio.to_thread(_kind, path, filename)
    if kind in ("text", "json") and size <= _SMALL:
        text = await asyncio.to_thread(extract, kind, path)
    else:
        text = await _by_child(kind, path)
    if not text.strip():
        raise Unreadable("invalid_file", "The file holds no text.")
    return text


def _kind(path: Path, filename: str) -> tuple[str, int]:
    size = path.stat().st_size
    if size == 0:
        raise Unreadable("invalid_file", "The file is empty.")
    if size > MAX_BYTES:
        raise Unreadable("invalid_file", f"The file has more than {MAX_BYTES} bytes.")
    with path.open("rb") as file:
        head = file.read(_HEAD)
    name = filename.lower()
    if head.startswith(b"%PDF-") or name.endswith(".pdf"):
        return _pdf(head), size
    if name.endswith(".docx") and not head.startswith(b"PK"):
        raise Unreadable("invalid_file", "The file is not the Word document that its name says.")
    if head.startswith(b"PK\x03\x04"):
        return "docx", size
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if name.endswith(_HTML) or start.startswith((b"<!doctype html", b"<html")):
        return "html", size
    return ("json" if name.endswith(_JSON) else "text"), size


def _pdf(head: bytes) -> str:
    if b"%PDF-" not in head:
        raise Unreadable("invalid_file", "The file is not the PDF that its name says.")
    if not _library():
        raise Unreadable("unsupported_file", "PDF files are read with pypdf: pip install 'asstctl[pdf]'.")
    return "pdf"


def _library() -> str:
    """The folder that pypdf lies in, which need not be one that the child knows; empty without it."""
    found = importlib.util.find_spec("pypdf")
    return str(Path(found.origin).parent.parent) if found is not None and found.origin else ""


async def _by_child(kind: str, path: Path) -> str:
    child = await _started(kind, path)
    try:
        async with asyncio.timeout(TIME_LIMIT):
            return await _heard(child)
    except TimeoutError:
        raise Unreadable("invalid_file", f"Reading the file takes longer than {TIME_LIMIT:g} seconds.") from None
    finally:
        await _end(child)


async def _started(kind: str, path: Path) -> Process:
    try:
        return await asyncio.create_subprocess_exec(
            *_command(kind, path),
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=DEVNULL,
            env={},
            limit=_MAX_LINE,
            start_new_session=True,  # a Ctrl-C is for whoever waits for it
        )
    except OSError as error:
        raise Unreadable("server_error", f"No child process could be started: {error.strerror or error}.") from error


def _command(kind: str, path: Path) -> tuple[str, ...]:
    library = _library() if kind == "pdf" else ""
    limits = (str(MEMORY_LIMIT), str(int(TIME_LIMIT)))
    program = (sys.executable, "-I", "-B", "-X", "utf8", documents.__file__)
    return (*program, kind, str(path.absolute()), *limits, library)


async def _heard(child: Process) -> str:
    assert child.stdout is not None
    try:
        problem = json.loads(await child.stdout.readline())
    except ValueError:
        # Killed at its limit of memory or processor time, mostly.
        raise Unreadable("invalid_file", "Reading the file takes more than this server gives it.") from None
    if problem is not None:
        code, message = problem
        raise Unreadable(code, message)
    decoder = codecs.getincrementaldecoder("utf-8")()
    pieces: list[str] = []
    left = MAX_TEXT
    while data := await child.stdout.read(_PIECE):
        pieces.append(decoder.decode(data))
        left -= len(pieces[-1])
        if left < 0:
            raise Unreadable("invalid_file", f"The file holds more than {MAX_TEXT} characters of text.")
    pieces.append(decoder.decode(b"", True))
    return "".join(pieces)


async def _end(child: Process) -> None:
    # Not by `child.kill`: it asks for the exit code itself, and asyncio, which waits for the same, then complains.
    if child.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child.pid, signal.SIGKILL)
    await child.wait()
