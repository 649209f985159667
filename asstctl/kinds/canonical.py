"""Canonical form: the one shape in which manifest, base and live are compared (ENGINE section 2).

A rule takes a field's value and gives it with defaults stripped, numbers normalised and order made
irrelevant where the wire has none; None means the default. A field's digest in the mark is the digest of
this form, so a rule cannot change after release without a new version of the mark.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from asstctl.core.json_types import Json

Rule = Callable[[Json], Json]
"""Brings a value to canonical form; None for the default."""

DIGEST_LENGTH = 8


def digest(canonical: Json) -> str:
    """48 bits of SHA-256 of a canonical value, as 8 base64url characters (ENGINE section 1)."""
    hashed = hashlib.sha256(_written(canonical).encode("utf-8", "surrogatepass"))
    return base64.urlsafe_b64encode(hashed.digest()[:6]).decode()


def same(left: Json, right: Json) -> bool:
    """Whether two canonical values are one. Written out, because Python holds True and 1 for equal."""
    return left == right and _written(left) == _written(right)


def _written(canonical: Json) -> str:
    return json.dumps(canonical, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def plain(value: Json) -> Json:
    """Any JSON: numbers normalised (1.0 is 1), line ends LF, mappings and lists copied."""
    match value:
        case bool() | None:
            return value
        case float():
            return int(value) if value.is_integer() else value
        case str():
            return text(value)
        case Mapping():
            return {key: plain(item) for key, item in value.items()}
        case Sequence():
            return [plain(item) for item in value]
    return value


def text(value: Json) -> Json:
    """Text with line ends LF; the empty text is the default."""
    return value.replace("\r\n", "\n").replace("\r", "\n") if isinstance(value, str) else value


def optional_text(value: Json) -> Json:
    """Text whose absence and emptiness are one."""
    return text(value) or None


def with_default(default: Json) -> Rule:
    """A value that has this default on the wire."""
    expected = plain(default)

    def rule(value: Json) -> Json:
        canonical = plain(value)
        return None if same(canonical, expected) else canonical

    return rule


def id_set(key: str) -> Rule:
    """`{key: [ids]}`, an unordered set; none at all is the default."""

    def rule(value: Json) -> Json:
        ids = value.get(key) if isinstance(value, Mapping) else None
        return {key: sorted(set(ids))} if ids else None

    return rule


def mapping(value: Json) -> Json:
    """A map owned as a whole; the empty one is the default."""
    return plain(value) or None


def response_format(value: Json) -> Json:
    """`auto` is the default; inside json_schema, nulls and `strict: false` are."""
    if value in (None, "auto"):
        return None
    if isinstance(value, Mapping) and value.get("type") == "json_schema":
        schema = value.get("json_schema")
        inner = _stripped(schema, {"strict": False}) if isinstance(schema, Mapping) else schema
        return {"type": "json_schema", "json_schema": plain(inner)}
    return plain(value)


def tools(value: Json) -> Json:
    """Tools by type and name, each with its defaults stripped; an unknown type is kept as it is.

    The keys (`code_interpreter`, `function.ask_database`) are also the paths under which differences are
    shown. Keys that the wire may add inside a known tool are dropped; a manifest cannot declare them.
    """
    if not isinstance(value, Sequence) or isinstance(value, str):
        return plain(value)
    keyed: dict[str, Any] = {}
    for tool in value:
        name, canonical = _tool(tool)
        while name in keyed:
            name += "'"  # a live object may hold the same tool twice; both must count
        keyed[name] = canonical
    return dict(sorted(keyed.items())) or None


def _tool(tool: Any) -> tuple[str, Json]:
    if not isinstance(tool, Mapping):
        return str(tool), plain(tool)
    match tool.get("type"):
        case "code_interpreter":
            return "code_interpreter", {}
        case "file_search":
            return "file_search", _file_search(tool.get("file_search") or {})
        case "function":
            return _function(tool.get("function") or {})
    return str(tool.get("type")), plain(tool)


def _file_search(settings: Mapping[str, Any]) -> Json:
    kept = _stripped({"max_num_results": settings.get("max_num_results")}, {"max_num_results": 20})
    ranking = settings.get("ranking_options") or {}
    known = {"ranker": ranking.get("ranker"), "score_threshold": ranking.get("score_threshold")}
    # `auto` is another word for the default ranker, and the wire answers with its real name
    options = _stripped(_stripped(known, {"ranker": "auto", "score_threshold": 0}), {"ranker": "default_2024_08_21"})
    return {**kept, **({"ranking_options": options} if options else {})}


def _function(function: Mapping[str, Any]) -> tuple[str, Json]:
    known = {key: function.get(key) for key in ("description", "parameters", "strict")}
    known["description"] = optional_text(known["description"])
    return f"function.{function.get('name')}", _stripped(
        known, {"parameters": {"type": "object", "properties": {}}, "strict": False}
    )


def _stripped(value: Mapping[str, Any], defaults: Mapping[str, Json]) -> dict[str, Any]:
    """Without nulls and without what equals its default."""
    canonical = {key: plain(item) for key, item in value.items() if item is not None}
    return {key: item for key, item in canonical.items() if key not in defaults or not same(item, defaults[key])}
