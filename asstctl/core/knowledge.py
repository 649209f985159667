"""Knowledge: files of a vector store, as a project declares them and as a provider holds them.

Identity is (store, project-relative path), kept in the attributes of the file in its store (ENGINE section 4).
A file without them is foreign and is never touched. An upload by itself can bear no mark: what is known of one
whose run was killed stands in the journal.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from asstctl.core.json_types import EMPTY, Json

PREFIX = "asstctl_"
PATH, SHA256, CHUNKING = f"{PREFIX}path", f"{PREFIX}sha256", f"{PREFIX}chunking"
ATTRIBUTES = 3
"""How many of a file's attributes are ours."""

AUTO = "auto"

Attribute = str | float | bool


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file of the project. `path` is relative to the project's folder, `source` where it is opened.

    `sha256` (hex) and `bytes` are of what was there when the files were read; whoever sends it looks again.
    """

    path: str
    bytes: int
    sha256: str
    source: Path = field(compare=False)

    @property
    def name(self) -> str:
        """What the provider is told: the last part of the path."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class KnowledgeFile:
    """A file that a store is to hold: the user's attributes, and the wire's `chunking_strategy` (None: auto)."""

    file: LocalFile
    attributes: Mapping[str, Attribute] = field(default_factory=lambda: EMPTY)
    chunking: Json = None


@dataclass(frozen=True, slots=True)
class StoreFile:
    """A file that a store holds. `id` is that of the upload; `attributes` are all of them, ours included.

    `status` is `in_progress`, `completed`, `failed` or `cancelled`; `error` is the provider's reason. `request_id` is
    that of the write which this answered.
    """

    id: str
    created_at: int
    status: str
    attributes: Mapping[str, Any] = field(default_factory=lambda: EMPTY)
    chunking: Json = None
    error: str = ""
    bytes: int = 0
    request_id: str | None = field(default=None, compare=False)

    @property
    def path(self) -> str | None:
        """The path of the project's file that this is; None for a foreign one."""
        path = self.attributes.get(PATH)
        return path if isinstance(path, str) and path else None


@dataclass(frozen=True, slots=True)
class Uploaded:
    """An upload, in a store or not. `request_id` is that of the request which sent it."""

    id: str
    name: str
    bytes: int
    created_at: int
    request_id: str | None = field(default=None, compare=False)


def attributes_for(file: KnowledgeFile) -> dict[str, Attribute]:
    """All attributes that a file of ours bears in its store."""
    ours = {PATH: file.file.path, SHA256: file.file.sha256, CHUNKING: chunking_text(file.chunking)}
    return {**file.attributes, **ours}


def chunking_text(chunking: Json) -> str:
    """`auto`, or `MAX/OVERLAP` in tokens."""
    static = chunking.get("static") if isinstance(chunking, Mapping) else None
    if not isinstance(static, Mapping):
        return AUTO
    return f"{static.get('max_chunk_size_tokens')}/{static.get('chunk_overlap_tokens')}"
