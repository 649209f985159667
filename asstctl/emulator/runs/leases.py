"""Who executes a run: a lease in the database with the owner's name and the time until which it holds.

A run that waits for its client needs none. A lease that has run out means that its owner stopped; see `settling.py`.
"""

from collections.abc import Iterable

from asstctl.emulator.store import Store

DURATION = 15.0
"""Seconds that a lease holds without a heartbeat; a heartbeat comes every third of it."""


def take(store: Store, run_id: str, owner: str, now: float) -> None:
    sql = "UPDATE runs SET lease_owner = ?, lease_until = ? WHERE id = ?"
    store.connection.execute(sql, (owner, now + DURATION, run_id))


def release(store: Store, run_id: str) -> None:
    store.connection.execute("UPDATE runs SET lease_owner = NULL, lease_until = NULL WHERE id = ?", (run_id,))


def renew(store: Store, owner: str, run_ids: Iterable[str], now: float) -> None:
    sql = "UPDATE runs SET lease_until = ? WHERE id = ? AND lease_owner = ?"
    store.connection.executemany(sql, [(now + DURATION, run_id, owner) for run_id in run_ids])


def owner_of(store: Store, run_id: str) -> str | None:
    row = store.connection.execute("SELECT lease_owner FROM runs WHERE id = ?", (run_id,)).fetchone()
    return row[0] if row else None
