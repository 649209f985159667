"""Signatures: what is known of a function beside its name, and what a file says of its arguments and its answers that
cannot be.

A pattern is not a value: what it leaves out may be there. So only what it names is held against the schema, and where
the schema leaves a choice (`anyOf`, `if`), it is refused only if no choice allows it. Pure.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from asstctl.conversation.late import Late, is_late
from asstctl.conversation.matchers import is_matcher
from asstctl.core.change import Absent
from asstctl.core.json_text import json_text, read_json
from asstctl.core.json_types import Json, JsonObject
from asstctl.core.suggest import did_you_mean, shortened
from asstctl.documents.models import dotted
from asstctl.documents.schemas import Misfit, misfits
from asstctl.documents.yaml import Path as Place


@dataclass(frozen=True, slots=True)
class Signature:
    """The JSON schemas of a function: of its arguments, and of what it answers where the manifest says it."""

    parameters: JsonObject | None = None
    returns: JsonObject | None = None


@dataclass(frozen=True, slots=True)
class Unfit:
    """What a schema does not allow: the path inside what was written, and whether the key there is meant."""

    path: Place
    summary: str
    hint: str
    of_key: bool = False


_AS_DECLARED = "the function's schema says so; correct the value, or the schema"


def unfit_arguments(pattern: JsonObject, parameters: JsonObject) -> Iterator[Unfit]:
    """What a pattern of arguments asks for that no call by this schema can have."""
    yield from _Schema(parameters).unfit(pattern, parameters, ())


def unknown_names(names: Sequence[str], parameters: JsonObject) -> Iterator[tuple[int, Unfit]]:
    """Those of a list of argument names that the schema does not know, by their positions."""
    for i, name in enumerate(names):
        for unfit in _Schema(parameters).unfit({name: {"$any": True}}, parameters, ()):
            yield i, Unfit((), unfit.summary, unfit.hint)


def closed_names(parameters: JsonObject) -> tuple[str, ...] | None:
    """All names that an argument may have; None where a schema allows others, or leaves it open."""
    if "$ref" in parameters or any(key in parameters for key in _UNKNOWN) or not _is_closed(parameters):
        return None
    return tuple(parameters.get("properties") or ())


def missing_arguments(given: Mapping[str, Json], parameters: JsonObject) -> tuple[str, ...]:
    """The required arguments that an exact match leaves no room for."""
    required = parameters.get("required")
    return tuple(name for name in required if name not in given) if isinstance(required, list) else ()


def unfit_answer(value: Json, returns: JsonObject) -> Iterator[Unfit]:
    """Why an answer is none that the function gives. A text may be JSON that it is written in."""
    if is_late(value):
        return
    if isinstance(value, str):
        try:
            parsed = read_json(value)
        except ValueError:
            parsed = value
        if not misfits(returns, parsed):
            return
    for misfit in misfits(returns, value):
        at = f"`{dotted(misfit.path)}`: " if misfit.path else ""
        yield Unfit(misfit.path, f"the answer is not what `returns` says: {at}{_sides(misfit)}", _AS_DECLARED)


def _sides(misfit: Misfit) -> str:
    actual = "nothing" if isinstance(misfit.actual, Absent) else shortened(json_text(misfit.actual))
    return f"expected {shortened(misfit.expected)}, got {actual}"


_CHOICES = ("anyOf", "oneOf")
_UNKNOWN = ("if", "not", "dependentSchemas", "unevaluatedProperties", "$dynamicRef")
"""With one of these what is named may be allowed for reasons that lie elsewhere: nothing is said of it."""

_OF_TEXT = ("$regex", "$icontains")
_OF_ITEMS = ("$each", "$some")
_OF_ORDER = ("$gt", "$gte", "$lt", "$lte")


@dataclass(frozen=True, slots=True)
class _Schema:
    """A whole schema, in which `$ref`s lead."""

    root: JsonObject

    def unfit(self, pattern: Json, schema: Json, path: Place) -> Iterator[Unfit]:
        """What of a pattern a part of the schema does not allow."""
        part = self._resolved(schema)
        if isinstance(pattern, Late) or not isinstance(part, Mapping) or any(key in part for key in _UNKNOWN):
            return
        for choice in _CHOICES:
            options = [list(self.unfit(pattern, option, path)) for option in part.get(choice) or ()]
            if options and all(options):
                yield from min(options, key=len)
                return
        for one in part.get("allOf") or ():
            yield from self.unfit(pattern, one, path)
        if is_matcher(pattern):
            yield from self._matcher(pattern, part, path)
        elif isinstance(pattern, Mapping) and _allows(part, "object"):
            yield from self._members(pattern, part, path)
        elif isinstance(pattern, list) and _allows(part, "array"):
            yield from self._items(pattern, part, path)
        elif isinstance(pattern, Mapping | list) and is_late(pattern):
            return
        else:
            yield from self._literal(pattern, part, path)

    def _members(self, pattern: Mapping[str, Json], part: Mapping[str, Any], path: Place) -> Iterator[Unfit]:
        known = part.get("properties") or {}
        rest = part.get("additionalProperties", True)
        closed = _is_closed(part)
        for name, wanted in pattern.items():
            if name in known:
                yield from self.unfit(wanted, known[name], (*path, name))
            elif _wants_absence(wanted):
                continue
            elif closed:
                summary = f"`{shortened(name)}` is not an argument of the function"
                if path:
                    summary = f"`{shortened(name)}` is not a key of `{dotted(path)}`"
                hint = did_you_mean(name, known, otherwise="" if known else "it takes none; remove it")
                yield Unfit((*path, name), summary, hint, of_key=True)
            elif isinstance(rest, Mapping) and not part.get("patternProperties"):
                yield from self.unfit(wanted, rest, (*path, name))

    def _items(self, pattern: list[Any], part: Mapping[str, Any], path: Place) -> Iterator[Unfit]:
        first = part.get("prefixItems") or ()
        for i, wanted in enumerate(pattern):
            yield from self.unfit(wanted, first[i] if i < len(first) else part.get("items", True), (*path, i))

    def _matcher(self, pattern: Mapping[str, Json], part: Mapping[str, Any], path: Place) -> Iterator[Unfit]:
        for name, wanted in pattern.items():
            at = (*path, name)
            if is_late(wanted):
                continue
            if name == "$eq":
                yield from self._literal(wanted, part, at)
            elif name == "$in" and isinstance(wanted, list):
                for i, value in enumerate(wanted):
                    yield from self._literal(value, part, (*at, i))
            elif name == "$type" and not _allows(part, str(wanted)):
                yield _never(at, f"`$type: {wanted}` can never hold", part)
            elif name in _OF_TEXT and not _allows(part, "string"):
                yield _never(at, f"`{name}` is about text", part)
            elif name == "$contains" and not (_allows(part, "string") or _allows(part, "array")):
                yield _never(at, f"`{name}` is about text and lists", part)
            elif name in _OF_ITEMS and not _allows(part, "array"):
                yield _never(at, f"`{name}` is about lists", part)
            elif name in _OF_ITEMS:
                yield from self.unfit(wanted, part.get("items", True), at)
            elif name in _OF_ORDER and not _allows(part, "string" if isinstance(wanted, str) else "number"):
                what = "text" if isinstance(wanted, str) else "a number"
                yield _never(at, f"`{name}` compares with {what}", part)

    def _literal(self, value: Json, part: Mapping[str, Any], path: Place) -> Iterator[Unfit]:
        whole = {key: self.root[key] for key in ("$defs", "definitions") if key in self.root}
        for misfit in misfits({**whole, **part}, value):
            yield Unfit((*path, *misfit.path), f"no call can have this: {_sides(misfit)}", _AS_DECLARED)

    def _resolved(self, schema: Json) -> Json:
        """What a local `$ref` leads to; nothing is known behind any other, or behind one that has keys beside it."""
        for _ in range(20):
            if not isinstance(schema, Mapping) or "$ref" not in schema:
                return schema
            steps = str(schema["$ref"]).split("/")
            if steps[0] != "#" or len(schema) > 1 + ("description" in schema):
                return True
            found: Any = self.root
            for step in steps[1:]:
                key = step.replace("~1", "/").replace("~0", "~")
                found = found.get(key, True) if isinstance(found, Mapping) else True
            schema = found
        return True


def _is_closed(part: Mapping[str, Any]) -> bool:
    """Whether an object may have only the keys that `properties` names."""
    open_keys = ("patternProperties", "allOf", *_CHOICES)
    return part.get("additionalProperties", True) is False and not any(part.get(key) for key in open_keys)


def _never(at: Place, summary: str, part: Mapping[str, Any]) -> Unfit:
    return Unfit(at, f"{summary}, and the argument is {_said(part)}", _AS_DECLARED)


def _said(part: Mapping[str, Any]) -> str:
    types = part.get("type")
    return " or ".join(map(str, types)) if isinstance(types, list) else str(types)


def _wants_absence(pattern: Json) -> bool:
    return is_matcher(pattern) and pattern.get("$absent") is True


def _allows(part: Mapping[str, Any], name: str) -> bool:
    """Whether a value of this type may stand there, as far as `type` says it."""
    types = part.get("type")
    if types is None:
        return True
    allowed = set(types) if isinstance(types, list) else {types}
    return name in allowed or (name in {"number", "integer"} and bool(allowed & {"number", "integer"}))
