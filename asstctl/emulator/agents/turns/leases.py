"""Who carries out the turn of a session: the lease of `runs/leases.py`, on a session and for one turn of it.

A turn that waits for its client needs none. The session's private `_turn` names the turn that goes on.
"""

from collections.abc import Iterable

from asstctl.emulator.runs.leases import DURATION, FREE, held
from asstctl.emulator.store import Store

__all__ = ["FREE", "held", "holds", "renew"]


def holds(store: Store, owner: str, session_id: str, turn_id: str) -> bool:
    """Whether a turn is still this owner's to carry out: nobody cancelled it, ended it or deleted its session."""
    sql = (
        "SELECT 1 FROM agent_sessions WHERE id = ? AND lease_owner = ? AND status = 'in_progress' "
        "AND json_extract(body, '$._turn') = ?"
    )
    return store.connection.execute(sql, (session_id, owner, turn_id)).fetchone() is not None


def renew(store: Store, owner: str, session_ids: Iterable[str], now: float) -> list[str]:
    """Inside a transaction; answers the sessions whose lease is no longer this owner's."""
    sql = "UPDATE agent_sessions SET lease_until = ? WHERE id = ? AND lease_owner = ?"
    return [each for each in session_ids if store.connection.execute(sql, (now + DURATION, each, owner)).rowcount == 0]
