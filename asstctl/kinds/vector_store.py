"""What a user writes for a vector store: the wire's object, and the files of the project that it is to hold.

Shapes and closed sets of words; how large things may be differs by wire and is in its capabilities. The sizes of
chunks are here, because a file's chunking is no field of the store. There are no `extensions`: all that the wire
takes beside these fields brings files of its own into the store, past their identities.

The field table (codes, defaults, compare rules) is in `vector_store_fields`.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, Tag, ValidationInfo, field_validator

from asstctl.documents.models import Many, Model, by_key, by_shape, problem
from asstctl.kinds.shared import Metadata, UserKey, field_of
from asstctl.kinds.vector_store_fields import VECTOR_STORE

FILES = "files"
"""What a store holds; no field of the object, but of its manifest."""


class AutoChunking(Model):
    """The provider chooses."""

    type: Literal["auto"]


class Chunks(Model):
    """How long a chunk is, and how much of the one before it repeats."""

    max_chunk_size_tokens: int = Field(ge=100, le=4096)
    chunk_overlap_tokens: int = Field(ge=0)

    @field_validator("chunk_overlap_tokens")
    @classmethod
    def _half_at_most(cls, overlap: int, info: ValidationInfo) -> int:
        half = info.data.get("max_chunk_size_tokens", overlap * 2) // 2
        if overlap > half:
            summary = f"`chunk_overlap_tokens` is more than half of `max_chunk_size_tokens`: {overlap}"
            raise problem("limit", summary, f"write at most {half}")
        return overlap


class StaticChunking(Model):
    type: Literal["static"]
    static: Chunks


ChunkingStrategy = Annotated[
    Annotated[AutoChunking, Tag("<auto>")] | Annotated[StaticChunking, Tag("<static>")],
    by_key("type"),
]


def _attribute(value: Any) -> Any:
    if not isinstance(value, str | int | float):
        raise problem("wrong-type", "an attribute is text, a number, or true or false", "change the value")
    return value


Attributes = dict[UserKey, Annotated[Any, BeforeValidator(_attribute)]]


class FileEntry(Model):
    """`{path: docs/**, ...}`: files with attributes or a chunking of their own."""

    path: str
    attributes: Attributes | None = None
    chunking_strategy: ChunkingStrategy | None = None


Entry = Annotated[
    Annotated[str, Tag("<path>")] | Annotated[FileEntry, Tag("<entry>")],
    by_shape(lambda value: "entry" if isinstance(value, Mapping) else "path"),
]


class ExpiresAfter(Model):
    anchor: Literal["last_active_at"]
    days: int


class VectorStoreManifest(Model):
    """`kind: vector_store`, after defaults, overlay and templates."""

    kind: Literal["vector_store"]
    key: str | None = None
    name: str | None = None
    files: Many[Entry] | None = None
    attributes: Attributes | None = None
    chunking_strategy: ChunkingStrategy | None = None
    expires_after: ExpiresAfter | None = None
    metadata: Metadata | None = None
    protect: bool = False
    ignore_changes: Many[Annotated[str, AfterValidator(field_of("a vector store", (*VECTOR_STORE.fields, FILES)))]] = ()
    targets: dict[str, dict[str, Any]] = Field(default_factory=dict)
