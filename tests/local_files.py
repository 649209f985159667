"""Files of a project on disk, as reading a project finds them."""

import hashlib
from pathlib import Path

from asstctl.core.knowledge import LocalFile


def written(folder: Path, path: str, content: bytes = b"hello") -> LocalFile:
    """A file with this content, and what is known of it."""
    source = folder / path
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_bytes(content)
    return LocalFile(path, len(content), hashlib.sha256(content).hexdigest(), source)


def sparse(folder: Path, path: str, mebibytes: int) -> LocalFile:
    """A large file of zeros that takes no room."""
    source = folder / path
    with source.open("wb") as file:
        file.truncate(mebibytes * 1024**2)
    digest = hashlib.sha256()
    for _ in range(mebibytes):
        digest.update(bytes(1024**2))
    return LocalFile(path, mebibytes * 1024**2, digest.hexdigest(), source)
