"""The file of a vector store: one file can be in several stores, under the same id in each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from asstctl.emulator.objects.base import Collection, Field
from asstctl.emulator.shapes import Choice, Member, Null, Pairs, Record, Rules, Scalar, Shape, Text, Variants, Whole

Json = Any

STATUSES = ("in_progress", "completed", "failed", "cancelled")
AUTO_CHUNKING = {"type": "static", "static": {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400}}
"""What `auto` comes back as."""

_SIZES = Record(
    (
        Member("max_chunk_size_tokens", Whole(100, 4096), required=True),
        Member("chunk_overlap_tokens", Whole(0), required=True),
    )
)


@dataclass(frozen=True, slots=True)
class _Sizes(Shape):
    """The sizes of chunks, of which at most half may overlap."""

    expected = "an object"

    def read(self, value: Json, path: str, rules: Rules) -> dict[str, Json]:
        sizes = _SIZES.read(value, path, rules)
        most = Whole(0, sizes["max_chunk_size_tokens"] // 2)
        overlap = most.read(sizes["chunk_overlap_tokens"], f"{path}.chunk_overlap_tokens", rules)
        return {**sizes, "chunk_overlap_tokens": overlap}


CHUNKING = Variants({"auto": Record(()), "static": Record((Member("static", _Sizes(), required=True),))})

ATTRIBUTES = Pairs(Scalar(512))
"""What a search may be filtered by."""

ATTACHED = Record(
    (
        Member("file_id", Text(), required=True),
        Member("chunking_strategy", CHUNKING, null=Null.IGNORED),
        Member("attributes", ATTRIBUTES, null=Null.IGNORED),
    )
)
"""A file inside a batch that describes each of its files."""

STORE_FILE = Collection(
    noun="vector store file",
    prefix="file",
    object="vector_store.file",
    table="store_files",
    columns=("vector_store_id", "status", "usage_bytes"),
    within=("vector_store_id",),
    id_param="file_id",
    fields=(
        Field("id"),
        Field("object"),
        Field("usage_bytes", default=0),
        Field("created_at"),
        Field("vector_store_id"),
        Field("status", Choice(STATUSES), default="in_progress"),
        Field("last_error"),
        Field("chunking_strategy", CHUNKING, default=AUTO_CHUNKING, takes=("attach",), null=Null.IGNORED),
        Field(
            "attributes",
            ATTRIBUTES,
            default={},
            takes=("attach", "update"),
            required=("update",),
            null=Null.DEFAULT,
        ),
        Field("file_id", Text(), takes=("attach",), required=("attach",), shown=False),
    ),
)


def file_counts(found: Mapping[str, int]) -> dict[str, int]:
    """Files by status, as stores and batches show them."""
    return {**{status: found.get(status, 0) for status in STATUSES}, "total": sum(found.values())}
