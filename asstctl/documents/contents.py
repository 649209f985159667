"""Contents of files that are sent as they are: measured and hashed block by block, never whole in memory."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from asstctl.documents.source import open_plain

BLOCK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Contents:
    """What was in a file when it was read. `sha256` is hex; empty for one too large to be worth reading."""

    bytes: int
    sha256: str


def measure(path: Path, *, at_most: int | None = None) -> Contents:
    """Size and hash of a plain file; one of more than `at_most` bytes is not read. Raises OSError.

    Both are of the bytes that were read, so that they agree even while somebody writes.
    """
    hashed, size = hashlib.sha256(), 0
    with open(path, "rb", buffering=0, opener=open_plain) as file:
        length = file.seek(0, 2)
        if at_most is not None and length > at_most:
            return Contents(length, "")
        file.seek(0)
        block = bytearray(BLOCK)
        view = memoryview(block)
        while count := file.readinto(view):
            hashed.update(view[:count])
            size += count
            if at_most is not None and size > at_most:  # it grows faster than it is read
                return Contents(size, "")
    return Contents(size, hashed.hexdigest())
