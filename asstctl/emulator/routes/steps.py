"""Steps of a run: list and get."""

from starlette.responses import Response

from asstctl.emulator import refusals
from asstctl.emulator.calls import Call, answer, listing
from asstctl.emulator.objects import STEP
from asstctl.emulator.routes.runs import enter_run
from asstctl.emulator.shapes import Choice, Rules

_INCLUDE = Choice(("step_details.tool_calls[*].file_search.results[*].content",))


async def list_steps(call: Call) -> Response:
    run = enter_run(call)
    _check_include(call)
    return listing(call, STEP, run_id=run["id"])


async def read_step(call: Call) -> Response:
    run = enter_run(call)
    _check_include(call)
    step_id = call.id_of(STEP)
    step = call.services.store.find(STEP, step_id)
    if step is None or step["run_id"] != run["id"]:
        raise refusals.not_found(STEP.noun, step_id)
    return answer(STEP.show(step))


def _check_include(call: Call) -> None:
    for index, value in enumerate(call.request.query_params.getlist("include[]")):
        _INCLUDE.read(value, f"include[{index}]", Rules())


ROUTES = {
    ("GET", "/v1/threads/{thread_id}/runs/{run_id}/steps"): list_steps,
    ("GET", "/v1/threads/{thread_id}/runs/{run_id}/steps/{step_id}"): read_step,
}
