"""Who executes a run: a lease in the database with the owner's name and the time until which it holds.

A run that waits for its client needs none. A lease that has run out means that its owner stopped; see `settling.py`.
"""

from collections.abc import Iterable, Mapping

from asstctl.emulator.store import Store

DURATION = 15.0
"""Seconds that a lease holds without a heartbeat; a heartbeat comes every third of it."""


FREE: Mapping[str, None] = {"lease_owner": None, "lease_until": None}
"""The columns of a run that nobody executes."""


def held(owner: str, now: float) -> Mapping[str, str | float]:
    """The columns of a run that this owner executes; written together with the run's status."""
    return {"lease_owner": owner, "lease_until": now + DURATION}


def holds(store: Store, owner: str, run_id: str) -> bool:
    """Whether a run is still this owner's to execute: nobody cancelled it, ended it or deleted it."""
    sql = "SELECT 1 FROM runs WHERE id = ? AND lease_owner = ? AND status IN ('queued', 'in_progress')"
    return store.connection.execute(sql, (run_id, owner)).fetchone() is not None


def renew(store: Store, owner: str, run_ids: Iterable[str], now: float) -> list[str]:
    """Inside a transaction; answers the runs whose lease is no longer this owner's."""
    sql = "UPDATE runs SET lease_until = ? WHERE id = ? AND lease_owner = ?"
    return [
        run_id for run_id in run_ids if store.connection.execute(sql, (now + DURATION, run_id, owner)).rowcount == 0
    ]
