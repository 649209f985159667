"""Batches of files put into a vector store: create, get, cancel, and the list of their files."""

from starlette.responses import Response

from asstctl.emulator import refusals
from asstctl.emulator.calls import Call, find_below, polled_answer
from asstctl.emulator.knowledge.batches import cancel_batch, count_in, show_batch
from asstctl.emulator.knowledge.stores import attach, find_store, mark_active, open_store
from asstctl.emulator.objects import FILE_BATCH, VECTOR_STORE
from asstctl.emulator.objects.file_batch import FILE_OF_BATCH
from asstctl.emulator.routes.store_files import list_by_status
from asstctl.emulator.shapes import Rules
from asstctl.emulator.store import Body


async def create_batch(call: Call) -> Response:
    store_id = call.id_of(VECTOR_STORE)
    given = call.given(FILE_BATCH, "create")
    files = _files(given, call.services.rules)
    services, now = call.services, call.now()
    with services.store.write():
        store = open_store(services, store_id)
        batch = FILE_BATCH.new(given, now, vector_store_id=store_id)
        services.store.insert(FILE_BATCH, batch)
        for file in files:
            count_in(services.store, batch, attach(services, store_id, file, now))
        mark_active(services, store, now)
    return _answer(call, batch)


async def read_batch(call: Call) -> Response:
    return _answer(call, _batch(call))


async def cancel(call: Call) -> Response:
    """A batch that has finished stays as it is."""
    call.given(FILE_BATCH, "cancel")
    with call.services.store.write():
        batch = _batch(call)
        cancel_batch(call.services.store, batch)
    call.services.knowledge.start(call.services)
    return _answer(call, batch)


async def list_files(call: Call) -> Response:
    batch = _batch(call)
    return list_by_status(call, FILE_OF_BATCH, vector_store_id=batch["vector_store_id"], batch_id=batch["id"])


def _files(given: Body, rules: Rules) -> list[Body]:
    """Each file with what holds for it: settings of the whole batch go with `file_ids`, own ones with `files`.

    The lenient mode takes both, and neither.
    """
    if not rules.lenient:
        if "files" in given and "file_ids" in given:
            raise refusals.exclusive("files", "file_ids")
        if "files" not in given and "file_ids" not in given:
            raise refusals.missing("file_ids")
    common: Body = {name: given[name] for name in ("chunking_strategy", "attributes") if name in given}
    return [*({"file_id": file_id, **common} for file_id in given.get("file_ids", ())), *given.get("files", ())]


def _batch(call: Call) -> Body:
    find_store(call.services, call.id_of(VECTOR_STORE))
    return find_below(call, VECTOR_STORE, FILE_BATCH)


def _answer(call: Call, batch: Body) -> Response:
    shown = show_batch(call.services, batch)
    active = shown["status"] == "in_progress"
    if active:
        # Whoever was taking its files in may have stopped.
        call.services.knowledge.start(call.services)
    return polled_answer(shown, active=active)


ROUTES = {
    ("POST", "/v1/vector_stores/{vector_store_id}/file_batches"): create_batch,
    ("GET", "/v1/vector_stores/{vector_store_id}/file_batches/{batch_id}"): read_batch,
    ("POST", "/v1/vector_stores/{vector_store_id}/file_batches/{batch_id}/cancel"): cancel,
    ("GET", "/v1/vector_stores/{vector_store_id}/file_batches/{batch_id}/files"): list_files,
}
