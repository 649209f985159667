"""Assistants that somebody saved, as live objects of the Assistants v2 wire. Pure.

What the wire always has and an export may lack is filled in; an object that cannot be used is a diagnostic.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from asstctl.core.diagnostic import Diagnostic, error
from asstctl.core.errors import BadAnswer
from asstctl.core.json_text import canonical
from asstctl.core.mark import only_mark, without_mark
from asstctl.core.resource import Live
from asstctl.providers.assistants.codecs import ASSISTANT
from asstctl.workspace.migration.saved_objects import SavedObject

_TEXTS = ("name", "description", "model", "instructions")


@dataclass(frozen=True, slots=True)
class SavedAssistant:
    """One assistant, without the mark that it may have borne (`marked`). `id` is that of the saved object, empty where
    it had none."""

    live: Live
    id: str
    place: str
    marked: bool


def assistants_in(objects: Iterable[SavedObject]) -> tuple[list[SavedAssistant], list[Diagnostic]]:
    """Each of them once, and why others cannot be used."""
    found: list[SavedAssistant] = []
    problems: list[Diagnostic] = []
    known: dict[str, SavedObject] = {}
    for number, one in enumerate(objects, 1):
        if one.id and one.id in known:
            if canonical(known[one.id].value) != canonical(one.value):
                summary = f"{one.id} is saved twice, and differently"
                detail = f"{known[one.id].place}, and {one.place}"
                problems.append(error("saved-twice", summary, one.where, detail=detail, hint="leave one of them out"))
            continue
        known[one.id] = one
        try:
            live = _decoded(one.value, f"saved_{number}")
            found.append(SavedAssistant(live, one.id, one.place, bool(only_mark(one.value.get("metadata") or {}))))
        except BadAnswer as wrong:
            what = f"`{one.at}`" if one.at else f"`{one.where.path}`"
            summary = f"{what} is no assistant that can be used"
            problems.append(
                error("bad-object", summary, one.where, detail=wrong.detail, hint="mend it, or leave it out")
            )
    return found, problems


def _decoded(value: Mapping[str, Any], nameless: str) -> Live:
    """Raises BadAnswer."""
    metadata = value.get("metadata") or {}
    raw = {
        **value,
        "object": ASSISTANT.kind,
        "id": value.get("id") or nameless,
        "created_at": value.get("created_at") or 0,
        "tools": value.get("tools") or [],
        "metadata": without_mark(metadata) if isinstance(metadata, Mapping) else metadata,
    }
    if wrong := [key for key in _TEXTS if not isinstance(raw.get(key) or "", str)]:
        raise BadAnswer("", detail=f"{wrong[0]} is not a text")
    if not raw.get("model"):
        raise BadAnswer("", detail="it has no model")
    if isinstance(raw["tools"], list) and not all(map(_is_tool, raw["tools"])):
        raise BadAnswer("", detail="a tool is no object, or a function has no name")
    return ASSISTANT.decode(raw)


def _is_tool(tool: Any) -> bool:
    if not isinstance(tool, Mapping):
        return False
    function = tool.get("function")
    return tool.get("type") != "function" or (isinstance(function, Mapping) and isinstance(function.get("name"), str))
