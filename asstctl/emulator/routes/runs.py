"""Runs: list, create, create with a thread, get, modify, cancel, submit tool outputs."""

import re
from functools import partial
from typing import Any

from starlette.responses import Response

from asstctl.emulator import refusals
from asstctl.emulator.calls import Call, find_below, listing, polled_answer
from asstctl.emulator.objects import ASSISTANT, RUN, STEP, THREAD
from asstctl.emulator.routes.assistants import get_assistant
from asstctl.emulator.routes.threads import enter_again, enter_thread, insert_message, insert_thread
from asstctl.emulator.runs import leases
from asstctl.emulator.runs.creation import insert_run, start_run
from asstctl.emulator.runs.events import Event
from asstctl.emulator.runs.states import is_active, moved, requeued, step_ended
from asstctl.emulator.runs.streaming import EventStream
from asstctl.emulator.runs.tool_calls import functions_in, with_calls
from asstctl.emulator.shapes import Choice, Rules
from asstctl.emulator.store import Body

Json = Any

_IS_INCLUDE = re.compile(r"include(\[[0-9]*\])?").fullmatch
_INCLUDE = Choice(("step_details.tool_calls[*].file_search.results[*].content",))


def enter_run(call: Call) -> Body:
    """The run in the path, after what was due on its thread was settled."""
    enter_thread(call)
    return find_below(call, THREAD, RUN)


async def list_runs(call: Call) -> Response:
    return listing(call, RUN, thread_id=enter_thread(call)["id"])


async def create_run(call: Call) -> Response:
    services, now = call.services, call.now()
    enter_thread(call)
    given = call.given(RUN, "create")
    passages = wants_passages(call)
    assistant_id = call.checked(ASSISTANT, given["assistant_id"])
    with services.store.write():
        thread_id = enter_again(call)["id"]
        assistant = get_assistant(services.store, assistant_id)
        for posted in given.get("additional_messages") or ():
            insert_message(services, thread_id, posted, now)
        run = insert_run(services, thread_id, assistant, given, now)
    return _start(call, given, run, [Event("thread.run.created", RUN.show(run))], passages=passages)


async def create_thread_and_run(call: Call) -> Response:
    services, now = call.services, call.now()
    given = call.given(RUN, "create_with_thread")
    assistant_id = call.checked(ASSISTANT, given["assistant_id"])
    with services.store.write():
        assistant = get_assistant(services.store, assistant_id)
        thread = insert_thread(services, given.get("thread", {}), now)
        run = insert_run(services, thread["id"], assistant, given, now)
    created = [Event("thread.created", THREAD.show(thread)), Event("thread.run.created", RUN.show(run))]
    return _start(call, given, run, created)


async def read_run(call: Call) -> Response:
    return _answer(enter_run(call))


async def modify_run(call: Call) -> Response:
    enter_run(call)
    given = call.given(RUN, "modify")
    with call.services.store.write():
        run = {**find_below(call, THREAD, RUN), **given}
        call.services.store.replace(RUN, run)
    return _answer(run)


async def cancel_run(call: Call) -> Response:
    """Answers `cancelling`; whoever takes the cancel sees the run to `cancelled`, whoever was executing it."""
    services = call.services
    enter_run(call)
    call.given(RUN, "cancel")
    with services.store.write():
        run = find_below(call, THREAD, RUN)
        if not is_active(run) or run["status"] == "cancelling":
            raise refusals.cannot_cancel(run["status"])
        run = moved(run, "cancelling", required_action=None)
        services.store.replace(RUN, run, **leases.held(services.executor.owner, services.clock()))
    services.executor.announcements.tell(run["id"], [Event("thread.run.cancelling", RUN.show(run))])
    services.executor.cancel(services, run["id"])
    return _answer(run)


async def submit_tool_outputs(call: Call) -> Response:
    services = call.services
    enter_run(call)
    given = call.given(RUN, "submit_tool_outputs")
    with services.store.write():
        run = find_below(call, THREAD, RUN)
        if run["status"] != "requires_action":
            raise refusals.outputs_not_awaited(run["status"])
        step = _answered_step(call, run, given["tool_outputs"])
        services.store.replace(STEP, step)
        run = requeued(run)
        services.store.replace(RUN, run, **leases.held(services.executor.owner, services.clock()))
    return _start(call, given, run, [Event("thread.run.step.completed", STEP.show(step))])


def _start(call: Call, given: Body, run: Body, announced: list[Event], *, passages: bool = False) -> Response:
    """Set a run going, whose state is committed, and answer with the run or with the stream of it."""
    begin = partial(start_run, call.services, run, announced)
    if given.get("stream"):
        return EventStream(call.services, run, begin, passages=passages)
    begin()
    return _answer(run)


def wants_passages(call: Call) -> bool:
    """Whether the text of what searches found is to be shown, which is all that `include[]` can ask for.

    Clients write a list in a query as `include[]`, `include[0]` or plain `include`.
    """
    query = call.request.query_params.multi_items()
    included = [value for name, value in query if value and _IS_INCLUDE(name)]
    for index, value in enumerate(included):
        _INCLUDE.read(value, f"include[{index}]", Rules())
    return bool(included)


def _answered_step(call: Call, run: Body, outputs: list[Json]) -> Body:
    """The step that waits, completed with the outputs: all of them, each once, and no others."""
    step = call.services.store.all(STEP, run_id=run["id"])[-1]
    expected = [each["id"] for each in functions_in(step)]
    if call.services.rules.lenient:
        outputs = _made_complete(outputs, expected)
    got = [output.get("tool_call_id", "") for output in outputs]
    if sorted(got) != sorted(expected):
        raise refusals.outputs_incomplete(expected, got)
    by_id = {output["tool_call_id"]: output.get("output", "") for output in outputs}
    answered = [
        {**each, "function": {**each["function"], "output": by_id[each["id"]]}} if each["id"] in by_id else each
        for each in step["step_details"]["tool_calls"]
    ]
    usage = call.services.store.notes(STEP, step["id"])["usage"]
    return step_ended(with_calls(step, answered), "completed", call.now(), usage)


def _made_complete(outputs: list[Json], expected: list[str]) -> list[Json]:
    """The lenient mode: an output for each call, by its id, else by its place, else none."""
    named = {output["tool_call_id"]: output for output in outputs if output.get("tool_call_id") in expected}
    others = iter([output for output in outputs if output.get("tool_call_id") not in expected])
    found = [named[call_id] if call_id in named else next(others, {}) for call_id in expected]
    return [{**output, "tool_call_id": call_id} for output, call_id in zip(found, expected, strict=True)]


def _answer(run: Body) -> Response:
    return polled_answer(RUN.show(run), active=is_active(run))


ROUTES = {
    ("POST", "/v1/threads/runs"): create_thread_and_run,
    ("GET", "/v1/threads/{thread_id}/runs"): list_runs,
    ("POST", "/v1/threads/{thread_id}/runs"): create_run,
    ("GET", "/v1/threads/{thread_id}/runs/{run_id}"): read_run,
    ("POST", "/v1/threads/{thread_id}/runs/{run_id}"): modify_run,
    ("POST", "/v1/threads/{thread_id}/runs/{run_id}/cancel"): cancel_run,
    ("POST", "/v1/threads/{thread_id}/runs/{run_id}/submit_tool_outputs"): submit_tool_outputs,
}
