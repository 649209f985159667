"""The start of a run: what it takes from its request and what from its assistant, and what it may not start on."""

from collections.abc import Sequence
from typing import Any

from asstctl.emulator import refusals
from asstctl.emulator.knowledge.resources import resources_after
from asstctl.emulator.objects import RUN
from asstctl.emulator.runs import leases
from asstctl.emulator.runs.events import Event
from asstctl.emulator.runs.history import user_messages
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


def insert_run(services: Services, thread_id: str, assistant: Body, given: Body, now: int) -> Body:
    """Inside a transaction, the thread's new messages already there: a queued run with our lease on it."""
    already = active_run(services, thread_id)
    if already is not None:
        raise refusals.already_running(thread_id, already)
    settings: Body = {name: given.get(name, assistant[name]) for name in _INHERITED}
    settings["tool_resources"] = resources_after(
        services, given.get("tool_resources", {}), settings["tools"], now, held=assistant["tool_resources"]
    )
    if given.get("additional_instructions"):
        parts = (settings["instructions"], given["additional_instructions"])
        settings["instructions"] = "\n".join(part for part in parts if part)
    if not services.rules.lenient:
        if not settings["instructions"] and not user_messages(services.store, thread_id):
            raise refusals.nothing_to_say()
        _check_tool_choice(given.get("tool_choice"), settings["tools"])
    elif settings["instructions"] is None:
        # The types of the SDKs want a string (A6).
        settings["instructions"] = ""
    run = RUN.new({**given, **settings}, now, thread_id=thread_id, expires_at=now + LIFETIME)
    # The assistant may be renamed or deleted before the run ends.
    notes = {"assistant_name": assistant["name"]}
    services.store.insert(RUN, run, notes=notes, **leases.held(services.executor.owner, services.clock()))
    return run


def start_run(services: Services, run: Body, announced: Sequence[Event]) -> None:
    """After the commit: announce what led to a queued run, then the run, and set it going."""
    queued = Event("thread.run.queued", RUN.show(run))
    services.executor.announcements.tell(run["id"], [*announced, queued])
    services.executor.start(services, run["id"])


def _check_tool_choice(choice: Json, tools: list[Json]) -> None:
    """A tool that the run does not have could never be used."""
    if choice == "required" and not tools:
        raise refusals.not_supported("tool_choice", choice, ("none", "auto"))
    if not isinstance(choice, dict):
        return
    if choice["type"] == "function":
        path, wanted = "tool_choice.function.name", choice["function"]["name"]
        there = [tool["function"]["name"] for tool in tools if tool["type"] == "function"]
    else:
        path, wanted = "tool_choice.type", choice["type"]
        there = list(dict.fromkeys(tool["type"] for tool in tools))
    if wanted not in there:
        raise refusals.not_supported(path, wanted, there) if there else refusals.no_such_tool(path, wanted)
