"""Codecs of the Assistants v2 wire: wire object -> Live, fields -> request body. Pure.

One value per kind; the field tables in `capabilities.py` drive both ways: `tool_resources` is split by tool and
joined again, and a top-level key that the table does not know is a field `extensions.NAME`. CODECS is the only
list: a kind without an entry is one that this wire cannot hold.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from asstctl.core.capabilities import WireField
from asstctl.core.errors import BadAnswer, Refused
from asstctl.core.json_types import Json
from asstctl.core.resource import EXTENSION, FILLED_BY_SERVER, Live
from asstctl.providers.assistants.capabilities import ASSISTANT_FIELDS, VECTOR_STORE_FIELDS
from asstctl.providers.assistants.ids import is_id

MISSING = object()
_SHAPES: Mapping[type, str] = {str: "a text", list: "a list", dict: "an object"}
_END_OF_TIME = 253_402_300_800  # the year 10000


@dataclass(frozen=True, slots=True)
class Codec:
    """One kind on this wire. `shapes` are keys without which an object cannot be used; `derived` are keys that the
    server computes and that are nobody's to declare."""

    kind: str
    collection: str
    fields: Mapping[str, WireField]
    shapes: Mapping[str, type] = field(default_factory=dict)
    derived: frozenset[str] = frozenset()
    known: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "known", frozenset(one.path[0] for one in self.fields.values()))

    def decode(self, raw: Mapping[str, Any]) -> Live:
        """What an object says; raises BadAnswer for anything else."""
        check_shape(raw, self.kind, self.shapes)
        fields: dict[str, Json] = {}
        for name, one in self.fields.items():
            value = value_at(raw, one.path)
            if value is not MISSING:
                fields[name] = value
        fields["metadata"] = raw.get("metadata") or {}
        for key in raw.keys() - self.known - FILLED_BY_SERVER - self.derived:
            fields[EXTENSION + key] = raw[key]
        return live_of(raw, self.kind, fields)

    def encode_create(self, fields: Mapping[str, Json]) -> dict[str, Any]:
        """The body that makes an object; a field that is None is left to the server's default."""
        return self._encode({name: value for name, value in fields.items() if value is not None})

    def encode_update(self, fields: Mapping[str, Json]) -> dict[str, Any]:
        """The body that changes these fields alone; None becomes the wire's reset value."""
        return self._encode({name: self._reset(name) if value is None else value for name, value in fields.items()})

    def _encode(self, fields: Mapping[str, Json]) -> dict[str, Any]:
        body: dict[str, Any] = {}
        for name, value in fields.items():
            inner = body
            *parents, last = self._path(name)
            for parent in parents:
                inner = inner.setdefault(parent, {})
            inner[last] = value
        return body

    def _path(self, name: str) -> tuple[str, ...]:
        """Where a field lies in the wire object."""
        if name in self.fields:
            return self.fields[name].path
        key = name.removeprefix(EXTENSION)
        if key == name:
            raise ValueError(f"the Assistants v2 wire has no field {name}")
        if key in self.known | FILLED_BY_SERVER | self.derived:
            # An extension could otherwise write our mark, or a field past its digest.
            raise Refused(
                f"extensions cannot hold {key}", detail=f"the server fills it in, or {key} is a field of its own"
            )
        return (key,)

    def _reset(self, name: str) -> Json:
        one = self.fields.get(name)
        if one is None:
            return None
        if not one.resettable:
            raise Refused(f"{name} cannot be reset", detail="this wire has no default for it", hint="Declare a value.")
        return one.reset


def live_of(raw: Mapping[str, Any], kind: str, fields: Mapping[str, Json]) -> Live:
    """An object whose shape was checked, with these fields."""
    updated_at = raw.get("updated_at")
    return Live(
        kind=kind,
        id=raw["id"],
        created_at=int(raw["created_at"]),
        fields=fields,
        metadata=raw.get("metadata") or {},
        raw=raw,
        updated_at=int(updated_at) if is_time(updated_at) else None,
    )


NEWER = "Try again. If it stays so, upgrade asstctl: the server may be newer than this version."


def check_shape(raw: Mapping[str, Any], named: str, shapes: Mapping[str, type]) -> None:
    """Raises BadAnswer for what is no object that calls itself so and has these keys."""
    if wrong := _what_is_wrong(raw, named, shapes):
        what = f"{'an' if named[0] in 'aeiou' else 'a'} {named.replace('_', ' ')}"
        raise BadAnswer(f"the server sent something that is not {what}", detail=wrong, hint=NEWER)


def _what_is_wrong(raw: Mapping[str, Any], named: str, shapes: Mapping[str, type]) -> str:
    if raw.get("object") != named:
        return f"its object is {raw.get('object')!r:.80}"
    if not is_id(raw.get("id")):
        return "it has no id that can be used"
    if not is_time(raw.get("created_at")):
        return f"{raw['id']!r:.80}: created_at is not a time"
    for key, shape in shapes.items():
        if not isinstance(raw.get(key), shape):
            return f"{raw['id']!r:.80}: {key} is not {_SHAPES[shape]}"
    metadata = raw.get("metadata") or {}
    if not isinstance(metadata, Mapping) or not all(isinstance(value, str) for value in metadata.values()):
        return f"{raw['id']!r:.80}: metadata is not a map of texts"
    return ""


def value_at(raw: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    """What lies there in an object, or MISSING."""
    value: Any = raw
    for key in path:
        if not isinstance(value, Mapping) or key not in value:
            return MISSING
        value = value[key]
    return value


def is_time(value: object) -> TypeGuard[int | float]:
    """Whether a value is a number of seconds that a calendar has."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < _END_OF_TIME


ASSISTANT = Codec("assistant", "/assistants", ASSISTANT_FIELDS, shapes={"model": str, "tools": list})
VECTOR_STORE = Codec(
    "vector_store",
    "/vector_stores",
    VECTOR_STORE_FIELDS,
    # `description` is there too: what only a create can set is nobody's to declare.
    derived=frozenset({"usage_bytes", "file_counts", "status", "expires_at", "last_active_at", "bytes", "description"}),
)

CODECS: Mapping[str, Codec] = {codec.kind: codec for codec in (ASSISTANT, VECTOR_STORE)}
