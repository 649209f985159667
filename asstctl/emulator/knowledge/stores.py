"""Vector stores, their files and batches as rows: made, shown with their counts, taken apart.

What becomes of the files is in `ingestion.py`. Counts and expiry are worked out when somebody looks, so nothing that
stops half-way can leave them wrong.
"""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from asstctl.emulator import refusals
from asstctl.emulator.files.lookup import get_file
from asstctl.emulator.objects.file_batch import FILE_BATCH
from asstctl.emulator.objects.vector_store import VECTOR_STORE
from asstctl.emulator.objects.vector_store_file import AUTO_CHUNKING, STATUSES, STORE_FILE
from asstctl.emulator.services import Services
from asstctl.emulator.store import Body, Store

Json = Any

_DAY = 86_400
_READ_AT_ONCE = 200
"""Chunks that are read before other tasks get their turn."""


def find_store(services: Services, store_id: str) -> Body:
    store = services.store.find(VECTOR_STORE, store_id)
    if store is None:
        raise refusals.not_found(VECTOR_STORE.noun, store_id)
    return store


def open_store(services: Services, store_id: str) -> Body:
    """The store, for a use that an expired one refuses."""
    store = find_store(services, store_id)
    if is_expired(store, services.clock()):
        raise refusals.store_expired(store_id)
    return store


def insert_store(services: Services, given: Mapping[str, Json], now: int) -> Body:
    """Inside a transaction: a new store, with the files that it is given."""
    store = VECTOR_STORE.new(given, now, last_active_at=now)
    services.store.insert(VECTOR_STORE, store)
    for file_id in given.get("file_ids") or ():
        attach(services, store["id"], file_id, now, chunking=given.get("chunking_strategy"))
    return store


def mark_active(services: Services, store: Body, now: int) -> None:
    """Inside a transaction: the store was used, and its time to expire begins again."""
    if store["last_active_at"] != now:
        services.store.replace(VECTOR_STORE, {**store, "last_active_at": now})


def attach(
    services: Services,
    store_id: str,
    file_id: str,
    now: int,
    *,
    chunking: Json = None,
    attributes: Json = None,
    batch_id: str | None = None,
) -> Body:
    """Inside a transaction: a file in a store, waiting to be taken in.

    A file that is already there, cut as it would be now, is not taken in again: it gets the attributes that are given,
    and belongs to the newest batch that named it.
    """
    filename = get_file(services, file_id)["filename"]
    strategy = chunking if chunking is not None and chunking["type"] == "static" else AUTO_CHUNKING
    before = services.store.find(STORE_FILE, file_id, vector_store_id=store_id)
    if before is not None:
        if before["chunking_strategy"] == strategy and before["status"] in ("in_progress", "completed"):
            after = before if attributes is None else {**before, "attributes": attributes}
            services.store.replace(STORE_FILE, after, **({"batch_id": batch_id} if batch_id else {}))
            return after
        detach(services.store, file_id, store_id)
    given = {"chunking_strategy": strategy, "attributes": attributes or {}}
    file = STORE_FILE.new(given, now, id=file_id, vector_store_id=store_id)
    services.store.insert(STORE_FILE, file, filename=filename, batch_id=batch_id)
    services.knowledge.start_soon(services)
    return file


def detach(store: Store, file_id: str, store_id: str | None = None) -> bool:
    """Inside a transaction: take a file out of a store, or out of all of them. Its chunks go later."""
    where = {} if store_id is None else {"vector_store_id": store_id}
    tests = "id = :id" + (" AND vector_store_id = :store" if where else "")
    sql = f"INSERT OR IGNORE INTO dropped_chunks SELECT seq FROM store_files WHERE {tests}"  # noqa: S608 - constants
    store.connection.execute(sql, {"id": file_id, "store": store_id})
    return store.remove(STORE_FILE, file_id, **where)


def remove_store(store: Store, store_id: str) -> bool:
    """Inside a transaction: a store with its files and batches. Its chunks go later."""
    sql = "INSERT OR IGNORE INTO dropped_chunks SELECT seq FROM store_files WHERE vector_store_id = ?"
    store.connection.execute(sql, (store_id,))
    return store.remove(VECTOR_STORE, store_id)


