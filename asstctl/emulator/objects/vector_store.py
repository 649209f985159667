"""The vector store, and what its search may be asked."""

from dataclasses import dataclass
from typing import Any

from asstctl.emulator import refusals
from asstctl.emulator.objects.base import IDENTITY, Collection, Field
from asstctl.emulator.objects.shared import METADATA
from asstctl.emulator.objects.vector_store_file import CHUNKING
from asstctl.emulator.shapes import (
    Array,
    Choice,
    Decimal,
    Either,
    Flag,
    Member,
    Null,
    Record,
    Rules,
    Scalar,
    Shape,
    Text,
    Whole,
)

Json = Any

_MAX_FILE_IDS = 500  # A3, in the request that creates a store

_WRITES = ("create", "modify")
_EXPIRES_AFTER = Record(
    (
        Member("anchor", Choice(("last_active_at",)), required=True),
        Member("days", Whole(1, 365), required=True),
    )
)
_RANKING = Record(
    (
        # The underscored name is that of the tool file_search, and clients mix them up.
        Member("ranker", Choice(("none", "auto", "default-2024-11-15", "default_2024_08_21")), null=Null.IGNORED),
        Member("score_threshold", Decimal(0, 1), null=Null.IGNORED),
    )
)


@dataclass(frozen=True, slots=True)
class AttributeFilter(Shape):
    """A test of a file's attributes: a comparison, or several tests joined by `and` or `or`."""

    max_depth: int = 16
    """How deep tests may nest; deeper ones would cost the stack."""
    expected = "an object"

    def read(self, value: Json, path: str, rules: Rules) -> dict[str, Json]:
        return self._read(value, path, rules, 1)

    def _read(self, value: Json, path: str, rules: Rules, depth: int) -> dict[str, Json]:
        if not isinstance(value, dict):
            raise refusals.wrong_type(path, self.expected, value)
        if depth > self.max_depth:
            raise refusals.too_deep(path, self.max_depth)
        if "type" not in value:
            raise refusals.missing(f"{path}.type")
        kind = _KIND.read(value["type"], f"{path}.type", rules)
        rest = {name: member for name, member in value.items() if name != "type"}
        if kind not in _JOINTS:
            several = kind in ("in", "nin")
            listed = isinstance(rest.get("value"), list) if rules.lenient else several
            test = {"type": kind, **(_MEMBERSHIP if listed else _COMPARISON).read(rest, path, rules)}
            return {**test, "value": [test["value"]]} if several and not listed else test
        read = _JOINT.read(rest, path, rules)
        tests = [
            self._read(test, f"{path}.filters[{index}]", rules, depth + 1) for index, test in enumerate(read["filters"])
        ]
        return {"type": kind, "filters": tests}


@dataclass(frozen=True, slots=True)
class _Anything(Shape):
    expected = "anything"

    def read(self, value: Json, path: str, rules: Rules) -> Json:
        return value


_JOINTS = ("and", "or")
_KIND = Choice(("eq", "ne", "gt", "gte", "lt", "lte", "in", "nin", *_JOINTS))
_KEY = Member("key", Text(), required=True)
_COMPARISON = Record((_KEY, Member("value", Scalar(), required=True)))
_MEMBERSHIP = Record((_KEY, Member("value", Array(Scalar()), required=True)))
_JOINT = Record((Member("filters", Array(_Anything(), min_length=1), required=True),))

VECTOR_STORE = Collection(
    noun="vector store",
    prefix="vs_",
    object="vector_store",
    table="vector_stores",
    id_param="vector_store_id",
    hex_ids=True,
    fields=(
        *IDENTITY,
        Field("name", Text(), takes=_WRITES, null=Null.KEPT),
        Field("description", Text(), takes=("create",), null=Null.KEPT),
        Field("usage_bytes", default=0),
        Field("file_counts"),
        Field("status", default="completed"),
        Field("expires_after", _EXPIRES_AFTER, takes=_WRITES, null=Null.KEPT),
        Field("expires_at"),
        Field("last_active_at"),
        Field("metadata", METADATA, default={}, takes=_WRITES, null=Null.DEFAULT),
        Field("file_ids", Array(Text(), _MAX_FILE_IDS), takes=("create",), null=Null.IGNORED, shown=False),
        Field("chunking_strategy", CHUNKING, takes=("create",), null=Null.IGNORED, shown=False),
        Field(
            "query",
            Either(Text(), Array(Text(), min_length=1)),
            takes=("search",),
            required=("search",),
            shown=False,
        ),
        Field("max_num_results", Whole(1, 50), takes=("search",), null=Null.IGNORED, shown=False),
        Field("rewrite_query", Flag(), takes=("search",), null=Null.IGNORED, shown=False),
        Field("filters", AttributeFilter(), takes=("search",), null=Null.IGNORED, shown=False),
        Field("ranking_options", _RANKING, takes=("search",), null=Null.IGNORED, shown=False),
    ),
)
