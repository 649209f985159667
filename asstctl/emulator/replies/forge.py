"""The smallest plausible value that fits a JSON Schema, always the same one for the same schema.

Covers what function schemas use: types, enums, constants, bounds, formats, unions, local references. A `pattern` cannot
be inverted and is not attempted.
"""

from collections.abc import Mapping
from typing import Any

Json = Any

_DEEPEST = 12
_FULL = 3
_MOST = 2_000
_LONGEST = 10_000
"""How many values one schema gets, and how long a text: a few lines can ask for more than there is memory."""
_FORMATS = {
    "date": "2026-01-02",
    "date-time": "2026-01-02T03:04:05Z",
    "time": "03:04:05Z",
    "duration": "P1D",
    "email": "someone@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}


def forge(schema: Json, text: str = "") -> Json:
    """A value for a schema; `text` is what free strings hold, so that a forged query shows the question."""
    return _Forge(schema, text or "text").value(schema, 0)


class _Forge:
    def __init__(self, root: Json, text: str) -> None:
        self._root = root
        self._text = text
        self._made = 0

    def value(self, schema: Json, depth: int) -> Json:
        self._made += 1
        if not isinstance(schema, Mapping) or depth > _DEEPEST or self._made > _MOST:
            return None
        schema = self._flattened(schema, depth)
        for key in ("const", "default"):
            if key in schema:
                return schema[key]
        for key in ("enum", "examples"):
            if schema.get(key):
                return schema[key][0]
        match _type_of(schema):
            case "object":
                return self._object(schema, depth)
            case "array":
                count = schema.get("minItems", 1 if "items" in schema else 0)
                return [self.value(schema.get("items", {}), depth + 1) for _ in range(min(count, 100))]
            case "integer" | "number" as kind:
                return _number(schema, whole=kind == "integer")
            case "boolean":
                return True
            case "null":
                return None
            case _:
                return self._string(schema)

    def _flattened(self, schema: Mapping[str, Json], depth: int) -> dict[str, Json]:
        """The schema with its reference followed, its parts merged and the first of its alternatives chosen."""
        flat = dict(schema)
        for _ in range(_DEEPEST):
            if "$ref" in flat:
                flat = {**self._referred(flat.pop("$ref")), **flat}
            elif "allOf" in flat:
                for part in flat.pop("allOf"):
                    self._made += 1
                    room = depth < _DEEPEST and self._made < _MOST
                    flat = _merged(flat, self._flattened(part, depth + 1) if room else {})
            elif "anyOf" in flat or "oneOf" in flat:
                options = flat.pop("anyOf", None) or flat.pop("oneOf", None) or [{}]
                flat = _merged(flat, next((o for o in options if _type_of(o) != "null"), options[0]))
            else:
                break
        return flat

    def _referred(self, reference: str) -> dict[str, Json]:
        node = self._root
        for part in reference.removeprefix("#").split("/")[1:]:
            node = node.get(part, {}) if isinstance(node, Mapping) else {}
        return dict(node) if isinstance(node, Mapping) else {}

    def _object(self, schema: Mapping[str, Json], depth: int) -> dict[str, Json]:
        properties = schema.get("properties", {})
        # A schema that requires nothing gets everything: an empty object would show nothing of it. Further down a
        # schema may contain itself, and only what must be there goes on.
        names = schema.get("required") or (list(properties) if depth < _FULL else [])
        return {name: self.value(properties.get(name, {}), depth + 1) for name in names}

    def _string(self, schema: Mapping[str, Json]) -> str:
        text: str = _FORMATS.get(schema.get("format", ""), self._text)
        text += "x" * (min(schema.get("minLength", 0), _LONGEST) - len(text))
        longest: int = schema.get("maxLength", len(text))
        return text[:longest]


def _type_of(schema: Json) -> str | None:
    if not isinstance(schema, Mapping):
        return None
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((each for each in kind if each != "null"), "null")
    if kind is None:
        kind = "object" if "properties" in schema else "array" if "items" in schema else None
    return kind


def _merged(first: dict[str, Json], second: Mapping[str, Json]) -> dict[str, Json]:
    merged = {**first, **second}
    if "properties" in first and "properties" in second:
        merged["properties"] = {**first["properties"], **second["properties"]}
    if "required" in first and "required" in second:
        merged["required"] = list(dict.fromkeys([*first["required"], *second["required"]]))
    return merged


def _number(schema: Mapping[str, Json], *, whole: bool) -> float:
    step = schema.get("multipleOf", 1 if whole else None)
    low = schema.get("minimum")
    if "exclusiveMinimum" in schema:
        low = schema["exclusiveMinimum"] + (step or 0.5)
    high = schema.get("maximum")
    if "exclusiveMaximum" in schema:
        high = schema["exclusiveMaximum"] - (step or 0.5)
    number: float = low if low is not None else 1 if high is None or high >= 1 else high
    if step:
        number = -(-number // step) * step
        if high is not None and number > high:
            number -= step
    return int(number) if whole else number
