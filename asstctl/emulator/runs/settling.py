"""What is checked whenever a thread is touched: runs past their time expire, runs whose server stopped fail.

Nothing runs in the background for this, so a restart cannot leave a thread locked, and only stale leases are touched,
so two processes do not disturb each other.
"""

from asstctl.emulator.objects import RUN
from asstctl.emulator.runs.ending import end_run
from asstctl.emulator.runs.events import Event
from asstctl.emulator.runs.states import ACTIVE
from asstctl.emulator.services import Services
from asstctl.emulator.store import Body

_ACTIVE = f"status IN {ACTIVE}"
_DUE = "(expires_at <= :now OR (status <> 'requires_action' AND coalesce(lease_until, 0) <= :now))"

STOPPED = {"code": "server_error", "message": "The server that ran this stopped before the run had ended."}


def settle_thread(services: Services, thread_id: str) -> None:
    """Settle what is due on one thread; costs one indexed read when nothing is."""
    sql = f"SELECT id FROM runs WHERE {_ACTIVE} AND {_DUE} AND thread_id = :thread"  # noqa: S608 - constants
    _settle(services, sql, thread=thread_id)


def settle_all(services: Services) -> None:
    """Settle what is due on every thread, as a server does when it opens the database."""
    sql = f"SELECT id FROM runs WHERE {_ACTIVE} AND {_DUE}"  # noqa: S608 - constants
    _settle(services, sql)


def active_run(services: Services, thread_id: str) -> str | None:
    sql = f"SELECT id FROM runs WHERE thread_id = ? AND {_ACTIVE}"  # noqa: S608 - constants
    row = services.store.connection.execute(sql, (thread_id,)).fetchone()
    return row[0] if row else None


def _settle(services: Services, sql: str, **values: str) -> None:
    store, now = services.store, services.clock()
    due = [row[0] for row in store.connection.execute(sql, {"now": now, **values})]
    if not due:
        return
    told: list[tuple[str, list[Event]]] = []
    with store.write():
        # Read again under the lock: another process may have settled them, or renewed a lease.
        for (run_id,) in store.connection.execute(sql, {"now": now, **values}).fetchall():
            run = store.find(RUN, run_id)
            assert run is not None
            events = _settle_run(services, run, now)
            if events:
                told.append((run_id, events))
    for run_id, events in told:
        services.executor.drop(services, run_id)
        services.executor.announcements.tell(run_id, events)


def _settle_run(services: Services, run: Body, now: float) -> list[Event]:
    if run["expires_at"] <= now:
        services.executor.save(run["id"])
        return end_run(services.store, run, "expired", int(now))
    if services.executor.executes(run["id"]):
        # Our own and alive: a loop that was held up, not a server that stopped.
        return []
    if run["status"] == "cancelling":
        return end_run(services.store, run, "cancelled", int(now))
    return end_run(services.store, run, "failed", int(now), last_error=STOPPED)
