"""OpenAI's strict subset of JSON Schema: one rule, one code; the numbers in one table.

Strict function calling takes a schema only if it says everything: closed objects, every property required,
no keyword that cannot be turned into a grammar. This module knows the rules; whether a function is strict,
and where its schema was written, is for callers.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from json import loads
from typing import Any

from asstctl.core.json_text import canonical
from asstctl.core.json_types import Json
from asstctl.documents.schemas import Finding, Path

LIMITS = {
    "properties": 5000,
    "depth": 10,
    "enum_values": 1000,
    "name_chars": 120_000,
    "long_enum": 250,
    "long_enum_chars": 15_000,
}
"""As published in 2026-02."""

_FORBIDDEN = (
    *("allOf", "oneOf", "not", "if", "then", "else", "dependentRequired", "dependentSchemas", "patternProperties"),
    *("propertyNames", "unevaluatedProperties", "unevaluatedItems", "contains", "minContains", "maxContains"),
    *("minProperties", "maxProperties", "uniqueItems", "prefixItems"),
)


def check_strict(schema: Json) -> tuple[Finding, ...]:
    """Every rule of the strict subset that a schema breaks. The schema must have passed `check_schema`."""
    return _check_strict(canonical(schema))


@lru_cache(maxsize=4096)
def _check_strict(text: str) -> tuple[Finding, ...]:
    walk = _Walk()
    schema = loads(text)
    if not isinstance(schema, dict) or schema.get("type") != "object" or "anyOf" in schema:
        path: Path = ("anyOf",) if isinstance(schema, dict) and "anyOf" in schema else ()
        hint = "write `type: object`, and put a choice below a property"
        walk.add("strict-root-object", path, "the root of strict parameters must be one object", hint)
    walk.visit(schema, (), 0)
    walk.total("strict-properties", walk.properties, LIMITS["properties"], "properties", "split the function")
    walk.total("strict-enum", walk.enum_values, LIMITS["enum_values"], "enum values", "describe the values in words")
    walk.total(
        "strict-size", walk.name_chars, LIMITS["name_chars"], "characters of names and values", "use shorter names"
    )
    return tuple(walk.findings)


@dataclass
class _Walk:
    findings: list[Finding] = field(default_factory=list)
    properties: int = 0
    enum_values: int = 0
    name_chars: int = 0

    def add(self, code: str, path: Path, summary: str, hint: str) -> None:
        self.findings.append(Finding(code, path, summary, hint, of_key=True))

    def total(self, code: str, count: int, limit: int, what: str, hint: str) -> None:
        if count > limit:
            self.add(code, (), f"strict parameters have {count} {what}, and {limit} are taken", hint)

    def visit(self, schema: Any, path: Path, depth: int) -> None:
        """One schema and all below it; `depth` counts the objects around it."""
        if not isinstance(schema, dict):
            return
        for keyword in _FORBIDDEN:
            if keyword in schema:
                hint = "use anyOf" if keyword == "oneOf" else "remove it, and say it in the description"
                self.add("strict-keyword", (*path, keyword), f"`{keyword}` is not part of the strict subset", hint)
        if "properties" in schema or _is_object(schema):
            depth += 1
            # Said once, where the limit is passed: everything below is too deep as well.
            if depth == LIMITS["depth"] + 1:
                summary = f"strict parameters nest at most {LIMITS['depth']} objects"
                self.add("strict-depth", path, summary, "flatten the structure")
            self.object(schema, path)
        self.enum(schema, path)
        for step, child in _children(schema):
            self.visit(child, (*path, *step), depth)

    def object(self, schema: dict[str, Any], path: Path) -> None:
        properties = schema.get("properties", {})
        self.properties += len(properties)
        self.name_chars += sum(map(len, properties))
        if schema.get("additionalProperties") is not False:
            at = (*path, "additionalProperties") if "additionalProperties" in schema else path
            summary = "strict functions must close every object"
            self.add("strict-additional-properties", at, summary, "write `additionalProperties: false`")
        required = schema.get("required", [])
        absent = [name for name in properties if name not in required]
        if absent:
            at = (*path, "required") if "required" in schema else path
            summary = "strict functions must require every property"
            self.add("strict-required", at, summary, _require(absent, properties))
        unknown = [name for name in required if name not in properties]
        if unknown:
            summary = f"`{unknown[0]}` is required and not among the properties"
            self.add("strict-required", (*path, "required"), summary, "add the property, or do not require it")

    def enum(self, schema: dict[str, Any], path: Path) -> None:
        values = schema.get("enum", [])
        chars = sum(len(value) for value in values if isinstance(value, str))
        constant = schema.get("const")
        self.enum_values += len(values)
        self.name_chars += chars + (len(constant) if isinstance(constant, str) else 0)
        if len(values) > LIMITS["long_enum"] and chars > LIMITS["long_enum_chars"]:
            summary = (
                f"an enum of more than {LIMITS['long_enum']} texts has at most {LIMITS['long_enum_chars']} characters"
            )
            self.add("strict-enum", (*path, "enum"), summary, "use shorter values")
        self.name_chars += sum(map(len, schema.get("$defs", {})))


def _is_object(schema: dict[str, Any]) -> bool:
    kind = schema.get("type")
    return kind == "object" or (isinstance(kind, list) and "object" in kind)


def _children(schema: dict[str, Any]) -> Iterator[tuple[Path, Any]]:
    for key in ("properties", "$defs", "definitions"):
        for name, child in schema.get(key, {}).items():
            yield (key, name), child
    for number, child in enumerate(schema.get("anyOf", [])):
        yield ("anyOf", number), child
    for key in ("items", "additionalProperties"):
        if key in schema:
            yield (key,), schema[key]


def _require(absent: list[str], properties: dict[str, Any]) -> str:
    names = ", ".join(f"`{name}`" for name in absent[:3]) + (" and more" if len(absent) > 3 else "")
    kind = properties[absent[0]].get("type") if isinstance(properties[absent[0]], dict) else None
    nullable = f'{{type: [{kind}, "null"]}}' if isinstance(kind, str) else 'anyOf with {type: "null"}'
    return f"{names} {'is' if len(absent) == 1 else 'are'} missing; require it and allow null: {nullable}"