def cancel_batch(store: Store, batch: Body) -> bool:
    """Inside a transaction: give up the files of a batch that wait; False when none does."""
    waiting = store.all(STORE_FILE, batch_id=batch["id"], status="in_progress")
    for file in waiting:
        sql = "INSERT OR IGNORE INTO dropped_chunks SELECT seq FROM store_files WHERE id = ? AND vector_store_id = ?"
        store.connection.execute(sql, (file["id"], file["vector_store_id"]))
        store.replace(STORE_FILE, {**file, "status": "cancelled"}, lease_owner=None, lease_until=None)
    if waiting:
        store.connection.execute("UPDATE file_batches SET cancelled = 1 WHERE id = ?", (batch["id"],))
    return bool(waiting)


def is_expired(store: Body, now: float) -> bool:
    expires_at = _expires_at(store)
    return expires_at is not None and expires_at <= now


def show_store(services: Services, store: Body) -> Body:
    counts, usage = _counts(services.store, "vector_store_id", store["id"])
    status = "in_progress" if counts["in_progress"] else "completed"
    if is_expired(store, services.clock()):
        status = "expired"
    about = {"status": status, "file_counts": counts, "usage_bytes": usage, "expires_at": _expires_at(store)}
    return VECTOR_STORE.show({**store, **about})


def show_batch(services: Services, batch: Body) -> Body:
    counts, _ = _counts(services.store, "batch_id", batch["id"])
    sql = "SELECT cancelled FROM file_batches WHERE id = ?"
    row = services.store.connection.execute(sql, (batch["id"],)).fetchone()
    status = "completed"
    if counts["in_progress"]:
        status = "in_progress"
    elif row is not None and row[0]:
        status = "cancelled"
    elif counts["failed"] and counts["failed"] == counts["total"]:
        status = "failed"
    return FILE_BATCH.show({**batch, "status": status, "file_counts": counts})


def waiting(store: Store, store_ids: Iterable[str]) -> bool:
    """Whether a file of these stores is in progress."""
    sql = "SELECT 1 FROM store_files WHERE vector_store_id = ? AND status = 'in_progress' LIMIT 1"
    return any(store.connection.execute(sql, (store_id,)).fetchone() for store_id in store_ids)


def left_over(store: Store) -> bool:
    """Whether there is work in the background: files to take in, chunks to sweep or to index."""
    sql = (
        "SELECT EXISTS (SELECT 1 FROM store_files WHERE status = 'in_progress') "
        "OR EXISTS (SELECT 1 FROM dropped_chunks) OR EXISTS (SELECT 1 FROM chunks WHERE indexed = 0)"
    )
    return bool(store.connection.execute(sql).fetchone()[0])


async def text_taken_in(store: Store, file: Body) -> str:
    """The text of a file as it was extracted; empty while the file is not completed."""
    sql = (
        "SELECT chunks.id, substr(text, repeated + 1) FROM store_files JOIN chunks ON file_seq = store_files.seq "
        "WHERE store_files.id = ? AND vector_store_id = ? AND status = 'completed' AND chunks.id > ? "
        "ORDER BY chunks.id LIMIT ?"
    )
    pieces: list[str] = []
    last = 0
    while rows := store.connection.execute(sql, (file["id"], file["vector_store_id"], last, _READ_AT_ONCE)).fetchall():
        pieces += [text for _, text in rows]
        last = rows[-1][0]
        await asyncio.sleep(0)
    return "".join(pieces)


def _expires_at(store: Body) -> int | None:
    after = store["expires_after"]
    return None if after is None else store["last_active_at"] + after["days"] * _DAY


def _counts(store: Store, column: str, value: str) -> tuple[dict[str, int], int]:
    sql = f"SELECT status, count(*), sum(usage_bytes) FROM store_files WHERE {column} = ? GROUP BY status"  # noqa: S608
    rows = store.connection.execute(sql, (value,)).fetchall()
    found = {status: count for status, count, _ in rows}
    counts = {status: found.get(status, 0) for status in STATUSES}
    return {**counts, "total": sum(found.values())}, sum(usage for *_, usage in rows)
