"""The message, as posted by a client and as written by a run."""

from typing import Any

from asstctl.emulator.objects.base import IDENTITY, Collection, Field
from asstctl.emulator.objects.shared import METADATA
from asstctl.emulator.shapes import Array, Choice, Either, Member, Null, Record, Text, Variants

Json = Any

_MAX_TEXT = 256_000
_DETAIL = Member("detail", Choice(("auto", "low", "high")), default="auto", null=Null.IGNORED)
_PART = Variants(
    {
        "text": Record((Member("text", Text(_MAX_TEXT), required=True),)),
        "image_file": Record(
            (Member("image_file", Record((Member("file_id", Text(), required=True), _DETAIL)), required=True),)
        ),
        "image_url": Record(
            (Member("image_url", Record((Member("url", Text(), required=True), _DETAIL)), required=True),)
        ),
    }
)
_ATTACHMENT = Record(
    (
        Member("file_id", Text(), null=Null.IGNORED),
        Member(
            "tools",
            Array(Variants({"code_interpreter": Record(()), "file_search": Record(())})),
            null=Null.IGNORED,
        ),
    )
)
_ROLE = Choice(("user", "assistant"))
_CONTENT = Either(Text(_MAX_TEXT), Array(_PART, min_length=1))

MESSAGE = Collection(
    noun="message",
    prefix="msg_",
    object="thread.message",
    table="messages",
    columns=("thread_id", "run_id"),
    id_param="message_id",
    fields=(
        *IDENTITY,
        Field("assistant_id"),
        Field("thread_id"),
        Field("run_id"),
        Field("role", _ROLE, takes=("create",), required=("create",)),
        Field("content", _CONTENT, default=[], takes=("create",), required=("create",)),
        Field("attachments", Array(_ATTACHMENT), default=[], takes=("create",), null=Null.DEFAULT),
        Field("metadata", METADATA, default={}, takes=("create", "modify"), null=Null.DEFAULT),
        # The real service leaves these four out of plain answers; the SDKs' types require them.
        Field("status", default="completed"),
        Field("incomplete_details"),
        Field("completed_at"),
        Field("incomplete_at"),
    ),
)

POSTED = Record(
    (
        Member("role", _ROLE, required=True),
        Member("content", _CONTENT, required=True),
        Member("attachments", Array(_ATTACHMENT), null=Null.IGNORED),
        Member("metadata", METADATA, null=Null.IGNORED),
    )
)
"""A message inside another request: initial messages of a thread, additional messages of a run."""


def text_part(text: str) -> dict[str, Json]:
    return {"type": "text", "text": {"value": text, "annotations": []}}


def content_parts(content: Json) -> list[Json]:
    """Posted content as it is stored: a string and a text part become the same thing."""
    if isinstance(content, str):
        return [text_part(content)]
    return [text_part(part["text"]) if part["type"] == "text" else part for part in content]


def files_in(message: dict[str, Json]) -> list[str]:
    """The ids of the files that a message shows or carries."""
    shown = [part["image_file"]["file_id"] for part in message["content"] if part["type"] == "image_file"]
    return shown + [each["file_id"] for each in message["attachments"] if "file_id" in each]


def message_text(message: dict[str, Json]) -> str:
    return "\n".join(part["text"]["value"] for part in message["content"] if part["type"] == "text")
