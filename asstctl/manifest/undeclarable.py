"""What of a live object no manifest can say, and why: keys of a wire beyond the fields, values that nobody could load.

Pure; what becomes of it is for `from_live`.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from asstctl.core.diagnostic import Where, has_errors
from asstctl.core.json_types import Json
from asstctl.core.resource import Live
from asstctl.documents.models import check_parts
from asstctl.documents.yaml import Path as Place
from asstctl.kinds.function import InlineFunction, is_schema_file
from asstctl.manifest.functions import check_parameters
from asstctl.manifest.kind import Kind
from asstctl.manifest.tool_words import FUNCTION_KEYS, Words, declared

_TOOL_KEYS: Mapping[str, Collection[str]] = {
    "code_interpreter": ("type",),
    "file_search": ("type", "file_search"),
    "function": ("type", "function"),
    "mcp": ("type", "server_label", "server_url", "allowed_tools", "credential_id"),
    "web_search": ("type", "mode", "context_size", "allowed_domains", "location"),
}
"""What a manifest can say of a tool, as the wire has it."""

_RESOURCE_IDS = {"file_search": "vector_store_ids", "code_interpreter": "file_ids"}


@dataclass(frozen=True)
class _Trial:
    value: Json

    def where(self, path: Place = (), *, key: bool = False) -> Where:
        return Where("")


def beyond_fields(live: Live, words: Words) -> Iterator[tuple[str, str]]:
    """Keys inside of known fields that the wire added and that nobody can declare."""
    yield from _resources(live.raw.get("tool_resources"))
    tools: Any = live.fields.get("tools") or []
    for tool in tools:
        if declared(tool, words) is not None:
            yield from ((f"tools.{path}", "a manifest has no such key") for path in _members(tool))


def unfit(kind: Kind, said: Mapping[str, Any]) -> tuple[str, str] | None:
    """A key that the model of a kind does not take, and why; None where it takes all of them."""
    _, diagnostics, wrong = check_parts(kind.model, _Trial(said), what=kind.what)
    if not has_errors(diagnostics) or not wrong:
        return None
    top, *below = next(iter(wrong))
    return str(top), diagnostics[0].summary + (", and no part of it can be declared alone" if below else "")


def unsound_function(tool: Mapping[str, Any]) -> str:
    """Why no manifest would take a tool that has a form there, or nothing."""
    if tool["type"] != "function":
        return ""
    function = tool["function"]
    _, diagnostics, _ = check_parts(InlineFunction, _Trial(function), what="a function")
    reason = diagnostics[0].summary if diagnostics else ""
    reason = reason or unsound_schema(function.get("parameters"), strict=function.get("strict") is True)
    return f"{function['name']} cannot be declared ({reason})" if reason else ""


def unsound_schema(schema: Json, *, strict: bool) -> str:
    """What is wrong with a schema of the wire, which takes more than a manifest does; nothing where there is none."""
    if schema is None:
        return ""
    if is_schema_file(schema):
        return "a manifest would take its parameters for the name of a file"
    found = check_parameters(schema, lambda path, key: Where(""), strict=strict)
    return found[0].summary if found else ""


def _resources(resources: Json) -> Iterator[tuple[str, str]]:
    if resources and not isinstance(resources, Mapping):
        yield "tool_resources", "it is no object"
    for tool, settings in resources.items() if isinstance(resources, Mapping) else ():
        known = _RESOURCE_IDS.get(tool)
        if known is None:
            if settings:
                yield f"tool_resources.{tool}", "there is no such tool in a manifest"
            continue
        if settings and not isinstance(settings, Mapping):
            yield f"tool_resources.{tool}", "it is no object"
        for key, value in settings.items() if isinstance(settings, Mapping) else ():
            if key != known and value:
                yield f"tool_resources.{tool}.{key}", "a manifest has no such key"
            elif value and not _is_list_of_ids(value):
                yield f"tool_resources.{tool}", f"its {key} are no list of ids"


def _is_list_of_ids(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str) and all(isinstance(id, str) for id in value)


def _members(tool: Mapping[str, Any]) -> Iterator[str]:
    """The members of a tool that no manifest can say and that say something."""
    kind = str(tool.get("type"))
    inner = tool.get(kind)
    yield from _others(kind, tool, _TOOL_KEYS[kind])
    if kind == "function" and isinstance(inner, Mapping):
        yield from _others(f"{kind}.{inner.get('name')}", inner, ("name", *FUNCTION_KEYS))
    if kind == "file_search" and isinstance(inner, Mapping):
        yield from _others(kind, inner, ("max_num_results", "ranking_options"))
        yield from _others(f"{kind}.ranking_options", inner.get("ranking_options"), ("ranker", "score_threshold"))


def _others(path: str, value: Json, known: Collection[str]) -> Iterator[str]:
    if isinstance(value, Mapping):
        yield from (f"{path}.{key}" for key, item in value.items() if key not in known and item is not None)
