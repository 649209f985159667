"""The events of sessions, as their streams tell them; always after what they tell of was committed. Pure."""

from typing import Any

from asstctl.emulator.agents.turns.items import shown_item, text_part
from asstctl.emulator.ids import new_hex_id
from asstctl.emulator.runs.events import Event

Json = Any
Body = dict[str, Json]

LAST = ("agent.session.idle", "agent.session.failed", "agent.session.budget_reached")
"""With the first of these the stream ends that a session was created with."""

ENDING, CLOSING = Event("ending", {}), Event("closing", {})
"""Not told to clients: with the one streams end once nothing goes on, with the other at once."""


def of_session(what: str, session: Body) -> Event:
    """`session` as it is shown."""
    return _event(f"agent.session.{what}", session=session)


def of_turn(what: str, turn: Body) -> Event:
    """`turn` as it is shown. What it used is not known yet when it ends."""
    usage = {"usage": None} if what in ("completed", "failed", "cancelled") else {}
    return _event(
        f"agent.session.turn.{what}", session_id=turn["session_id"], turn_id=turn["id"], turn={**turn, **usage}, **usage
    )


def item_added(session_id: str, item: Body, index: int | None) -> Event:
    """`index` counts what the agent puts out; what it is given has none."""
    return _of_item("turn.item.added", session_id, item, index)


def item_done(session_id: str, item: Body, index: int) -> Event:
    return _of_item("turn.item.done", session_id, item, index)


def text_begun(session_id: str, item: Body, index: int) -> Event:
    return _of_text("content_part.added", session_id, item, index, part=text_part(""))


def text_delta(session_id: str, item: Body, index: int, delta: str) -> Event:
    return _of_text("output_text.delta", session_id, item, index, delta=delta)


def text_done(session_id: str, item: Body, index: int) -> list[Event]:
    """A message with all its text in one part is over."""
    (part,) = item["content"]
    return [
        _of_text("output_text.done", session_id, item, index, text=part["text"]),
        _of_text("content_part.done", session_id, item, index, part=part),
        item_done(session_id, item, index),
    ]


def command_printed(session_id: str, item: Body, index: int, delta: str) -> Event:
    about = {"session_id": session_id, "turn_id": item["turn_id"], "item_id": item["id"], "output_index": index}
    return _event("agent.output.command_execution_output.delta", **about, delta=delta)


def went_wrong(session_id: str, message: str, code: str | None) -> Event:
    error = {"type": "server_error", "code": code, "message": message, "param": None}
    return _event("error", session_id=session_id, error=error)


def _of_item(what: str, session_id: str, item: Body, index: int | None) -> Event:
    about = {"session_id": session_id, "turn_id": item["turn_id"], "output_index": index}
    return _event(f"agent.session.{what}", **about, item=shown_item(item))


def _of_text(what: str, session_id: str, item: Body, index: int, **told: Json) -> Event:
    about = {"session_id": session_id, "turn_id": item["turn_id"], "item_id": item["id"]}
    return _event(f"agent.session.turn.{what}", **about, output_index=index, content_index=0, **told)


def _event(name: str, **told: Json) -> Event:
    return Event(name, {"type": name, "event_id": new_hex_id("event_"), **told})
