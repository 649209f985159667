"""The end of a run, whichever way it came: the run, its open step and its open message close in one transaction."""

from typing import Any

from asstctl.emulator.objects import MESSAGE, RUN, STEP
from asstctl.emulator.runs import leases
from asstctl.emulator.runs.events import Event
from asstctl.emulator.runs.states import ended, message_cut, step_ended, total_usage
from asstctl.emulator.store import Body, Store

Json = Any

_STEP_ENDS = {"incomplete": "completed"}
"""A step whose text was cut at the token limit did what it could; otherwise steps end as their run does."""


def end_run(store: Store, run: Body, status: str, now: int, **changes: Json) -> list[Event]:
    """Inside a transaction: end a run, and say what happened in the order in which a stream would tell it.

    `changes` are members of the run such as `last_error`. What an open message had come to say is in the database.
    """
    events: list[Event] = []
    steps = store.all(STEP, run_id=run["id"])
    step_status = _STEP_ENDS.get(status, status)
    for index, step in enumerate(steps):
        if step["status"] != "in_progress":
            continue
        error = changes.get("last_error") if status == "failed" else None
        usage = store.notes(STEP, step["id"]).get("usage")
        steps[index] = step_ended(step, step_status, now, usage, _step_error(error))
        store.replace(STEP, steps[index])
        cut = _cut_message(store, step, status, now) if step["type"] == "message_creation" else []
        events += closing(status, step=[Event(f"thread.run.step.{step_status}", STEP.show(steps[index]))], message=cut)
    over = ended(run, status, now, total_usage(steps), **changes)
    store.replace(RUN, over, **leases.FREE)
    events.append(Event(f"thread.run.{status}", RUN.show(over)))
    return events


def closing(status: str, *, step: list[Event], message: list[Event]) -> list[Event]:
    """How a stream tells that a run's open step and message are over.

    At a token limit the message ends within its step; whatever else ends a run stops the step, and the message with it.
    """
    return [*message, *step] if status in ("completed", "incomplete") else [*step, *message]


def _cut_message(store: Store, step: Body, status: str, now: int) -> list[Event]:
    message = store.find(MESSAGE, step["step_details"]["message_creation"]["message_id"])
    if message is None or message["status"] != "in_progress":
        return []
    message = message_cut(message, status, now)
    store.replace(MESSAGE, message)
    return [Event("thread.message.incomplete", MESSAGE.show(message))]


def _step_error(error: Json) -> Json:
    if error is None:
        return None
    # A step knows one code less than a run.
    code = error["code"] if error["code"] == "rate_limit_exceeded" else "server_error"
    return {"code": code, "message": error["message"]}
