"""The codec of kind `assistant` on the Assistants v2 wire: wire object -> Live, fields -> request body. Pure.

The field table in `capabilities.py` drives both ways: `tool_resources` is split by tool and joined again,
and a top-level key that the table does not know is a field `extensions.NAME`.
"""

from collections.abc import Mapping
from typing import Any, TypeGuard

from asstctl.core.errors import BadAnswer, Refused
from asstctl.core.json_types import Json
from asstctl.core.resource import EXTENSION, Live
from asstctl.providers.assistants.capabilities import ASSISTANT_FIELDS
from asstctl.providers.assistants.ids import is_id

COLLECTION = "/assistants"

_FILLED_BY_SERVER = frozenset({"id", "object", "created_at", "updated_at"})
_KNOWN_KEYS = frozenset(field.path[0] for field in ASSISTANT_FIELDS.values())
_SHAPES: Mapping[str, type] = {"model": str, "tools": list}
_MISSING = object()
_END_OF_TIME = 253_402_300_800  # the year 10000


def decode(raw: Mapping[str, Any]) -> Live:
    """What an assistant object says; raises BadAnswer for anything else."""
    if wrong := _what_is_wrong(raw):
        raise BadAnswer("the server sent something that is not an assistant", detail=wrong)
    fields: dict[str, Json] = {}
    for name, field in ASSISTANT_FIELDS.items():
        value = _at(raw, field.path)
        if value is not _MISSING:
            fields[name] = value
    metadata = raw.get("metadata") or {}
    fields["metadata"] = metadata
    for key in raw.keys() - _KNOWN_KEYS - _FILLED_BY_SERVER:
        fields[EXTENSION + key] = raw[key]
    updated_at = raw.get("updated_at")
    updated = int(updated_at) if _is_time(updated_at) else None
    return Live(
        kind="assistant",
        id=raw["id"],
        created_at=int(raw["created_at"]),
        fields=fields,
        metadata=metadata,
        raw=raw,
        updated_at=updated,
    )


def encode_create(fields: Mapping[str, Json]) -> dict[str, Any]:
    """The body that makes an assistant; a field that is None is left to the server's default."""
    return _encode({name: value for name, value in fields.items() if value is not None})


def encode_update(fields: Mapping[str, Json]) -> dict[str, Any]:
    """The body that changes these fields alone; None becomes the wire's reset value."""
    return _encode({name: _reset(name) if value is None else value for name, value in fields.items()})


def _encode(fields: Mapping[str, Json]) -> dict[str, Any]:
    body: dict[str, Any] = {}
    for name, value in fields.items():
        inner = body
        *parents, last = _path(name)
        for parent in parents:
            inner = inner.setdefault(parent, {})
        inner[last] = value
    return body


def _path(name: str) -> tuple[str, ...]:
    """Where a field lies in the wire object."""
    if name in ASSISTANT_FIELDS:
        return ASSISTANT_FIELDS[name].path
    key = name.removeprefix(EXTENSION)
    if key == name:
        raise ValueError(f"the Assistants v2 wire has no field {name}")
    if key in _KNOWN_KEYS or key in _FILLED_BY_SERVER:
        # An extension could otherwise write our mark, or a field past its digest.
        raise Refused(f"extensions cannot hold {key}", detail=f"the server fills it in, or {key} is a field of its own")
    return (key,)


def _reset(name: str) -> Json:
    field = ASSISTANT_FIELDS.get(name)
    if field is None:
        return None
    if not field.resettable:
        raise Refused(f"{name} cannot be reset", detail="this wire has no default for it", hint="Declare a value.")
    return field.reset


def _at(raw: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    value: Any = raw
    for key in path:
        if not isinstance(value, Mapping) or key not in value:
            return _MISSING
        value = value[key]
    return value


def _is_time(value: object) -> TypeGuard[int | float]:
    """Whether a value is a number of seconds that a calendar has."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < _END_OF_TIME


def _what_is_wrong(raw: Mapping[str, Any]) -> str:
    """Why this is not an assistant, or nothing."""
    if raw.get("object") != "assistant":
        return f"its object is {raw.get('object')!r:.80}"
    if not is_id(raw.get("id")):
        return "it has no id that can be used"
    if not _is_time(raw.get("created_at")):
        return f"{raw['id']!r:.80}: created_at is not a time"
    for key, shape in _SHAPES.items():
        if not isinstance(raw.get(key), shape):
            return f"{raw['id']!r:.80}: {key} is not a {'text' if shape is str else 'list'}"
    metadata = raw.get("metadata") or {}
    if not isinstance(metadata, Mapping) or not all(isinstance(value, str) for value in metadata.values()):
        return f"{raw['id']!r:.80}: metadata is not a map of texts"
    return ""
