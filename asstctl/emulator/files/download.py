"""A file as an answer: its bytes from the disk, as something to save and not to show."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO
from urllib.parse import quote

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

_PIECE = 256 * 1024

_PLAIN = "application/octet-stream"
# Not what the system knows: the answer is the same on every machine. What a browser would run is not among them.
_TYPES = {
    ".c": "text/x-c",
    ".cpp": "text/x-c++",
    ".css": "text/css",
    ".csv": "text/csv",
    ".doc": "application/msword",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".gif": "image/gif",
    ".java": "text/x-java",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".json": "application/json",
    ".jsonl": "application/jsonl",
    ".md": "text/markdown",
    ".pdf": "application/pdf",
    ".php": "text/x-php",
    ".png": "image/png",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".py": "text/x-python",
    ".rb": "text/x-ruby",
    ".sh": "application/x-sh",
    ".tar": "application/x-tar",
    ".tex": "text/x-tex",
    ".ts": "application/typescript",
    ".txt": "text/plain",
    ".webp": "image/webp",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".zip": "application/zip",
}


class Download(StreamingResponse):
    """Opened before it is sent, so a file that is deleted meanwhile is still sent whole."""

    def __init__(self, path: Path, filename: str) -> None:
        self._file: BinaryIO = path.open("rb")
        self._size = self._file.seek(0, 2)
        self._file.seek(0)
        headers = {
            "content-length": str(self._size),
            "content-disposition": f"attachment; filename*=utf-8''{quote(filename, safe='')}",
        }
        super().__init__(self._pieces(), headers=headers, media_type=content_type(filename))
        # Starlette names a character set for any text, and this server does not know it.
        self.headers["content-type"] = content_type(filename)

    async def _pieces(self) -> AsyncIterator[bytes]:
        if self._size <= _PIECE:
            yield self._file.read()
            return
        while piece := await asyncio.to_thread(self._file.read, _PIECE):
            yield piece

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self.close()

    def close(self) -> None:
        self._file.close()


def content_type(filename: str) -> str:
    return _TYPES.get(PurePosixPath(filename).suffix.lower(), _PLAIN)
