"""The file, and the name that a client may give one."""

import re
from dataclasses import dataclass
from typing import Any

from asstctl.emulator import refusals
from asstctl.emulator.objects.base import Collection, Field
from asstctl.emulator.shapes import Choice, Member, Null, Record, Rules, Shape, Text, Whole

Json = Any

MAX_FILE = 512 * 1024 * 1024
"""Bytes of one file (A3)."""

PURPOSES = Choice(("assistants", "batch", "fine-tune", "vision", "user_data", "evals"))
WITHHELD = ("assistants", "user_data")
"""The purposes whose files the real service takes and does not give back (A5)."""

_MAX_NAME = 255
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class FileName(Shape):
    """A name to show, not a path: what stands before the last slash or backslash and control characters are dropped."""

    expected = "a string"

    def read(self, value: Json, path: str, rules: Rules) -> str:
        name = Text().read(value, path, rules)
        name = _UNPRINTABLE.sub("", re.split(r"[/\\]", name)[-1]).strip()
        if name in ("", ".", ".."):
            raise refusals.no_file_name(path)
        # Also in the lenient mode: code finds the file on a disk, under this name.
        return Text(_MAX_NAME).read(name, path, Rules())


EXPIRES_AFTER = Record(
    (
        Member("anchor", Choice(("created_at",)), required=True),
        Member("seconds", Whole(3600, 2_592_000), required=True),
    )
)

FILE = Collection(
    noun="file",
    prefix="file-",
    object="file",
    table="files",
    columns=("purpose", "expires_at"),
    id_param="file_id",
    fields=(
        Field("object"),
        Field("id"),
        Field("purpose", PURPOSES, takes=("create",), required=("create",)),
        Field("filename"),
        Field("bytes"),
        Field("created_at"),
        Field("expires_at"),
        Field("status", default="processed"),
        Field("status_details"),
        # In a form this member holds the bytes; here it is the name that they came with.
        Field("file", FileName(), takes=("create",), required=("create",), shown=False),
        Field("expires_after", EXPIRES_AFTER, takes=("create",), null=Null.IGNORED, shown=False),
    ),
)


def new_file(filename: str, purpose: str, size: int, now: int, expires_after: Json = None) -> dict[str, Json]:
    expires_at = now + expires_after["seconds"] if expires_after else None
    filled = {"filename": filename, "purpose": purpose, "bytes": size, "expires_at": expires_at}
    return FILE.new({}, now, **filled)
