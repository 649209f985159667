"""The end of a turn, whichever way it came: the turn and its session come to rest in one transaction."""

from collections.abc import Sequence
from typing import Any

from asstctl.emulator.agents.objects.session import ITEM, SESSION, TURN, show_session, show_turn
from asstctl.emulator.agents.turns import events, leases, states
from asstctl.emulator.runs.events import Event
from asstctl.emulator.services import Services
from asstctl.emulator.store import Body

Json = Any

_SPENT = {"code": "session_budget_exceeded", "message": "The session has reached its usage budget."}


def end_turn(
    services: Services, session: Body, turn: Body, status: str, *, error: Json = None, cut: Sequence[Event] = ()
) -> list[Event]:
    """Inside a transaction: end the turn of a session, and say what happened in the order in which a stream tells it.

    A failed turn leaves its session idle and without an error; one that costs more than the session may, paused. `cut`
    tells of an item that the end cut short.
    """
    now, store, session_id = services.clock(), services.store, session["id"]
    session = {**session, "_spent": session["_spent"] + services.quirks.cost}
    if status == "completed" and states.is_spent(session):
        status, error = "failed", _SPENT
    told = list(cut)
    for call in turn["_calls"]:
        item = {**call, "status": "incomplete"}
        store.insert(ITEM, item, session_id=session_id)
        told.append(events.item_done(session_id, item, call["_index"]))
    over = states.moved(turn, status, completed_at=int(now), error=error, _calls=[], _ended=now)
    session = states.resting(session, over, int(now))
    store.replace(TURN, over)
    store.replace(SESSION, session, **leases.FREE)
    if error is not None:
        told.append(events.went_wrong(session_id, error["message"], error["code"]))
    told.append(events.of_turn(status, show_turn(services, over)))
    told.append(events.of_session(session["status"], {**show_session(services, session), "usage": None}))
    return told
