"""The shapes that a JSON value in a request can have; each checks a value and returns it as it is stored.

A shape is plain data with one method. Which field has which shape is said in `objects/`; the texts of refusals are in
`refusals.py`.
"""

import copy
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from asstctl.emulator import refusals

Json = Any

LENIENT_ITEMS = 2000
"""Items that the lenient mode takes in any array, as many as the wire takes in its longest; each may mean work."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How strictly requests are answered."""

    lenient: bool = False
    """Take whatever the types of an SDK let it send (A7): limits are not refused, nor is what nobody knows, and where
    those types demand a string, none is shown as an empty one."""
    withhold_files: bool = False
    """Give files for assistants not back, as the real service does."""


class Shape(ABC):
    """One kind of JSON value."""

    expected: str

    @abstractmethod
    def read(self, value: Json, path: str, rules: Rules) -> Json:
        """The value as stored, or a `Refusal` that names `path`."""


@dataclass(frozen=True, slots=True)
class Text(Shape):
    max_length: int | None = None
    pattern: str | None = None
    expected = "a string"

    def read(self, value: Json, path: str, rules: Rules) -> str:
        if not isinstance(value, str):
            raise refusals.wrong_type(path, self.expected, value)
        if rules.lenient:
            return value
        if self.max_length is not None and len(value) > self.max_length:
            raise refusals.string_too_long(path, self.max_length, len(value))
        if self.pattern is not None and not re.fullmatch(self.pattern, value):
            raise refusals.string_off_pattern(path, f"^{self.pattern}$")
        return value


@dataclass(frozen=True, slots=True)
class Id(Shape):
    """The id of an object whose ids begin in one way."""

    begins_with: str
    expected = "a string"

    def read(self, value: Json, path: str, rules: Rules) -> str:
        given = Text().read(value, path, rules)
        if not given.startswith(self.begins_with) and not rules.lenient:
            raise refusals.wrong_kind_of_id(path, given, self.begins_with)
        return given


@dataclass(frozen=True, slots=True)
class Choice(Shape):
    values: tuple[str, ...]
    expected = "a string"

    def read(self, value: Json, path: str, rules: Rules) -> str:
        if not isinstance(value, str):
            raise refusals.wrong_type(path, self.expected, value)
        if value not in self.values:
            raise refusals.not_supported(path, value, self.values)
        return value


@dataclass(frozen=True, slots=True)
class Flag(Shape):
    expected = "a boolean"

    def read(self, value: Json, path: str, rules: Rules) -> bool:
        if not isinstance(value, bool):
            raise refusals.wrong_type(path, self.expected, value)
        return value


@dataclass(frozen=True, slots=True)
class Whole(Shape):
    minimum: int | None = None
    maximum: int | None = None
    expected = "an integer"

    def read(self, value: Json, path: str, rules: Rules) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise refusals.wrong_type(path, self.expected, value)
        if rules.lenient:
            return int(nearest(value, self.minimum, self.maximum))
        check_range(value, path, "integer", self.minimum, self.maximum)
        return value


@dataclass(frozen=True, slots=True)
class Decimal(Shape):
    minimum: float | None = None
    maximum: float | None = None
    expected = "a decimal"

    def read(self, value: Json, path: str, rules: Rules) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise refusals.wrong_type(path, self.expected, value)
        if rules.lenient:
            return float(nearest(value, self.minimum, self.maximum))
        check_range(value, path, "decimal", self.minimum, self.maximum)
        return float(value)


def check_range(value: float, path: str, kind: str, minimum: float | None, maximum: float | None) -> None:
    if minimum is not None and value < minimum:
        raise refusals.number_out_of_range(path, kind, value, minimum=minimum, maximum=None)
    if maximum is not None and value > maximum:
        raise refusals.number_out_of_range(path, kind, value, minimum=None, maximum=maximum)


def nearest(value: float, minimum: float | None, maximum: float | None) -> float:
    """The number of a range that is nearest to a value."""
    value = value if minimum is None else max(value, minimum)
    return value if maximum is None else min(value, maximum)


@dataclass(frozen=True, slots=True)
class Array(Shape):
    item: Shape
    max_length: int | None = None
    min_length: int = 0
    expected = "an array"

    def read(self, value: Json, path: str, rules: Rules) -> list[Json]:
        if not isinstance(value, list):
            raise refusals.wrong_type(path, self.expected, value)
        most = self.max_length
        if most is not None and rules.lenient:
            most = max(most, LENIENT_ITEMS)
        if most is not None and len(value) > most:
            raise refusals.array_too_long(path, most, len(value))
        if len(value) < self.min_length and not rules.lenient:
            raise refusals.array_too_short(path, self.min_length)
        return [self.item.read(item, f"{path}[{index}]", rules) for index, item in enumerate(value)]


