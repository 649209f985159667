"""Files of a vector store: list, attach, get, update attributes, detach, and their text as it was taken in."""

import asyncio
from typing import Any

from starlette.responses import Response

from asstctl.emulator import refusals
from asstctl.emulator.calls import Call, answer, listing, polled_answer
from asstctl.emulator.knowledge.stores import attach, detach, find_store, mark_active, open_store, text_taken_in
from asstctl.emulator.objects import STORE_FILE, VECTOR_STORE
from asstctl.emulator.objects.base import Collection
from asstctl.emulator.objects.vector_store_file import STATUSES
from asstctl.emulator.shapes import Choice, Rules
from asstctl.emulator.store import Body

Json = Any

_FILTER = Choice(STATUSES)


async def list_files(call: Call) -> Response:
    store = find_store(call.services, call.id_of(VECTOR_STORE))
    return list_by_status(call, STORE_FILE, vector_store_id=store["id"])


def list_by_status(call: Call, collection: Collection, /, **where: Json) -> Response:
    """A page of files, of those in one status if the query names one."""
    status = call.query("filter")
    if status is not None:
        where["status"] = _FILTER.read(status, "filter", Rules())
    # Some of them may have been left by a server that stopped.
    call.services.knowledge.start(call.services)
    return listing(call, collection, **where)


async def attach_file(call: Call) -> Response:
    store_id = call.id_of(VECTOR_STORE)
    given = call.given(STORE_FILE, "attach")
    services, now = call.services, call.now()
    with services.store.write():
        store = open_store(services, store_id)
        file = attach(services, store_id, given, now)
        mark_active(services, store, now)
    return _answer(file)


async def read_file(call: Call) -> Response:
    file = _file(call)
    if file["status"] == "in_progress":
        # Whoever was taking it in may have stopped.
        call.services.knowledge.start(call.services)
    return _answer(file)


async def update_file(call: Call) -> Response:
    given = call.given(STORE_FILE, "update")
    with call.services.store.write():
        file = {**_file(call), **given}
        call.services.store.replace(STORE_FILE, file)
    return _answer(file)


async def detach_file(call: Call) -> Response:
    with call.services.store.write():
        file = _file(call)
        detach(call.services.store, file["id"], file["vector_store_id"])
    call.services.knowledge.start(call.services)
    return answer(STORE_FILE.deleted(file["id"]))


async def read_content(call: Call) -> Response:
    text = await text_taken_in(call.services.store, _file(call))
    data = [{"type": "text", "text": text}] if text else []
    kind = f"{VECTOR_STORE.object}.file_content.page"
    # Of a large file this is many megabytes.
    return await asyncio.to_thread(answer, {"object": kind, "data": data, "has_more": False, "next_page": None})


def _file(call: Call) -> Body:
    store = find_store(call.services, call.id_of(VECTOR_STORE))
    file_id = call.id_of(STORE_FILE)
    file = call.services.store.find(STORE_FILE, file_id, vector_store_id=store["id"])
    if file is None:
        raise refusals.not_found(STORE_FILE.noun, file_id)
    return file


def _answer(file: Body) -> Response:
    return polled_answer(STORE_FILE.show(file), active=file["status"] == "in_progress")


ROUTES = {
    ("GET", "/v1/vector_stores/{vector_store_id}/files"): list_files,
    ("POST", "/v1/vector_stores/{vector_store_id}/files"): attach_file,
    ("GET", "/v1/vector_stores/{vector_store_id}/files/{file_id}"): read_file,
    ("POST", "/v1/vector_stores/{vector_store_id}/files/{file_id}"): update_file,
    ("DELETE", "/v1/vector_stores/{vector_store_id}/files/{file_id}"): detach_file,
    ("GET", "/v1/vector_stores/{vector_store_id}/files/{file_id}/content"): read_content,
}
