"""The end of a run, whichever way it came: the run, its open step and its open message close in one transaction."""

from typing import Any

from asstctl.emulator.objects import MESSAGE, RUN, STEP
from asstctl.emulator.objects.message import text_part
from asstctl.emulator.runs import leases
from asstctl.emulator.runs.events import Event
from asstctl.emulator.runs.states import ended, message_cut, step_ended, total_usage
from asstctl.emulator.store import Body, Store

Json = Any

_STEP_ENDS = {"incomplete": "completed"}
"""A step whose text was cut at the token limit did what it could; otherwise steps end as their run does."""


def end_run(store: Store, run: Body, status: str, now: int, *, text: str = "", **changes: Json) -> list[Event]:
    """Inside a transaction: end a run, and say what happened in the order in which a stream would tell it.

    `text` is what an open message had come to say; `changes` are members of the run such as `last_error`.
    """
    events: list[Event] = []
    steps = store.all(STEP, run_id=run["id"])
    step_status = _STEP_ENDS.get(status, status)
    for index, step in enumerate(steps):
        if step["status"] != "in_progress":
            continue
        if step["type"] == "message_creation":
            events += _cut_message(store, step, status, now, text)
        error = changes.get("last_error") if status == "failed" else None
        steps[index] = step_ended(step, step_status, now, _step_error(error))
        store.replace(STEP, steps[index])
        events.append(Event(f"thread.run.step.{step_status}", STEP.show(steps[index])))
    over = ended(run, status, now, total_usage(steps), **changes)
    store.replace(RUN, over, **leases.FREE)
    events.append(Event(f"thread.run.{status}", RUN.show(over)))
    return events


def _cut_message(store: Store, step: Body, status: str, now: int, text: str) -> list[Event]:
    message = store.find(MESSAGE, step["step_details"]["message_creation"]["message_id"])
    if message is None or message["status"] != "in_progress":
        return []
    if text:
        message["content"] = [text_part(text)]
    message = message_cut(message, status, now)
    store.replace(MESSAGE, message)
    return [Event("thread.message.incomplete", MESSAGE.show(message))]


def _step_error(error: Json) -> Json:
    if error is None:
        return None
    # A step knows one code less than a run.
    code = error["code"] if error["code"] == "rate_limit_exceeded" else "server_error"
    return {"code": code, "message": error["message"]}
