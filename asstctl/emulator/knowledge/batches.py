"""Batches: which files of a vector store one request named, and how each of them stands, or stood when it was lost.

Later requests may take such a file out of the store, or put it there anew; what a batch has counted stays.
"""

import json

from asstctl.emulator.objects.file_batch import FILE_BATCH
from asstctl.emulator.objects.vector_store_file import STORE_FILE, file_counts
from asstctl.emulator.services import Services
from asstctl.emulator.store import Body, Store


def count_in(store: Store, batch: Body, file: Body) -> None:
    """Inside a transaction: a batch names a file of its store, for the first time or once more."""
    sql = (
        "INSERT INTO batch_files (batch_id, file_seq, times) "
        "SELECT ?, seq, 1 FROM store_files WHERE vector_store_id = ? AND id = ? "
        "ON CONFLICT DO UPDATE SET times = times + 1"
    )
    store.connection.execute(sql, (batch["id"], file["vector_store_id"], file["id"]))


def lose(store: Store, file_seq: int) -> None:
    """Inside a transaction: a file leaves its store; one that was not taken in counts as cancelled."""
    sql = (
        "UPDATE batch_files SET ended = (SELECT CASE status WHEN 'in_progress' THEN 'cancelled' ELSE status END "
        "FROM store_files WHERE seq = file_seq) WHERE file_seq = ? AND ended IS NULL"
    )
    store.connection.execute(sql, (file_seq,))


def cancel_batch(store: Store, batch: Body) -> None:
    """Inside a transaction: give up the files of a batch that wait, but for those that another batch waits for."""
    connection = store.connection
    sql = (
        "SELECT seq, body FROM batch_files JOIN store_files ON seq = file_seq "
        "WHERE batch_id = ? AND ended IS NULL AND status = 'in_progress'"
    )
    waiting = connection.execute(sql, (batch["id"],)).fetchall()
    if waiting:
        connection.execute("UPDATE file_batches SET cancelled = 1 WHERE id = ?", (batch["id"],))
    for file_seq, body in waiting:
        sql = "UPDATE batch_files SET ended = 'cancelled' WHERE batch_id = ? AND file_seq = ?"
        connection.execute(sql, (batch["id"], file_seq))
        sql = "SELECT 1 FROM batch_files WHERE file_seq = ? AND ended IS NULL"
        if connection.execute(sql, (file_seq,)).fetchone() is None:
            connection.execute("INSERT OR IGNORE INTO dropped_chunks VALUES (?)", (file_seq,))
            given_up = {**json.loads(body), "status": "cancelled"}
            store.replace(STORE_FILE, given_up, lease_owner=None, lease_until=None)


def show_batch(services: Services, batch: Body) -> Body:
    connection = services.store.connection
    sql = (
        "SELECT coalesce(ended, status) AS stands, sum(times) FROM batch_files "
        "LEFT JOIN store_files ON seq = file_seq WHERE batch_id = ? GROUP BY stands"
    )
    counts = file_counts(dict(connection.execute(sql, (batch["id"],)).fetchall()))
    sql = "SELECT 1 FROM file_batches WHERE id = ? AND cancelled"
    status = "completed"
    if counts["in_progress"]:
        status = "in_progress"
    elif connection.execute(sql, (batch["id"],)).fetchone() is not None:
        status = "cancelled"
    elif counts["failed"] and counts["failed"] == counts["total"]:
        status = "failed"
    return FILE_BATCH.show({**batch, "status": status, "file_counts": counts})
