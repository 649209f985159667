"""Runs: list, create, create with a thread, get, modify, cancel, submit tool outputs."""

from typing import Any

from starlette.responses import Response

from asstctl.emulator import refusals
from asstctl.emulator.calls import Call, listing, run_answer
from asstctl.emulator.objects import RUN, STEP, THREAD
from asstctl.emulator.routes.assistants import get_assistant
from asstctl.emulator.routes.threads import enter_again, enter_thread, insert_message, insert_thread
from asstctl.emulator.runs import leases
from asstctl.emulator.runs.creation import check_start, insert_run, start_run
from asstctl.emulator.runs.events import Event
from asstctl.emulator.runs.states import is_active, moved, requeued, step_ended
from asstctl.emulator.store import Body

Json = Any


def enter_run(call: Call) -> Body:
    """The run in the path, after what was due on its thread was settled."""
    enter_thread(call)
    return _run(call)


async def list_runs(call: Call) -> Response:
    return listing(call, RUN, thread_id=enter_thread(call)["id"])


async def create_run(call: Call) -> Response:
    services, now = call.services, call.now()
    given = call.given(RUN, "create")
    assistant_id = check_start(given)
    enter_thread(call)
    with services.store.write():
        thread_id = enter_again(call)["id"]
        assistant = get_assistant(services.store, assistant_id)
        for posted in given.get("additional_messages") or ():
            insert_message(services, thread_id, posted, now)
        run = insert_run(services, thread_id, assistant, given, now)
    start_run(services, run)
    return _answer(run)


async def create_thread_and_run(call: Call) -> Response:
    services, now = call.services, call.now()
    given = call.given(RUN, "create_with_thread")
    assistant_id = check_start(given)
    with services.store.write():
        assistant = get_assistant(services.store, assistant_id)
        thread = insert_thread(services, given.get("thread", {}), now)
        run = insert_run(services, thread["id"], assistant, given, now)
    services.executor.announcements.tell(run["id"], [Event("thread.created", THREAD.show(thread))])
    start_run(services, run)
    return _answer(run)


async def read_run(call: Call) -> Response:
    return _answer(enter_run(call))


async def modify_run(call: Call) -> Response:
    given = call.given(RUN, "modify")
    enter_thread(call)
    with call.services.store.write():
        run = {**_run(call), **given}
        call.services.store.replace(RUN, run)
    return _answer(run)


async def cancel_run(call: Call) -> Response:
    """Answers `cancelling`; whoever takes the cancel sees the run to `cancelled`, whoever was executing it."""
    services = call.services
    enter_thread(call)
    with services.store.write():
        run = _run(call)
        if not is_active(run) or run["status"] == "cancelling":
            raise refusals.cannot_cancel(run["status"])
        run = moved(run, "cancelling", required_action=None)
        services.store.replace(RUN, run, **leases.held(services.executor.owner, services.clock()))
    services.executor.announcements.tell(run["id"], [Event("thread.run.cancelling", RUN.show(run))])
    services.executor.cancel(services, run["id"])
    return _answer(run)


async def submit_tool_outputs(call: Call) -> Response:
    services = call.services
    given = call.given(RUN, "submit_tool_outputs")
    if given.get("stream"):
        raise refusals.streaming_not_served()
    enter_thread(call)
    with services.store.write():
        run = _run(call)
        if run["status"] != "requires_action":
            raise refusals.outputs_not_awaited(run["status"])
        step = _answered_step(call, run, given["tool_outputs"])
        services.store.replace(STEP, step)
        run = requeued(run)
        services.store.replace(RUN, run, **leases.held(services.executor.owner, services.clock()))
    services.executor.announcements.tell(run["id"], [Event("thread.run.step.completed", STEP.show(step))])
    start_run(services, run, created=False)
    return _answer(run)


def _answered_step(call: Call, run: Body, outputs: list[Json]) -> Body:
    """The step that waits, completed with the outputs: all of them, each once, and no others."""
    step = call.services.store.all(STEP, run_id=run["id"])[-1]
    calls = step["step_details"]["tool_calls"]
    expected = [each["id"] for each in calls]
    got = [output.get("tool_call_id", "") for output in outputs]
    if sorted(got) != sorted(expected):
        raise refusals.outputs_incomplete(expected, got)
    by_id = {output["tool_call_id"]: output.get("output", "") for output in outputs}
    answered = [{**each, "function": {**each["function"], "output": by_id[each["id"]]}} for each in calls]
    details = {**step["step_details"], "tool_calls": answered}
    return step_ended({**step, "step_details": details}, "completed", call.now())


def _run(call: Call) -> Body:
    run_id = call.id_of(RUN)
    run = call.services.store.find(RUN, run_id)
    if run is None or run["thread_id"] != call.path[THREAD.id_param]:
        raise refusals.not_found(RUN.noun, run_id)
    return run


def _answer(run: Body) -> Response:
    return run_answer(RUN.show(run), active=is_active(run))


ROUTES = {
    ("POST", "/v1/threads/runs"): create_thread_and_run,
    ("GET", "/v1/threads/{thread_id}/runs"): list_runs,
    ("POST", "/v1/threads/{thread_id}/runs"): create_run,
    ("GET", "/v1/threads/{thread_id}/runs/{run_id}"): read_run,
    ("POST", "/v1/threads/{thread_id}/runs/{run_id}"): modify_run,
    ("POST", "/v1/threads/{thread_id}/runs/{run_id}/cancel"): cancel_run,
    ("POST", "/v1/threads/{thread_id}/runs/{run_id}/submit_tool_outputs"): submit_tool_outputs,
}
