"""Vector stores: list, create, get, modify, delete, search."""

from functools import partial

from starlette.responses import Response

from asstctl.emulator import refusals
from asstctl.emulator.calls import Call, answer, listing
from asstctl.emulator.knowledge.stores import (
    find_store,
    insert_store,
    open_store,
    remove_store,
    show_store,
    store_name,
)
from asstctl.emulator.objects import VECTOR_STORE

_DEFAULT_RESULTS = 10  # A3


async def list_stores(call: Call) -> Response:
    return listing(call, VECTOR_STORE, None, partial(show_store, call.services))


async def create_store(call: Call) -> Response:
    given = call.given(VECTOR_STORE, "create")
    with call.services.store.write():
        store = insert_store(call.services, given, call.now())
    return answer(show_store(call.services, store))


async def read_store(call: Call) -> Response:
    shown = show_store(call.services, find_store(call.services, call.id_of(VECTOR_STORE)))
    if shown["file_counts"]["in_progress"]:
        # Whoever was taking its files in may have stopped.
        call.services.knowledge.start(call.services)
    return answer(shown)


async def modify_store(call: Call) -> Response:
    store_id = call.id_of(VECTOR_STORE)
    given = call.given(VECTOR_STORE, "modify")
    with call.services.store.write():
        store = {**find_store(call.services, store_id), **given}
        store["name"] = store_name(call.services.rules, store["name"])
        call.services.store.replace(VECTOR_STORE, store)
    return answer(show_store(call.services, store))


async def delete_store(call: Call) -> Response:
    store_id = call.id_of(VECTOR_STORE)
    with call.services.store.write():
        if not remove_store(call.services.store, store_id):
            raise refusals.not_found(VECTOR_STORE.noun, store_id)
    call.services.knowledge.start(call.services)
    return answer(VECTOR_STORE.deleted(store_id))


async def search_store(call: Call) -> Response:
    store_id = open_store(call.services, call.id_of(VECTOR_STORE))["id"]
    given = call.given(VECTOR_STORE, "search")
    queries = [given["query"]] if isinstance(given["query"], str) else given["query"]
    hits = await call.services.knowledge.search(
        call.services,
        [store_id],
        queries,
        limit=given.get("max_num_results", _DEFAULT_RESULTS),
        threshold=given.get("ranking_options", {}).get("score_threshold", 0.0),
        filters=given.get("filters"),
    )
    data = [
        {
            "file_id": hit.file_id,
            "filename": hit.filename,
            "score": hit.score,
            "attributes": hit.attributes,
            "content": [{"type": "text", "text": hit.text}],
        }
        for hit in hits
    ]
    kind = f"{VECTOR_STORE.object}.search_results.page"
    return answer({"object": kind, "search_query": queries, "data": data, "has_more": False, "next_page": None})


ROUTES = {
    ("GET", "/v1/vector_stores"): list_stores,
    ("POST", "/v1/vector_stores"): create_store,
    ("GET", "/v1/vector_stores/{vector_store_id}"): read_store,
    ("POST", "/v1/vector_stores/{vector_store_id}"): modify_store,
    ("DELETE", "/v1/vector_stores/{vector_store_id}"): delete_store,
    ("POST", "/v1/vector_stores/{vector_store_id}/search"): search_store,
}
