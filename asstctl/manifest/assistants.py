"""Assistants: what a manifest of this kind becomes on one target."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from asstctl.core.address import Address
from asstctl.core.diagnostic import Diagnostic, Where, error
from asstctl.core.json_types import JsonObject
from asstctl.core.knowledge import LocalFile
from asstctl.core.reference import file_reference, reference
from asstctl.core.resource import EXTENSION
from asstctl.core.suggest import did_you_mean
from asstctl.documents.yaml import Path as Place
from asstctl.kinds.assistant import FIELD_NAMES, AssistantManifest
from asstctl.manifest.functions import check_parameters
from asstctl.manifest.kind import Kind, Rendered
from asstctl.manifest.layers import Layered, Spot
from asstctl.manifest.resources import Context, Parts, Upload
from asstctl.manifest.tools import ToolReader, Tools

RESOURCES = "tool_resources"
PLAIN_FIELDS = tuple(name for name in FIELD_NAMES if not name.startswith(RESOURCES) and name != "tools")
STORE = "vector_store"


def read_assistant(merged: Layered, context: Context) -> Parts:
    """The parts of an assistant on a target."""
    value: Mapping[str, Any] = merged.value
    parts = Parts()
    for name in PLAIN_FIELDS:
        if name in value:
            parts.declare(name, value[name])
    if "instructions" in value:
        text = _instructions(value["instructions"], merged, context)
        if isinstance(text, tuple):
            parts.diagnostics += text
        parts.fields["instructions"] = None if isinstance(text, tuple) else text
    tools: Tools | None = None
    if "tools" in value:
        reader = ToolReader(context.target, context.targets, context.manifests, context.functions, context.files)
        tools = reader.read(value["tools"] or (), merged)
        parts.diagnostics += tools.diagnostics
        parts.complete = tools.wire is not None
        parts.returns = {str(f.wire["name"]): f.returns for f in tools.functions.values() if f.returns is not None}
        parts.declare("tools", None if value["tools"] is None else list(tools.wire or ()))
    _read_resources(parts, merged, context, tools.absent if tools else frozenset())
    _read_extensions(parts, merged, context)
    parts.diagnostics += _check_response_format(merged)
    parts.locate = partial(_locate, merged, tools)
    return parts


ASSISTANT = Kind(
    "assistant",
    "an assistant",
    AssistantManifest,
    whole=frozenset({"response_format", "instructions"}),
    parted=("metadata", "extensions", "tools"),
    required=frozenset({"model"}),
    rendered=Rendered(
        texts=("name", "description", "model", "instructions", "reasoning_effort"),
        numbers=("temperature", "top_p"),
        closed=("reasoning_effort",),
    ),
    read=read_assistant,
)


def _locate(merged: Layered, tools: Tools | None, path: Place, key: bool) -> Spot | None:
    """Places in functions, which may be in files of their own, and of ids that are written as keys or paths."""
    if path[0] == "tools" and tools is not None:
        return tools.locate(merged, path, key=key)
    if path[0] == RESOURCES and len(path) == 3:
        written = merged.value[RESOURCES]
        names = _REFERENCES[str(path[1])]
        inner = written.get(path[1]) if isinstance(written, Mapping) else None
        there = next((name for name in names if isinstance(inner, Mapping) and inner.get(name)), names[0])
        return Spot(merged, (*path[:2], there), key=True)
    return None


def _instructions(value: Any, merged: Layered, context: Context) -> str | tuple[Diagnostic, ...] | None:
    if not isinstance(value, Mapping):
        return None if value is None else str.__str__(value)
    kind, written = next((kind, value[kind]) for kind in ("file", "template") if kind in value)
    place: Place = ("instructions", kind)
    where = merged.where(place)
    path = context.files.find(merged.owner(place).base, written, where)
    if isinstance(path, Diagnostic):
        return (path,)
    text = context.files.text(path, written, where)
    if isinstance(text, Diagnostic):
        return (text,)
    return context.renderer.file(text, path) if kind == "template" else text


def _read_resources(parts: Parts, merged: Layered, context: Context, absent: frozenset[str]) -> None:
    """Each key of tool_resources is a field; a null for all of them speaks of each. They stay away with their tool."""
    if RESOURCES not in merged.value:
        return
    written: Any = merged.value[RESOURCES]
    for key, read in _READERS.items():
        name, place = f"{RESOURCES}.{key}", (RESOURCES, key)
        if key in absent:
            continue
        if written is None:
            parts.declare(name, None, (RESOURCES,))
        elif key in written:
            value = written[key]
            parts.declare(name, None if value is None else read(parts, value, place, merged, context), place)


def _code_interpreter(
    parts: Parts, written: Mapping[str, Any], place: Place, merged: Layered, context: Context
) -> JsonObject:
    """Ids, and a placeholder for each file of the project."""
    if "files" not in written:
        return dict(written)
    found: dict[str, LocalFile] = {}
    named: dict[str, str] = {}
    for number, entry in enumerate(written["files"]):
        at = (*place, "files", number)
        where = merged.where(at)
        files, wrong = context.local_files.matching(merged.owner(at).base, entry, where)
        parts.diagnostics += wrong
        for file in files:
            if file.path in found:
                continue
            other = named.setdefault(file.name, file.path)
            if other != file.path:
                summary = f"two files are called `{file.name}`: `{other}` and `{file.path}`"
                hint = "rename one of them: code sees the name alone"
                parts.diagnostics.append(error("same-file-name", summary, where, hint=hint))
            found[file.path] = file
            parts.uploads += (Upload(file, at),)
    # in the order of their paths: that of the entries means nothing on the wire
    uploads = [file_reference(found[path]) for path in sorted(found)]
    return {"file_ids": [*written.get("file_ids", ()), *uploads]}


def _file_search(
    parts: Parts, written: Mapping[str, Any], place: Place, merged: Layered, context: Context
) -> JsonObject:
    """Ids, and a placeholder for each vector store of the project."""
    if "vector_stores" not in written:
        return dict(written)
    known = context.manifests.keys_of(STORE)
    stores: dict[str, Address] = {}
    for number, key in enumerate(written["vector_stores"]):
        if key in known:
            stores[key] = known[key]
        elif not context.manifests.may_hold(key):
            hint = did_you_mean(key, known, otherwise=f"declare it: `kind: {STORE}`") or f"declare it: `kind: {STORE}`"
            where = merged.where((*place, "vector_stores", number))
            parts.diagnostics.append(error("bad-reference", f"there is no vector store `{key}`", where, hint=hint))
        else:
            parts.complete = False
    parts.depends_on = tuple(stores.values())
    return {"vector_store_ids": [*written.get("vector_store_ids", ()), *map(reference, parts.depends_on)]}


_Reader = Callable[[Parts, Mapping[str, Any], Place, Layered, Context], JsonObject]

_READERS: Mapping[str, _Reader] = {"code_interpreter": _code_interpreter, "file_search": _file_search}

_REFERENCES: Mapping[str, Sequence[str]] = {
    "code_interpreter": ("file_ids", "files"),
    "file_search": ("vector_store_ids", "vector_stores"),
}


def _read_extensions(parts: Parts, merged: Layered, context: Context) -> None:
    written: Any = merged.value.get("extensions") or {}
    for provider, entries in written.items():
        if provider not in context.extension_providers:
            where = merged.where(("extensions", provider), key=True)
            hint = did_you_mean(provider, context.extension_providers)
            parts.diagnostics.append(error("unknown-provider", f"there is no provider `{provider}`", where, hint=hint))
        if provider == context.provider:
            for name, item in entries.items():
                parts.declare(EXTENSION + name, item, ("extensions", provider, name))


def _check_response_format(merged: Layered) -> tuple[Diagnostic, ...]:
    wanted = merged.value.get("response_format")
    named = wanted.get("json_schema") if isinstance(wanted, Mapping) else None
    if not isinstance(named, Mapping) or named.get("schema") is None:
        return ()
    place: Place = ("response_format", "json_schema", "schema")

    def point(path: Place, key: bool) -> Where:
        return merged.where(place + path, key=key)

    return check_parameters(named["schema"], point, strict=named.get("strict") is True)
