"""The files that an assistant can know, as far as the project's own files say it."""

from collections.abc import Iterable, Mapping
from typing import Any

from asstctl.core.address import Address
from asstctl.core.reference import address_of, path_of
from asstctl.core.resource import Desired

_HOLDERS = {
    "file_search": ("tool_resources.file_search", "vector_store_ids"),
    "code_interpreter": ("tool_resources.code_interpreter", "file_ids"),
}


def known_files(declared: Iterable[Desired]) -> dict[str, frozenset[str]]:
    """The paths of the files of each assistant, by its key, all of whose files are files of the project.

    Others may hold any: what is not declared, or stands there by an id alone, is not known.
    """
    by_address = {one.address: one for one in declared}
    found = {one.address.key: _files(one, by_address) for one in by_address.values() if one.address.kind == "assistant"}
    return {key: frozenset(files) for key, files in found.items() if files is not None}


def _files(assistant: Desired, declared: Mapping[Address, Desired]) -> list[str] | None:
    tools: Any = assistant.fields.get("tools")
    if tools is None:
        return None
    named = [*assistant.searched]
    for tool in {tool.get("type") for tool in tools} & _HOLDERS.keys():
        field, ids = _HOLDERS[tool]
        resources: Any = assistant.fields.get(field)
        if resources is None:
            return None
        named += resources.get(ids) or ()
    files: list[str] = []
    for id in named:
        held = _held(id, declared)
        if held is None:
            return None
        files += held
    return files


def _held(id: Any, declared: Mapping[Address, Desired]) -> list[str] | None:
    if path := path_of(id):
        return [path]
    store = declared.get(address) if (address := address_of(id)) else None
    return None if store is None or store.files is None else [one.file.path for one in store.files]
