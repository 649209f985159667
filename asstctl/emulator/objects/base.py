"""How a collection of objects is described: one `Field` per member, in the order of the wire.

Everything derives from the table: what a request may carry, what an object shows, which members are also columns.
"""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from asstctl.emulator import refusals
from asstctl.emulator.ids import new_hex_id, new_id
from asstctl.emulator.shapes import Member, Null, Record, Rules, Shape

Json = Any


@dataclass(frozen=True, slots=True)
class Field:
    """One member of an object, or a parameter that only requests carry."""

    name: str
    shape: Shape | None = None
    """None: the server fills it, no request may."""
    default: Json = None
    takes: tuple[str, ...] = ()
    """The operations whose body may carry it."""
    required: tuple[str, ...] = ()
    null: Null = Null.REFUSED
    shown: bool = True
    """False: a parameter of a request that is not a member of the object."""


@dataclass(frozen=True)
class Collection:
    """One kind of object: its ids, its table in the database and its fields."""

    noun: str
    prefix: str
    object: str
    table: str
    fields: tuple[Field, ...]
    columns: tuple[str, ...] = ()
    """The members that the database also keeps as columns, to search by."""
    id_param: str = ""
    within: tuple[str, ...] = ()
    """The columns that tell apart objects of one id: a file has its id in every vector store that it is in."""
    hex_ids: bool = False

    @cached_property
    def shown(self) -> tuple[str, ...]:
        """The names of the members, in the order of the wire."""
        return tuple(f.name for f in self.fields if f.shown)

    def read(self, operation: str, body: Mapping[str, Json], rules: Rules) -> dict[str, Json]:
        """The parameters given to an operation, checked; what was not given is not there."""
        return _parameters(self, operation).read(body, "", rules)

    def new(self, given: Mapping[str, Json], now: int, **filled: Json) -> dict[str, Json]:
        """A new object: an id, then what was given or filled in, then defaults, in the order of the wire."""
        values = {**given, **filled, "object": self.object, "created_at": now}
        if "id" not in values:
            values["id"] = new_hex_id(self.prefix) if self.hex_ids else new_id(self.prefix)
        return {
            f.name: values[f.name] if f.name in values else copy.deepcopy(f.default) for f in self.fields if f.shown
        }

    def show(self, stored: Mapping[str, Json]) -> dict[str, Json]:
        """The object as the wire shows it: private notes left out, fields younger than the row filled in."""
        return {
            f.name: stored[f.name] if f.name in stored else copy.deepcopy(f.default) for f in self.fields if f.shown
        }

    def deleted(self, object_id: str) -> dict[str, Json]:
        return {"id": object_id, "object": f"{self.object}.deleted", "deleted": True}

    def check_id(self, object_id: str, param: str | None = None) -> str:
        """Refuse an id of another kind before looking for it: `undefined` is the usual one."""
        kind = self.prefix.rstrip("_")
        if not object_id.startswith(kind):
            raise refusals.wrong_kind_of_id(param or self.id_param, object_id, kind)
        return object_id

    def __hash__(self) -> int:
        return hash(self.table)


@lru_cache
def _parameters(collection: Collection, operation: str) -> Record:
    return Record(
        tuple(
            Member(f.name, f.shape, required=operation in f.required, null=f.null, null_default=f.default)
            for f in collection.fields
            if f.shape is not None and operation in f.takes
        )
    )


IDENTITY = (Field("id"), Field("object"), Field("created_at"))
