"""`tool_resources`: what a request may name in them, and what an assistant, a thread or a run holds afterwards.

Everything that takes them comes here, and so do the files attached to messages, which a thread holds from then on.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from asstctl.emulator import refusals
from asstctl.emulator.files.lookup import check_files
from asstctl.emulator.knowledge.stores import attach, find_store, insert_store, is_expired, mark_active
from asstctl.emulator.objects.shared import MAX_CODE_FILES
from asstctl.emulator.objects.thread import THREAD
from asstctl.emulator.objects.vector_store import VECTOR_STORE
from asstctl.emulator.services import Services
from asstctl.emulator.store import Body

Json = Any

_HELPER_EXPIRY = {"anchor": "last_active_at", "days": 7}
"""Of the stores that are made for a thread on the way (A5)."""


def resources_after(
    services: Services, given: Json, tools: Sequence[Json], now: int, *, held: Body, of_thread: bool = False
) -> Body:
    """Inside a transaction: the `tool_resources` of an object that held some, after a request that gave others.

    None clears them, and a tool or a list of ids that is not there stays as it was. What is named has to exist, unless
    it is held already: an object can be sent back as it was read, whatever was deleted since. Empty lists are there
    for the tools in use. Stores of the helper `vector_stores` are made, and those of a thread expire without use.
    The lenient mode keeps what does not exist, and takes the helper beside other stores.
    """
    if given is None:
        given, held = {}, {}
    files, stores = _ids(held)
    code, search = given.get("code_interpreter", {}), given.get("file_search", {})
    new_files, new_stores = code.get("file_ids", files), search.get("vector_store_ids", stores)
    lenient = services.rules.lenient
    if search.get("vector_store_ids") and search.get("vector_stores") and not lenient:
        path = "tool_resources.file_search"
        raise refusals.exclusive(f"{path}.vector_stores", f"{path}.vector_store_ids")
    check_files(services, (file_id for file_id in new_files if file_id not in files))
    for store_id in new_stores:
        if store_id not in stores and not lenient:
            find_store(services, store_id)
    if search.get("vector_stores"):
        expiry = {"expires_after": _HELPER_EXPIRY} if of_thread else {}
        made = [insert_store(services, {**helper, **expiry}, now)["id"] for helper in search["vector_stores"]]
        new_stores = [*search.get("vector_store_ids", ()), *made]
    return _shown(new_files, new_stores, {tool["type"] for tool in tools})


def add_attachments(services: Services, thread_id: str, attachments: Sequence[Json], now: int) -> None:
    """Inside a transaction: give a thread the files attached to one of its messages, which are known to exist."""
    if not attachments:
        return
    thread = services.store.find(THREAD, thread_id)
    assert thread is not None
    files, stores = _ids(thread["tool_resources"])
    for attachment in attachments:
        kinds = {tool["type"] for tool in attachment.get("tools", ())} if "file_id" in attachment else ()
        if "file_search" in kinds:
            stores = [_store_of_thread(services, stores, now)]
            attach(services, stores[0], {"file_id": attachment["file_id"]}, now)
        if "code_interpreter" in kinds and attachment["file_id"] not in files:
            files = [*files, attachment["file_id"]]
    if len(files) > MAX_CODE_FILES and not services.rules.lenient:
        raise refusals.array_too_long("tool_resources.code_interpreter.file_ids", MAX_CODE_FILES, len(files))
    resources = _shown(files, stores)
    if resources != thread["tool_resources"]:
        services.store.replace(THREAD, {**thread, "tool_resources": resources})


def _store_of_thread(services: Services, store_ids: Sequence[str], now: int) -> str:
    """The store that a thread has, if it can be used, or a new one."""
    for store_id in store_ids:
        store = services.store.find(VECTOR_STORE, store_id)
        if store is not None and not is_expired(store, services.clock()):
            mark_active(services, store, now)
            return store_id
    made: str = insert_store(services, {"expires_after": _HELPER_EXPIRY}, now)["id"]
    return made


def _ids(held: Body) -> tuple[list[str], list[str]]:
    """The files of the code interpreter, and the stores of the file search."""
    code, search = held.get("code_interpreter", {}), held.get("file_search", {})
    return code.get("file_ids", []), search.get("vector_store_ids", [])


def _shown(files: list[str], stores: list[str], used: AbstractSet[str] = frozenset()) -> Body:
    shown: Body = {}
    if files or "code_interpreter" in used:
        shown["code_interpreter"] = {"file_ids": files}
    if stores or "file_search" in used:
        shown["file_search"] = {"vector_store_ids": stores}
    return shown
