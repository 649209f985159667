"""JSON Schema: is it one (2020-12), does it stand on its own, and does a value fit it. The strict subset is in
`strict_schema`.

Nothing is ever fetched: a `$ref` leads inside its own schema or is an error. Findings carry the path inside
the schema, and callers place them. Results are kept by the schema's canonical text, because the same
function is used by many assistants.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from asstctl.core.change import ABSENT, Absent
from asstctl.core.json_text import canonical, json_text
from asstctl.core.json_types import Json

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Finding:
    """One thing wrong with a schema: the path of what it speaks of, and whether the key there is meant."""

    code: str
    path: Path
    summary: str
    hint: str
    of_key: bool = False


def check_schema(schema: Json) -> tuple[Finding, ...]:
    """Everything that keeps a value from being a JSON Schema 2020-12 that stands on its own."""
    return _check_schema(canonical(schema))


@lru_cache(maxsize=4096)
def _check_schema(text: str) -> tuple[Finding, ...]:
    import jsonschema_rs

    schema = json.loads(text)
    if not isinstance(schema, dict | bool):
        return (Finding("bad-schema", (), "a schema must be a map", "write `type: object` and `properties`"),)
    findings = [
        Finding("bad-schema", tuple(problem.instance_path), _sentence(problem), "see JSON Schema 2020-12")
        for problem in _meta_validator().iter_errors(schema)
    ]
    findings += [
        Finding(
            "remote-ref", path, f"`{ref}` leads out of the schema", "copy it under `$defs`, and refer to `#/$defs/...`"
        )
        for path, ref in _remote_refs(schema, ())
    ]
    if findings:
        return tuple(findings)
    try:
        jsonschema_rs.Draft202012Validator(schema, retriever=_refuse)
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as problem:
        path = tuple(getattr(problem, "instance_path", ()))
        return (Finding("bad-schema", path, _sentence(problem), "check its `$ref`s and patterns"),)
    return ()


@dataclass(frozen=True)
class Misfit:
    """One place where a value is not as a schema says: the keyword that says so, and what it wants."""

    path: Path
    keyword: str
    wanted: Json
    actual: Json | Absent

    @property
    def expected(self) -> str:
        """What the keyword wants, in the words of the schema."""
        if self.keyword == "type":
            return " or ".join(self.wanted) if isinstance(self.wanted, list) else str(self.wanted)
        if self.keyword == "enum" and isinstance(self.wanted, list):
            return f"one of {', '.join(map(json_text, self.wanted))}"
        words = {"required": "present", "additionalProperties": "absent"}
        return words.get(self.keyword) or f"{self.keyword} {json_text(self.wanted)}"


def misfits(schema: Json, value: Json) -> tuple[Misfit, ...]:
    """Every place where a value is not as the schema says. The schema must have been checked."""
    return tuple(_misfits(canonical(schema), value))


def _misfits(text: str, value: Json) -> Iterator[Misfit]:
    for problem in _validator(text).iter_errors(value):
        path, keyword = tuple(problem.instance_path), str(problem.kind.name)
        if keyword == "required":
            yield Misfit((*path, problem.kind.property), keyword, True, ABSENT)
        elif keyword == "additionalProperties":
            for name in problem.kind.unexpected:
                yield Misfit((*path, name), keyword, False, problem.instance[name])
        else:
            yield Misfit(path, keyword, _at(json.loads(text), problem.schema_path), problem.instance)


def _at(schema: Any, path: list[str | int]) -> Any:
    try:
        for step in path:
            schema = schema[step]
    except (KeyError, IndexError, TypeError):  # it leads through an anchor
        return None
    return schema


@lru_cache(maxsize=4096)  # each part of a function's parameters may have been asked for
def _validator(text: str) -> Any:
    import jsonschema_rs

    return jsonschema_rs.Draft202012Validator(json.loads(text), retriever=_refuse)


@lru_cache(maxsize=1)
def _meta_validator() -> Any:
    import jsonschema_rs

    uri = "https://json-schema.org/draft/2020-12/schema"  # known to the library; nothing is fetched
    return jsonschema_rs.Draft202012Validator({"$ref": uri}, retriever=_refuse)


def _refuse(uri: str) -> Any:
    raise ValueError(f"`{uri}` leads out of the schema")


def _sentence(problem: Any) -> str:
    text = str(getattr(problem, "message", problem)).splitlines()[0].rstrip(".")
    text = text if len(text) <= 200 else text[:200] + "…"
    return f"not a JSON Schema: {text}"


def _remote_refs(schema: Any, path: Path) -> list[tuple[Path, str]]:
    found: list[tuple[Path, str]] = []
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key in {"$ref", "$dynamicRef"} and isinstance(value, str) and not value.startswith("#"):
                found.append(((*path, key), value))
            elif key not in {"const", "enum", "default", "examples"}:
                found += _remote_refs(value, (*path, key))
    elif isinstance(schema, list):
        for number, value in enumerate(schema):
            found += _remote_refs(value, (*path, number))
    return found
