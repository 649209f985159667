"""Steps of a run: list and get. What a search found is shown in full only when asked to."""

from functools import partial

from starlette.responses import Response

from asstctl.emulator.calls import Call, answer, find_below, listing
from asstctl.emulator.objects import RUN, STEP
from asstctl.emulator.routes.runs import enter_run, wants_passages
from asstctl.emulator.runs.tool_calls import with_passages
from asstctl.emulator.store import Body


async def list_steps(call: Call) -> Response:
    run = enter_run(call)
    if not wants_passages(call):
        return listing(call, STEP, run_id=run["id"])
    return listing(call, STEP, None, partial(_in_full, call), run_id=run["id"])


async def read_step(call: Call) -> Response:
    enter_run(call)
    passages = wants_passages(call)
    step = find_below(call, RUN, STEP)
    return answer(_in_full(call, step) if passages else STEP.show(step))


def _in_full(call: Call, step: Body) -> Body:
    return with_passages(STEP.show(step), call.services.store.notes(STEP, step["id"]))


ROUTES = {
    ("GET", "/v1/threads/{thread_id}/runs/{run_id}/steps"): list_steps,
    ("GET", "/v1/threads/{thread_id}/runs/{run_id}/steps/{step_id}"): read_step,
}
