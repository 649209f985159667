"""What is checked whenever a session is touched: a turn whose server stopped has failed.

Only stale leases are touched, so two processes do not disturb each other. A turn that waits for its client goes on
waiting, whichever server it asked.
"""

from asstctl.emulator.agents.objects.session import SESSION, TURN
from asstctl.emulator.agents.turns.ending import end_turn
from asstctl.emulator.runs.events import Event
from asstctl.emulator.services import Services

_DUE = "SELECT id FROM agent_sessions WHERE status = 'in_progress' AND coalesce(lease_until, 0) <= :now"

STOPPED = "The server that carried out this turn stopped before the turn had ended."


def settle_session(services: Services, session_id: str) -> None:
    """Settle what is due on one session; costs one indexed read when nothing is."""
    _settle(services, f"{_DUE} AND id = :session", session=session_id)


def settle_all(services: Services) -> None:
    """Settle what is due on every session, as a server does when it opens the database."""
    _settle(services, _DUE)


def _settle(services: Services, sql: str, **values: str) -> None:
    store, given = services.store, {"now": services.clock(), **values}
    if store.connection.execute(sql, given).fetchone() is None:
        return
    told: list[tuple[str, list[Event]]] = []
    with store.write():
        # Read again under the lock: another process may have settled them, or renewed a lease.
        for (session_id,) in store.connection.execute(sql, given).fetchall():
            if services.executor.executes(session_id):
                # Our own and alive: a loop that was held up, not a server that stopped.
                continue
            session = store.find(SESSION, session_id)
            assert session is not None
            turn = store.find(TURN, session["_turn"])
            assert turn is not None
            error = {"code": "internal_error", "message": STOPPED}
            told.append((session_id, end_turn(services, session, turn, "failed", error=error)))
    for session_id, events in told:
        services.executor.announcements.tell(session_id, events)
