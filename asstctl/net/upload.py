"""FileForm: a file of this machine as the body of a multipart form, block by block and never whole in memory.

The form declares the length of the file that was planned, and its last boundary follows only once every byte was
found to be the planned one. A file that changed meanwhile thus breaks the request off: no server takes a form without
its end for a file. Sending is for `client`, what the form means for `providers`.
"""

import asyncio
import errno
import hashlib
import os
import re
import secrets
import stat
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import contextmanager
from typing import BinaryIO

from asstctl.core.errors import Refused
from asstctl.core.knowledge import LocalFile
from asstctl.core.ports import Told, nobody

BLOCK = 128 * 1024
"""Bytes read and sent at once. A block has to be taken within the time that a server may be silent."""

_READING = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
# As browsers write names, and with what a parser may take for an escape or the end of a header.
_UNSAFE = re.compile(r'["\\\x00-\x1f\x7f]')


class FileForm:
    """One file under the name `file`, after some short texts. It can be sent once, while it is `opened`.

    `whole` says that all of it was handed over. An answer that comes before is not about this file.
    """

    def __init__(self, file: LocalFile, texts: Mapping[str, str]) -> None:
        self.file = file
        self.whole = False
        boundary = f"asstctl-{secrets.token_hex(16)}"
        parts = [f'--{boundary}\r\ncontent-disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in texts.items()]
        parts.append(
            f'--{boundary}\r\ncontent-disposition: form-data; name="file"; filename="{_in_header(file.name)}"\r\n'
            "content-type: application/octet-stream\r\n\r\n"
        )
        self._head = "".join(parts).encode(errors="replace")
        self._tail = f"\r\n--{boundary}--\r\n".encode()
        self._digest = hashlib.sha256()
        self._source: BinaryIO | None = None
        self.headers = {
            "content-type": f"multipart/form-data; boundary={boundary}",
            "content-length": str(len(self._head) + file.bytes + len(self._tail)),
        }

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Raises Refused for what is no plain file, or no longer as long as it was."""
        with self._explained():
            descriptor = os.open(self.file.source, _READING)
        try:
            about = os.fstat(descriptor)
            if not stat.S_ISREG(about.st_mode):
                raise _not_plain(self.file)
            if about.st_size != self.file.bytes:
                raise _changed(self.file)
            source = os.fdopen(descriptor, "rb")
        except BaseException:
            os.close(descriptor)
            raise
        # Closing waits for a thread that still reads.
        with source:
            self._source = source
            yield

    async def blocks(self, told: Told = nobody) -> AsyncGenerator[bytes, None]:
        """The body. `told` hears how many bytes of the file were taken; raises Refused where it has changed."""
        held, read = self._head, 0
        while read < self.file.bytes:
            block = await asyncio.to_thread(self._read, min(BLOCK, self.file.bytes - read))
            if read:
                yield held
                told(read)
                held = block
            else:
                held += block
            read += len(block)
        await asyncio.to_thread(self._check)
        yield held + self._tail
        self.whole = True
        told(read)

    def _read(self, size: int) -> bytes:
        assert self._source is not None
        with self._explained():
            block = self._source.read(size)
        if len(block) < size:
            raise _changed(self.file)
        self._digest.update(block)
        return block

    def _check(self) -> None:
        assert self._source is not None
        with self._explained():
            more = self._source.read(1)
        if more or self._digest.hexdigest() != self.file.sha256:
            raise _changed(self.file)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.EMLINK):
                raise _not_plain(self.file) from error
            raise Refused(
                f"{self.file.path} cannot be read",
                detail=(error.strerror or "unknown reason").lower(),
                hint="Mend that, then type the same command again.",
            ) from error


def _in_header(name: str) -> str:
    return _UNSAFE.sub(lambda found: f"%{ord(found[0]):02X}", name)


def _changed(file: LocalFile) -> Refused:
    return Refused(
        f"{file.path} changed while it was being sent",
        detail=f"it is not the file of {file.bytes} bytes that was planned; nothing of it was kept",
        hint="Type the same command again.",
    )


def _not_plain(file: LocalFile) -> Refused:
    return Refused(
        f"{file.path} is not a plain file",
        detail="links, folders and pipes are not sent",
        hint="Put a plain file there, then type the same command again.",
    )
