"""The upload, which becomes a file when it is completed, and its parts."""

from asstctl.emulator.objects.base import IDENTITY, Collection, Field
from asstctl.emulator.objects.file import EXPIRES_AFTER, PURPOSES, FileName
from asstctl.emulator.shapes import Array, Null, Text, Whole

MAX_UPLOAD = 8 * 1024**3
"""Bytes of all parts together (A3)."""

MAX_PART = 64 * 1024 * 1024
"""Bytes of one part (A3)."""

LIFETIME = 3600
"""Seconds in which an upload has to be completed (A3)."""

_MAX_PARTS = 10_000
_MAX_MIME_TYPE = 255

UPLOAD = Collection(
    noun="upload",
    prefix="upload_",
    object="upload",
    table="uploads",
    columns=("status", "expires_at"),
    id_param="upload_id",
    fields=(
        Field("id"),
        Field("object"),
        Field("bytes", Whole(0, MAX_UPLOAD), takes=("create",), required=("create",)),
        Field("created_at"),
        Field("filename", FileName(), takes=("create",), required=("create",)),
        Field("purpose", PURPOSES, takes=("create",), required=("create",)),
        Field("status", default="pending"),
        Field("expires_at"),
        Field("file"),
        Field("mime_type", Text(_MAX_MIME_TYPE), takes=("create",), required=("create",), shown=False),
        Field("expires_after", EXPIRES_AFTER, takes=("create",), null=Null.IGNORED, shown=False),
        Field("part_ids", Array(Text(), _MAX_PARTS), takes=("complete",), required=("complete",), shown=False),
        Field("md5", Text(), takes=("complete",), null=Null.IGNORED, shown=False),
    ),
)

PART = Collection(
    noun="part",
    prefix="part_",
    object="upload.part",
    table="upload_parts",
    columns=("upload_id",),
    id_param="part_id",
    fields=(
        *IDENTITY,
        Field("upload_id"),
        Field("data", Text(), takes=("create",), required=("create",), shown=False),
    ),
)
