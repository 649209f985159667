"""Vector stores and their files as rows: made, shown with their counts, taken apart.

What becomes of the files is in `ingestion.py`. Counts and expiry are worked out when somebody looks, so nothing that
stops half-way can leave them wrong.
"""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from asstctl.emulator import refusals
from asstctl.emulator.files.lookup import existing_file
from asstctl.emulator.knowledge.batches import lose
from asstctl.emulator.objects.vector_store import VECTOR_STORE
from asstctl.emulator.objects.vector_store_file import AUTO_CHUNKING, STORE_FILE, file_counts
from asstctl.emulator.services import Services
from asstctl.emulator.shapes import Rules
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
    store = VECTOR_STORE.new(given, now, last_active_at=now, name=store_name(services.rules, given.get("name")))
    services.store.insert(VECTOR_STORE, store)
    for file_id in given.get("file_ids") or ():
        attach(services, store["id"], {"file_id": file_id, "chunking_strategy": given.get("chunking_strategy")}, now)
    return store


def store_name(rules: Rules, given: str | None) -> str | None:
    """A store without a name has null; the types of the SDKs want a string (A6)."""
    return "" if given is None and rules.lenient else given


def mark_active(services: Services, store: Body, now: int) -> None:
    """Inside a transaction: the store was used, and its time to expire begins again."""
    if store["last_active_at"] != now:
        services.store.replace(VECTOR_STORE, {**store, "last_active_at": now})


def attach(services: Services, store_id: str, given: Mapping[str, Json], now: int) -> Body:
    """Inside a transaction: a file in a store, waiting to be taken in. `given` is as in a request that attaches one.

    A file that is already there, cut as it would be now, is not taken in again: it gets the attributes that are given.
    In the lenient mode a file that does not exist is one that failed.
    """
    file_id, chunking, attributes = given["file_id"], given.get("chunking_strategy"), given.get("attributes")
    existing, missing = existing_file(services, file_id), refusals.no_such_file(file_id)
    if existing is None and not services.rules.lenient:
        raise missing
    filename = file_id if existing is None else existing["filename"]
    strategy = chunking if chunking is not None and chunking["type"] == "static" else AUTO_CHUNKING
    before = services.store.find(STORE_FILE, file_id, vector_store_id=store_id)
    if before is not None:
        if before["chunking_strategy"] == strategy and before["status"] in ("in_progress", "completed"):
            if attributes is None:
                return before
            after = {**before, "attributes": attributes}
            services.store.replace(STORE_FILE, after)
            return after
        detach(services.store, file_id, store_id)
    chosen = {"chunking_strategy": strategy, "attributes": attributes or {}}
    file = STORE_FILE.new(chosen, now, id=file_id, vector_store_id=store_id)
    if existing is None:
        file = {**file, "status": "failed", "last_error": {"code": "invalid_file", "message": missing.message}}
    services.store.insert(STORE_FILE, file, filename=filename)
    services.knowledge.start_soon(services)
    return file


def detach(store: Store, file_id: str, store_id: str | None = None) -> bool:
    """Inside a transaction: take a file out of a store, or out of all of them. Its chunks go later."""
    sql = (
        "SELECT seq, vector_store_id FROM store_files "
        "WHERE id = :id AND vector_store_id = coalesce(:store, vector_store_id)"
    )
    rows = store.connection.execute(sql, {"id": file_id, "store": store_id}).fetchall()
    for seq, holder in rows:
        lose(store, seq)
        store.connection.execute("INSERT OR IGNORE INTO dropped_chunks VALUES (?)", (seq,))
        store.remove(STORE_FILE, file_id, vector_store_id=holder)
    return bool(rows)


def remove_store(store: Store, store_id: str) -> bool:
    """Inside a transaction: a store with its files and batches. Its chunks go later."""
    sql = "INSERT OR IGNORE INTO dropped_chunks SELECT seq FROM store_files WHERE vector_store_id = ?"
    store.connection.execute(sql, (store_id,))
    return store.remove(VECTOR_STORE, store_id)


def is_expired(store: Body, now: float) -> bool:
    expires_at = _expires_at(store)
    return expires_at is not None and expires_at <= now


def show_store(services: Services, store: Body) -> Body:
    sql = "SELECT status, count(*), sum(usage_bytes) FROM store_files WHERE vector_store_id = ? GROUP BY status"
    rows = services.store.connection.execute(sql, (store["id"],)).fetchall()
    counts, usage = file_counts({status: count for status, count, _ in rows}), sum(usage for *_, usage in rows)
    status = "in_progress" if counts["in_progress"] else "completed"
    if is_expired(store, services.clock()):
        status = "expired"
    about = {"status": status, "file_counts": counts, "usage_bytes": usage, "expires_at": _expires_at(store)}
    return VECTOR_STORE.show({**store, **about})


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