@dataclass(frozen=True, slots=True)
class AnyObject(Shape):
    """An object that the server keeps and does not look into, such as a JSON Schema."""

    expected = "an object"

    def read(self, value: Json, path: str, rules: Rules) -> dict[str, Json]:
        if not isinstance(value, dict):
            raise refusals.wrong_type(path, self.expected, value)
        return value


@dataclass(frozen=True, slots=True)
class Scalar(Shape):
    max_length: int | None = None
    """Of a string."""
    expected = "one of a string, number, or boolean"

    def read(self, value: Json, path: str, rules: Rules) -> Json:
        if isinstance(value, str):
            return Text(self.max_length).read(value, path, rules)
        if not isinstance(value, (int, float)):
            raise refusals.wrong_type(path, self.expected, value)
        return value


@dataclass(frozen=True, slots=True)
class Pairs(Shape):
    """A few values under names that the client chooses, as in metadata."""

    value: Shape
    max_pairs: int = 16
    max_key: int = 64
    expected = "an object"

    def read(self, value: Json, path: str, rules: Rules) -> dict[str, Json]:
        if not isinstance(value, dict):
            raise refusals.wrong_type(path, self.expected, value)
        if len(value) > self.max_pairs and not rules.lenient:
            raise refusals.too_many_properties(path, self.max_pairs, len(value))
        for key in value:
            if len(key) > self.max_key and not rules.lenient:
                raise refusals.property_name_too_long(path, self.max_key, len(key))
            self.value.read(value[key], f"{path}.{key}", rules)
        return value


class Null(Enum):
    """What an explicit null means for a member."""

    REFUSED = "a type error"
    KEPT = "the value is null"
    DEFAULT = "the default, as if it had never been set"
    IGNORED = "as if the member were not there"


class _Absent:
    """No value at all, which JSON cannot say."""


ABSENT = _Absent()


@dataclass(frozen=True, slots=True)
class Member:
    """One named member of a record."""

    name: str
    shape: Shape
    required: bool = False
    default: Json = ABSENT
    null: Null = Null.REFUSED
    null_default: Json = None


@dataclass(frozen=True, slots=True)
class Record(Shape):
    """An object with known members; anything else in it is refused, or else ignored in the lenient mode."""

    members: tuple[Member, ...]
    names: frozenset[str] = field(init=False)
    expected = "an object"

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", frozenset(member.name for member in self.members))

    def read(self, value: Json, path: str, rules: Rules) -> dict[str, Json]:
        if not isinstance(value, dict):
            raise refusals.wrong_type(path, self.expected, value)
        within = f"{path}." if path else ""
        if not rules.lenient and not value.keys() <= self.names:
            raise refusals.unknown(within + next(key for key in value if key not in self.names))
        read: dict[str, Json] = {}
        for member in self.members:
            given = value.get(member.name, ABSENT)
            if given is None and (member.null is Null.IGNORED or (rules.lenient and member.null is Null.REFUSED)):
                given = ABSENT
            if given is ABSENT:
                if member.required:
                    raise refusals.missing(within + member.name)
                if member.default is not ABSENT:
                    read[member.name] = copy.deepcopy(member.default)
            elif given is None and member.null is not Null.REFUSED:
                read[member.name] = None if member.null is Null.KEPT else copy.deepcopy(member.null_default)
            else:
                read[member.name] = member.shape.read(given, within + member.name, rules)
        return read


@dataclass(frozen=True, slots=True)
class Variants(Shape):
    """An object whose `type` says which record it is."""

    records: Mapping[str, Record]
    expected = "an object"

    def read(self, value: Json, path: str, rules: Rules) -> dict[str, Json]:
        if not isinstance(value, dict):
            raise refusals.wrong_type(path, self.expected, value)
        if "type" not in value:
            raise refusals.missing(f"{path}.type")
        kind = Choice(tuple(self.records)).read(value["type"], f"{path}.type", rules)
        rest = {key: member for key, member in value.items() if key != "type"}
        return {"type": kind, **self.records[kind].read(rest, path, rules)}


@dataclass(frozen=True, slots=True)
class Either(Shape):
    """A string of one shape, or an array or object of another."""

    text: Shape
    other: Shape

    @property
    def expected(self) -> str:  # type: ignore[override]
        return f"one of {self.text.expected} or {self.other.expected.split(' ', 1)[1]}"

    def read(self, value: Json, path: str, rules: Rules) -> Json:
        if isinstance(value, str):
            return self.text.read(value, path, rules)
        if isinstance(value, (list, dict)):
            return self.other.read(value, path, rules)
        raise refusals.wrong_type(path, self.expected, value)
