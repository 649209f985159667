"""The start of a run: what it takes from its request and what from its assistant, and what it may not start on."""

from typing import Any

from asstctl.emulator import refusals
from asstctl.emulator.objects import ASSISTANT, RUN
from asstctl.emulator.objects.shared import settle_resources
from asstctl.emulator.runs import leases
from asstctl.emulator.runs.events import Event
from asstctl.emulator.runs.settling import active_run
from asstctl.emulator.runs.states import LIFETIME
from asstctl.emulator.services import Services
from asstctl.emulator.store import Body

Json = Any

_INHERITED = (
    "model",
    "instructions",
    "tools",
    "temperature",
    "top_p",
    "reasoning_effort",
    "response_format",
    "tool_resources",
)


def check_start(given: Body) -> str:
    """What can be said of a request to run before the database is asked; answers the assistant's id."""
    if given.get("stream"):
        raise refusals.streaming_not_served()
    assistant_id: str = ASSISTANT.check_id(given["assistant_id"])
    return assistant_id


def insert_run(services: Services, thread_id: str, assistant: Body, given: Body, now: int) -> Body:
    """Inside a transaction, the thread's new messages already there: a queued run with our lease on it."""
    already = active_run(services, thread_id)
    if already is not None:
        raise refusals.already_running(thread_id, already)
    settings: Body = {name: given.get(name, assistant[name]) for name in _INHERITED}
    settings["tool_resources"] = settle_resources(
        assistant["tool_resources"], given.get("tool_resources", {}), settings["tools"]
    )
    if given.get("additional_instructions"):
        parts = (settings["instructions"], given["additional_instructions"])
        settings["instructions"] = "\n".join(part for part in parts if part)
    if not settings["instructions"] and not _has_user_message(services, thread_id):
        raise refusals.nothing_to_say()
    _check_tool_choice(given.get("tool_choice"), settings["tools"])
    run = RUN.new({**given, **settings}, now, thread_id=thread_id, expires_at=now + LIFETIME)
    # The assistant may be renamed or deleted before the run ends.
    run["_assistant_name"] = assistant["name"]
    services.store.insert(RUN, run, **leases.held(services.executor.owner, services.clock()))
    return run


def start_run(services: Services, run: Body, *, created: bool = True) -> None:
    """After the commit: announce the run and set it going."""
    names = ("thread.run.created", "thread.run.queued") if created else ("thread.run.queued",)
    services.executor.announcements.tell(run["id"], [Event(name, RUN.show(run)) for name in names])
    services.executor.start(services, run["id"])


def _has_user_message(services: Services, thread_id: str) -> bool:
    sql = "SELECT 1 FROM messages WHERE thread_id = ? AND json_extract(body, '$.role') = 'user' LIMIT 1"
    return services.store.connection.execute(sql, (thread_id,)).fetchone() is not None


def _check_tool_choice(choice: Json, tools: list[Json]) -> None:
    """A named function that the run does not have could never be called."""
    if isinstance(choice, dict) and choice["type"] == "function":
        names = [tool["function"]["name"] for tool in tools if tool["type"] == "function"]
        if choice["function"]["name"] not in names:
            raise refusals.not_supported("tool_choice.function.name", choice["function"]["name"], names)
