"""Canonical form: the one shape in which manifest, base and live are compared (ENGINE section 2).

A rule takes a field's value and gives it with defaults stripped, numbers normalised and order made
irrelevant where the wire has none; None means the default. A field's digest in the mark is the digest of
this form, so a rule cannot change after release without a new version of the mark.
"""

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from asstctl.core.json_text import canonical as canonical_text
from asstctl.core.json_types import Json
from asstctl.core.reference import placeholders

Rule = Callable[[Json], Json]
"""Brings a value to canonical form; None for the default."""

DIGEST_LENGTH = 8


def digest(value: Json) -> str:
    """48 bits of SHA-256 of a canonical value, as 8 base64url characters (ENGINE section 1)."""
    hashed = hashlib.sha256(canonical_text(value).encode("utf-8", "surrogatepass"))
    return base64.urlsafe_b64encode(hashed.digest()[:6]).decode()


def same(left: Json, right: Json) -> bool:
    """Whether two canonical values are one. Written out, because Python holds True and 1 for equal."""
    return left is right or (left == right and canonical_text(left) == canonical_text(right))


def plain(value: Json) -> Json:
    """Any JSON: numbers normalised (1.0 is 1), line ends LF, mappings and lists copied."""
    # most values are texts in dicts; isinstance of an abstract class is asked last because it is slow
    if isinstance(value, str):
        return value if "\r" not in value else text(value)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value]


def text(value: str) -> str:
    """Text with line ends LF."""
    return value.replace("\r\n", "\n").replace("\r", "\n")


def optional_text(value: Json) -> Json:
    """Text whose absence and emptiness are one."""
    return plain(value) or None


def with_default(default: Json) -> Rule:
    """A value that has this default on the wire."""
    expected = plain(default)

    def rule(value: Json) -> Json:
        canonical = plain(value)
        return None if same(canonical, expected) else canonical

    return rule


def id_set(key: str) -> Rule:
    """`{key: [ids]}`, an unordered set; none at all is the default. What stands for an id that is not known yet
    (`core.reference`) comes last."""

    def rule(value: Json) -> Json:
        ids = value.get(key) if isinstance(value, Mapping) else None
        if not isinstance(ids, Sequence) or isinstance(ids, str):
            return None
        known = sorted({id for id in ids if isinstance(id, str)})
        waiting = {canonical_text(one): one for one in placeholders(ids)}
        found = [*known, *(plain(one) for _, one in sorted(waiting.items()))]
        return {key: found} if found else None

    return rule


def mapping(value: Json) -> Json:
    """A map owned as a whole; the empty one is the default."""
    return plain(value) or None


def response_format(value: Json) -> Json:
    """`auto` is the default; inside json_schema, nulls, an empty description and `strict: false` are."""
    if value is None or value == "auto":
        return None
    if not isinstance(value, Mapping):
        return plain(value)
    match value.get("type"):
        case "text" | "json_object" as known:
            return {"type": known}
        case "json_schema" as known:
            inner = _settings(value, known)
            return {"type": known, known: _stripped(_known(inner, ("name", "schema", "strict")), {"strict": False})}
    return plain(value)


def tools(value: Json) -> Json:
    """Tools by type and name, each with its defaults stripped; an unknown type is kept as it is.

    The keys (`code_interpreter`, `function.ask_database`) are also the paths under which differences are
    shown. Keys that the wire may add inside a known tool are dropped; a manifest cannot declare them.
    """
    if not isinstance(value, Sequence) or isinstance(value, str):
        return plain(value)
    found = [_tool(tool) for tool in value]
    if len({name for name, _ in found}) < len(found):
        found.sort(key=lambda pair: (pair[0], canonical_text(pair[1])))
    keyed: dict[str, Any] = {}
    for name, canonical in found:
        while name in keyed:
            name += "'"  # several of one type and name (two of a type that nobody knows); all of them count
        keyed[name] = canonical
    return dict(sorted(keyed.items())) or None


