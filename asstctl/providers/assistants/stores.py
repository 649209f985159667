"""What thread and vector store objects of the Assistants v2 wire say of the files that a thread searches. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from asstctl.core.errors import Rejected
from asstctl.providers.assistants.file_codecs import reason
from asstctl.providers.assistants.ids import is_id


def stores_of(thread: Mapping[str, Any]) -> tuple[str, ...]:
    """The vector stores that a thread searches."""
    resources = thread.get("tool_resources")
    search = resources.get("file_search") if isinstance(resources, Mapping) else None
    ids = search.get("vector_store_ids") if isinstance(search, Mapping) else None
    return tuple(id for id in ids if is_id(id)) if isinstance(ids, list) else ()


def is_taking_in(store: Mapping[str, Any]) -> bool:
    """Whether files of a store are still being read."""
    return store.get("status") == "in_progress" or _count(store, "in_progress") > 0


def has_bad_files(store: Mapping[str, Any]) -> bool:
    """Whether some of them could not be read."""
    return _count(store, "failed") + _count(store, "cancelled") > 0


def is_bad(file: Mapping[str, Any]) -> bool:
    """Whether a file of a store is one of those."""
    return file.get("status") in ("failed", "cancelled")


def unsearchable(place: str, files: Sequence[Mapping[str, Any]], names: Mapping[str, str]) -> Rejected:
    """The error for files that a store could not take in."""
    called = [(names.get(one["id"], one["id"]), reason(one.get("last_error")) or one.get("status")) for one in files]
    return Rejected(
        f"{place} cannot search {called[0][0] if called else 'a file of the thread'}",
        detail="; ".join(f"{name}: {why}" for name, why in called),
        hint="Give the conversation a file that holds text, or attach it for the code_interpreter instead.",
    )


def _count(store: Mapping[str, Any], status: str) -> int:
    counts = store.get("file_counts")
    count = counts.get(status) if isinstance(counts, Mapping) else 0
    return count if isinstance(count, int) else 0
