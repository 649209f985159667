"""What file objects of the Assistants v2 wire say: uploads, and files of vector stores. Pure."""

from collections.abc import Mapping
from typing import Any

from asstctl.core.errors import BadAnswer
from asstctl.core.json_types import Json
from asstctl.core.knowledge import StoreFile, Uploaded
from asstctl.providers.assistants.codecs import is_time
from asstctl.providers.assistants.ids import is_id

PURPOSE = "assistants"
STATUSES = ("in_progress", "completed", "failed", "cancelled")


def is_other_purpose(raw: Mapping[str, Any]) -> bool:
    """Whether a file says that it is not one of assistants: a server may ignore what it was asked for."""
    return raw.get("purpose", PURPOSE) not in (PURPOSE, None)


def uploaded(raw: Mapping[str, Any]) -> Uploaded:
    """What an upload says; raises BadAnswer for anything else."""
    name = raw.get("filename") or ""
    wrong = _what_is_wrong(raw, "file")
    if not wrong and not isinstance(name, str):
        wrong = f"{raw['id']!r:.80}: filename is not a text"
    if wrong:
        raise BadAnswer("the server sent something that is not a file", detail=wrong)
    return Uploaded(raw["id"], name, _size(raw, "bytes"), int(raw["created_at"]))


def store_file(raw: Mapping[str, Any], store: str, id: str | None = None) -> StoreFile:
    """What a file of this store says, the one asked for; raises BadAnswer for anything else."""
    attributes = raw.get("attributes") or {}
    chunking = raw.get("chunking_strategy")
    wrong = _what_is_wrong(raw, "vector_store.file")
    if not wrong:
        name = f"{raw['id']!r:.80}"
        if raw.get("status") not in STATUSES:
            wrong = f"{name}: its status is {raw.get('status')!r:.80}"
        elif not isinstance(attributes, Mapping) or not all(_is_attribute(value) for value in attributes.values()):
            wrong = f"{name}: attributes is not a map of texts, numbers and booleans"
        elif chunking is not None and not isinstance(chunking, Mapping):
            wrong = f"{name}: chunking_strategy is not an object"
        elif id is not None and raw["id"] != id:
            wrong = f"asked for {id}, got {name}"
        elif raw.get("vector_store_id", store) != store:
            wrong = f"{name}: it is of {raw['vector_store_id']!r:.80}, not of {store}"
    if wrong:
        raise BadAnswer("the server sent something that is not a file of this vector store", detail=wrong)
    return StoreFile(
        id=raw["id"],
        created_at=int(raw["created_at"]),
        status=raw["status"],
        attributes=attributes,
        chunking=_static(chunking),
        error=reason(raw.get("last_error")),
        bytes=_size(raw, "usage_bytes"),
    )


def _what_is_wrong(raw: Mapping[str, Any], kind: str) -> str:
    if raw.get("object") != kind:
        return f"its object is {raw.get('object')!r:.80}"
    if not is_id(raw.get("id")):
        return "it has no id that can be used"
    if not is_time(raw.get("created_at")):
        return f"{raw['id']!r:.80}: created_at is not a time"
    return ""


def _is_attribute(value: object) -> bool:
    return isinstance(value, str | int | float | bool)


def _static(chunking: Json) -> Json:
    """The sizes of chunks where the server names them; `auto` and what it does not know any more are None."""
    return chunking if isinstance(chunking, Mapping) and chunking.get("type") == "static" else None


def _size(raw: Mapping[str, Any], key: str) -> int:
    """A number of bytes; 0 where the server does not say."""
    value = raw.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def reason(last_error: object) -> str:
    """The provider's reason on one line; nothing where it gives none."""
    if not isinstance(last_error, Mapping):
        return last_error if isinstance(last_error, str) else ""
    said = (last_error.get("code"), last_error.get("message"))
    return ": ".join(part for part in said if isinstance(part, str) and part)