def _tool(tool: Any) -> tuple[str, Json]:
    if not isinstance(tool, Mapping):
        return str(tool), plain(tool)
    match tool.get("type"):
        case "code_interpreter":
            return "code_interpreter", {}
        case "file_search":
            return "file_search", _file_search(_settings(tool, "file_search"))
        case "function":
            return _function(_settings(tool, "function"))
        case "mcp" if isinstance(tool.get("server_label"), str):
            by_url = isinstance(tool.get("server_url"), str)
            return f"mcp.{tool['server_label']}", _mcp(tool) if by_url else _other_mcp(tool)
        case "web_search":
            return "web_search", _web_search(tool)
    return str(tool.get("type")), plain(tool)


def _file_search(settings: Mapping[str, Any]) -> Json:
    kept = _stripped({"max_num_results": settings.get("max_num_results")}, {"max_num_results": 20})
    ranking = _settings(settings, "ranking_options")
    known = {"ranker": ranking.get("ranker"), "score_threshold": ranking.get("score_threshold")}
    # `auto` is another word for the default ranker, and the wire answers with its real name
    options = _stripped(_stripped(known, {"ranker": "auto", "score_threshold": 0}), {"ranker": "default_2024_08_21"})
    return {**kept, **({"ranking_options": options} if options else {})}


def _function(function: Mapping[str, Any]) -> tuple[str, Json]:
    # the last two are switches that no manifest has words for, and that somebody may turn on elsewhere
    known = _known(function, ("parameters", "strict", "defer_loading", "async"))
    return f"function.{function.get('name')}", _stripped(
        known,
        {"parameters": {"type": "object", "properties": {}}, "strict": False, "defer_loading": False, "async": False},
    )


def _mcp(tool: Mapping[str, Any]) -> Json:
    """A server that a URL leads to."""
    known = {key: tool.get(key) for key in ("server_url", "credential", "credential_id")}
    return _stripped({**known, "allowed_tools": _set(tool.get("allowed_tools"))}, {})


def _other_mcp(tool: Mapping[str, Any]) -> Json:
    """One that is reached otherwise than by a URL alone: no manifest has words for it, so that all of it counts."""
    rest = {key: value for key, value in tool.items() if key not in ("type", "server_label")}
    return _stripped(rest, {"connection_origin": "service", "request_metadata": {}, "required": False})


def _web_search(tool: Mapping[str, Any]) -> Json:
    place = _settings(tool, "location")
    location = _stripped({key: place.get(key) for key in ("city", "country", "region", "timezone")}, {})
    known = {
        "mode": tool.get("mode"),
        "context_size": tool.get("context_size"),
        "allowed_domains": _set(tool.get("allowed_domains")),
        "location": location or None,
    }
    return _stripped(known, {"mode": "live", "context_size": "medium"})


def _set(value: Json) -> Json:
    """Names whose order means nothing. None of them is not all of them: an empty list stays."""
    if not isinstance(value, Sequence) or isinstance(value, str) or not all(isinstance(one, str) for one in value):
        return value
    return sorted({*value})


def _settings(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """The mapping under a key; an empty one where a provider has none or something else there."""
    inner = value.get(key)
    return inner if isinstance(inner, Mapping) else {}


def _known(value: Mapping[str, Any], keys: Sequence[str]) -> dict[str, Any]:
    """These keys and the description; what else a provider puts beside them is nobody's."""
    return {**{key: value.get(key) for key in keys}, "description": optional_text(value.get("description"))}


def _stripped(value: Mapping[str, Any], defaults: Mapping[str, Json]) -> dict[str, Any]:
    """Without nulls and without what equals its default."""
    canonical = {key: plain(item) for key, item in value.items() if item is not None}
    return {key: item for key, item in canonical.items() if key not in defaults or not same(item, defaults[key])}
