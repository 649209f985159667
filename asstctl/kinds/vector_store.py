"""What a user writes for a vector store: the wire's object, and the files of the project that it is to hold.

Shapes and closed sets of words; how large things may be differs by wire and is in its capabilities. The sizes of
chunks are here, because a file's chunking is no field of the store. There are no `extensions`: all that the wire
takes beside these fields brings files of its own into the store, past their identities.

The field table (codes, defaults, compare rules) is in `vector_store_fields`.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, Tag, ValidationInfo, WithJsonSchema, field_validator

from asstctl.documents.models import Many, Model, by_key, by_shape, problem
from asstctl.kinds.shared import Metadata, UserKey, field_of, field_schema
from asstctl.kinds.vector_store_fields import VECTOR_STORE

FILES = "files"
"""What a store holds; no field of the object, but of its manifest."""


class AutoChunking(Model):
    """The provider chooses."""

    type: Literal["auto"]
    """As the provider chooses."""


class Chunks(Model):
    """How long a chunk is, and how much of the one before it repeats."""

    max_chunk_size_tokens: int = Field(ge=100, le=4096)
    """The most tokens of a chunk. Example: `800`"""
    chunk_overlap_tokens: int = Field(ge=0)
    """How many tokens of the chunk before it repeats; half of a chunk at most. Example: `400`"""

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
    """Chunks of a size that is given."""
    static: Chunks
    """That size. Example: `{max_chunk_size_tokens: 800, chunk_overlap_tokens: 400}`"""


ChunkingStrategy = Annotated[
    Annotated[AutoChunking, Tag("<auto>")] | Annotated[StaticChunking, Tag("<static>")],
    by_key("type"),
]


def _attribute(value: Any) -> Any:
    if not isinstance(value, str | int | float):
        raise problem("wrong-type", "an attribute is text, a number, or true or false", "change the value")
    return value


Attribute = Annotated[Any, BeforeValidator(_attribute), WithJsonSchema({"type": ["string", "number", "boolean"]})]
Attributes = dict[UserKey, Attribute]


class FileEntry(Model):
    """`{path: docs/**, ...}`: files with attributes or a chunking of their own."""

    path: str
    """A path or a glob of files of the project. Example: `docs/*.md`"""
    attributes: Attributes | None = None
    """Attributes of these files, over those of the store; a search can filter by them.
    Example: `{year: 2026, public: true}`"""
    chunking_strategy: ChunkingStrategy | None = None
    """How these files are cut, instead of the store's way.
    Example: `{type: static, static: {max_chunk_size_tokens: 800, chunk_overlap_tokens: 400}}`"""


Entry = Annotated[
    Annotated[str, Tag("<path>")] | Annotated[FileEntry, Tag("<entry>")],
    by_shape(lambda value: "entry" if isinstance(value, Mapping) else "path"),
]


class ExpiresAfter(Model):
    anchor: Literal["last_active_at"]
    """From when the days are counted."""
    days: int
    """After how many days the provider drops the store. Example: `30`"""


_IGNORABLE = (*VECTOR_STORE.fields, FILES)
FieldName = Annotated[str, AfterValidator(field_of("a vector store", _IGNORABLE)), field_schema(_IGNORABLE)]


class VectorStoreManifest(Model):
    """`kind: vector_store`, after defaults, overlay and templates."""

    kind: Literal["vector_store"]
    """Files that assistants search."""
    key: str | None = None
    """The stable identity; the stem of the file's name where nothing is said. Example: `handbook`"""
    name: str | None = None
    """What people see; the key where nothing is said. May be a template. Example: `Handbook`"""
    files: Many[Entry] | None = None
    """Paths and globs of files of the project, or `{path: ..., attributes: ...}`. A glob that matches nothing is an
    error. Example: `[docs/*.md]`"""
    attributes: Attributes | None = None
    """Attributes of all its files; a search can filter by them. Example: `{public: true}`"""
    chunking_strategy: ChunkingStrategy | None = None
    """How its files are cut.
    Example: `{type: static, static: {max_chunk_size_tokens: 800, chunk_overlap_tokens: 400}}`"""
    expires_after: ExpiresAfter | None = None
    """When the provider drops the store. Example: `{anchor: last_active_at, days: 30}`"""
    metadata: Metadata | None = None
    """Pairs of text that the provider keeps with the store. Three of its sixteen are ours, and keys with `asstctl_`
    are refused. Example: `{team: support}`"""
    protect: bool = False
    """Never delete or replace it."""
    ignore_changes: Many[FieldName] = ()
    """Fields that are not managed any more, and are not reset. Example: `[files]`"""
    targets: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Overlays: what is different on one target, by its name. Maps merge, lists and scalars replace, `null` means
    not declared there. Example: `{prod: {name: Handbook for customers}}`"""
