"""Which server takes in which file: a lease in the file's row, as runs have one. A stale one: its server has stopped.

A file waits in the database until it is claimed, so whoever opens the database next can go on with it.
"""

from collections.abc import Collection as Group
from collections.abc import Iterable
from dataclasses import dataclass

from asstctl.emulator.objects.vector_store_file import STORE_FILE
from asstctl.emulator.store import Body, Store

DURATION = 15.0
"""Seconds that a lease holds without a heartbeat; a heartbeat comes every third of it."""

_FREE = "status = 'in_progress' AND coalesce(lease_until, 0) <= ?"


@dataclass(frozen=True, slots=True)
class Job:
    """A file to take in, as it was when it was claimed."""

    seq: int
    store_seq: int
    filename: str
    file: Body


class TakenAway(Exception):
    """The file is no longer ours to take in: it was cancelled, deleted, or given to another server."""


def claimable(store: Store, now: float, held: Group[int], most: int) -> int:
    """How many files wait for a server, counted up to a number."""
    return len(_waiting(store, now, held, most))


def in_progress(store: Store) -> bool:
    """Whether any file waits or is being taken in, by whichever server."""
    sql = "SELECT 1 FROM store_files WHERE status = 'in_progress' LIMIT 1"
    return store.connection.execute(sql).fetchone() is not None


def claim(store: Store, owner: str, now: float, held: Group[int]) -> Job | None:
    """The oldest file that waits, from now on ours."""
    if not _waiting(store, now, held, 1):
        return None
    with store.write():
        # Read again under the lock: another process may have been quicker.
        seqs = _waiting(store, now, held, 1)
        if not seqs:
            return None
        sql = "UPDATE store_files SET lease_owner = ?, lease_until = ? WHERE seq = ?"
        store.connection.execute(sql, (owner, now + DURATION, seqs[0]))
        return _job(store, seqs[0])


def check(store: Store, owner: str, job: Job) -> Body:
    """Inside a transaction: the file as it is now, if it is still ours."""
    sql = "SELECT 1 FROM store_files WHERE seq = ? AND lease_owner = ? AND status = 'in_progress'"
    file = store.find(STORE_FILE, job.file["id"], vector_store_id=job.file["vector_store_id"])
    if file is None or store.connection.execute(sql, (job.seq, owner)).fetchone() is None:
        raise TakenAway
    return file


def renew(store: Store, owner: str, seqs: Iterable[int], now: float) -> None:
    sql = "UPDATE store_files SET lease_until = ? WHERE seq = ? AND lease_owner = ?"
    store.connection.executemany(sql, [(now + DURATION, seq, owner) for seq in seqs])


def release(store: Store, owner: str) -> None:
    """Leave what we hold to the next server."""
    held = "status = 'in_progress' AND lease_owner = ?"
    sql = f"UPDATE store_files SET lease_owner = NULL, lease_until = NULL WHERE {held}"  # noqa: S608 - a constant
    store.connection.execute(sql, (owner,))


def _waiting(store: Store, now: float, held: Group[int], most: int) -> list[int]:
    sql = f"SELECT seq FROM store_files WHERE {_FREE} ORDER BY seq LIMIT ?"  # noqa: S608 - a constant
    rows = store.connection.execute(sql, (now, most + len(held)))
    # One of ours with a stale lease is a loop that was held up, not a server that stopped.
    return [seq for (seq,) in rows if seq not in held][:most]


def _job(store: Store, seq: int) -> Job:
    sql = (
        "SELECT vector_stores.seq, filename, store_files.id, vector_store_id FROM store_files "
        "JOIN vector_stores ON vector_stores.id = vector_store_id WHERE store_files.seq = ?"
    )
    store_seq, filename, file_id, store_id = store.connection.execute(sql, (seq,)).fetchone()
    file = store.find(STORE_FILE, file_id, vector_store_id=store_id)
    assert file is not None
    return Job(seq, store_seq, filename, file)
