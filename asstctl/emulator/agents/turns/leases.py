"""Who carries out the turn of a session: the lease of `runs/leases.py`, on a session and for one turn of it.

A turn that waits for its client needs none. The owner on the lease is a server together with the turn: while a turn is
said this is asked with every word, so it is never looked for in the session, which may be large.
"""

from collections.abc import Iterable, Mapping

from asstctl.emulator.runs import leases
from asstctl.emulator.runs.leases import DURATION, FREE
from asstctl.emulator.store import Store

__all__ = ["FREE", "held", "holds", "renew"]


def held(owner: str, turn_id: str, now: float) -> Mapping[str, str | float]:
    """The columns of a session whose turn this owner carries out; written together with the session's status."""
    return leases.held(_of_turn(owner, turn_id), now)


def holds(store: Store, owner: str, session_id: str, turn_id: str) -> bool:
    """Whether a turn is still this owner's to carry out: nobody cancelled it, ended it or deleted its session."""
    sql = "SELECT 1 FROM agent_sessions WHERE id = ? AND lease_owner = ? AND status = 'in_progress'"
    return store.connection.execute(sql, (session_id, _of_turn(owner, turn_id))).fetchone() is not None


def renew(store: Store, owner: str, session_ids: Iterable[str], now: float) -> list[str]:
    """Inside a transaction; answers the sessions whose lease is no longer this owner's."""
    sql = "UPDATE agent_sessions SET lease_until = ? WHERE id = ? AND lease_owner GLOB ?"
    any_turn = _of_turn(owner, "*")
    return [
        each for each in session_ids if store.connection.execute(sql, (now + DURATION, each, any_turn)).rowcount == 0
    ]


def _of_turn(owner: str, turn_id: str) -> str:
    return f"{owner} {turn_id}"
