"""Vector stores: what a manifest of this kind becomes on one target.

A store without `name` is called by its key, because people see it in dashboards. A file that several entries match
belongs to the first of them. An entry's attributes come over those of the store, its chunking replaces the store's.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from asstctl.core.json_types import Json
from asstctl.core.knowledge import KnowledgeFile
from asstctl.documents.yaml import Path as Place
from asstctl.kinds.vector_store import VectorStoreManifest
from asstctl.kinds.vector_store_fields import VECTOR_STORE as TABLE
from asstctl.manifest.kind import Kind, Rendered
from asstctl.manifest.layers import Layered
from asstctl.manifest.resources import FILES, Context, Parts, Upload


def read_vector_store(merged: Layered, context: Context) -> Parts:
    """The parts of a vector store on a target."""
    parts = Parts()
    for name in TABLE.fields:
        if name in merged.value:
            parts.declare(name, merged.value[name])
    if FILES in merged.value:
        parts.written[FILES] = (FILES,)
        written: Any = merged.value[FILES]
        parts.knowledge = _files(parts, written or (), merged, context)
    return parts


VECTOR_STORE = Kind(
    "vector_store",
    "a vector store",
    VectorStoreManifest,
    whole=frozenset({"chunking_strategy"}),
    parted=("metadata", "attributes", FILES),
    rendered=Rendered(texts=("name",)),
    named_by_key=True,
    read=read_vector_store,
)


def _files(
    parts: Parts, entries: Sequence[str | Mapping[str, Any] | None], merged: Layered, context: Context
) -> tuple[KnowledgeFile, ...]:
    """The files of all entries by path; None stands for an entry that has errors."""
    value: Mapping[str, Any] = merged.value
    common = value.get("attributes") or {}
    if common:
        parts.attributes[("attributes",)] = common
    found: dict[str, KnowledgeFile] = {}
    for number, entry in enumerate(entries):
        if entry is None:
            continue
        at: Place = (FILES, number)
        own: Mapping[str, Any] = entry if isinstance(entry, Mapping) else {"path": entry}
        path: Place = (*at, "path") if isinstance(entry, Mapping) else at
        files, wrong = context.local_files.matching(merged.owner(at).base, own["path"], merged.where(path))
        parts.diagnostics += wrong
        attributes = {**common, **(own.get("attributes") or {})}
        if own.get("attributes"):
            parts.attributes[(*at, "attributes")] = attributes
        chunking = _chunking(own.get("chunking_strategy") or value.get("chunking_strategy"))
        for file in files:
            if file.path not in found:
                found[file.path] = KnowledgeFile(file, attributes, chunking)
                parts.uploads += (Upload(file, path),)
    return tuple(found[path] for path in sorted(found))


def _chunking(strategy: Mapping[str, Json] | None) -> Json:
    """The wire's strategy; None for `auto`."""
    return None if strategy is None or strategy.get("type") == "auto" else dict(strategy)
