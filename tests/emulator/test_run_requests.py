"""What requests about runs, steps and messages may say: bodies, queries, and which of their faults is told first."""

from typing import Any, NamedTuple

import pytest

from asstctl.emulator.replies.values import SearchFiles, TextDelta
from tests.emulator.contract.world import filled, whole_world
from tests.emulator.harness import ASK, Api, Backend, serving

pytestmark = pytest.mark.anyio

_CONTENT = "step_details.tool_calls[*].file_search.results[*].content"


class Refused(NamedTuple):
    message: str
    param: str
    code: str


@pytest.mark.parametrize(
    ("fields", "refused"),
    [
        # A1: missing / enum
        (
            {"truncation_strategy": {"type": "last_messages"}},
            Refused(
                "Missing required parameter: 'truncation_strategy.last_messages'.",
                "truncation_strategy.last_messages",
                "missing_required_parameter",
            ),
        ),
        (
            {"truncation_strategy": {"type": "last_messages", "last_messages": None}},
            Refused(
                "Missing required parameter: 'truncation_strategy.last_messages'.",
                "truncation_strategy.last_messages",
                "missing_required_parameter",
            ),
        ),
        # A5: required: at least one call
        (
            {"tool_choice": "required"},
            Refused(
                "Invalid value: 'required'. Supported values are: 'none' and 'auto'.", "tool_choice", "invalid_value"
            ),
        ),
        (
            {"tool_choice": "required", "tools": []},
            Refused(
                "Invalid value: 'required'. Supported values are: 'none' and 'auto'.", "tool_choice", "invalid_value"
            ),
        ),
    ],
)
@pytest.mark.parametrize("path", ["/threads/{thread}/runs", "/threads/runs"])
async def test_a_run_that_could_not_be_what_it_says_is_refused(
    api: Api, path: str, fields: Any, refused: Refused
) -> None:
    assistant = await api.assistant(instructions="Be brief.", tools=[ASK] if "tools" in fields else [])
    thread = await api.thread("hello")
    body = {"assistant_id": assistant["id"], **fields}
    status, error = await api.refused("POST", path.format(thread=thread["id"]), body)
    assert (status, Refused(error["message"], error["param"], error["code"])) == (400, refused)
    assert (await api.get(f"/threads/{thread['id']}/runs"))["data"] == []


@pytest.mark.parametrize("strategy", [{"type": "auto"}, {"type": "auto", "last_messages": None}])
async def test_a_strategy_that_counts_nothing_needs_no_number(api: Api, strategy: Any) -> None:
    assistant, thread = await api.assistant(), await api.thread("hello")
    run = await api.run(thread["id"], assistant["id"], truncation_strategy=strategy)
    assert run["truncation_strategy"] == {"type": "auto", "last_messages": None}


async def test_a_cancel_takes_an_empty_body() -> None:
    backend = Backend()
    backend.gate.clear()
    async with serving(replies=backend) as api:
        assistant, thread = await api.assistant(), await api.thread("hello")
        for body in (None, {}):
            run = await api.post(f"/threads/{thread['id']}/runs", {"assistant_id": assistant["id"]})
            path = f"/threads/{thread['id']}/runs/{run['id']}"
            # A1: unknown body fields are refused
            status, error = await api.refused("POST", f"{path}/cancel", {"reason": "tired"})
            assert (status, error["param"], error["code"]) == (400, "reason", "unknown_parameter")
            assert (await api.get(path))["status"] in ("queued", "in_progress")
            assert (await api.post(f"{path}/cancel", body))["status"] == "cancelling"
            await api.until(run, "cancelled")


# Queries (A1: lists; A2: include[], run_id, filter)


@pytest.mark.parametrize("name", ["include[]", "include", "include[0]", "include[17]"])
async def test_include_is_read_however_a_list_is_written(name: str) -> None:
    backend = Backend(answer=lambda request: [TextDelta("done")] if request.results else [SearchFiles("robotics lab")])
    async with serving(replies=backend) as api:
        file, store = await api.file("guide.txt", b"The robotics lab."), await api.post("/vector_stores", {})
        await api.post(f"/vector_stores/{store['id']}/files", {"file_id": file["id"]})
        resources = {"file_search": {"vector_store_ids": [store["id"]]}}
        assistant = await api.assistant(tools=[{"type": "file_search"}], tool_resources=resources)
        thread = await api.thread("hello")
        run = await api.run(thread["id"], assistant["id"])
        path = f"/threads/{thread['id']}/runs"
        steps = f"{path}/{run['id']}/steps"
        (step,) = (await api.get(steps, order="asc", limit=1, **{name: _CONTENT}))["data"]
        (found,) = step["step_details"]["tool_calls"][0]["file_search"]["results"]
        assert found["content"] == [{"type": "text", "text": "The robotics lab."}]
        assert step == await api.get(f"{steps}/{step['id']}", **{name: _CONTENT})
        for method, where, body in (
            ("GET", steps, None),
            ("GET", f"{steps}/{step['id']}", None),
            ("POST", path, {"assistant_id": assistant["id"]}),
        ):
            assert (await api.send(method, f"{where}?{name}=", body)).status_code == 200
            status, error = await api.refused(method, f"{where}?{name}={_CONTENT}&{name}=usage", body)
            assert (status, error["param"], error["code"]) == (400, "include[1]", "invalid_value")


@pytest.mark.parametrize("name", ["after", "before", "limit", "order", "run_id", "include[]", "include"])
async def test_a_query_parameter_without_a_value_was_not_given(api: Api, name: str) -> None:
    world = await whole_world(api)
    for path in ("/threads/{thread}/messages", "/threads/{thread}/runs/{run}/steps", "/assistants", "/files"):
        found = filled(path, world)
        assert (await api.get(f"{found}?{name}=")) == await api.get(found)


async def test_a_filter_without_a_value_was_not_given(api: Api) -> None:
    world = await whole_world(api)
    for path in ("/vector_stores/{store}/files", "/vector_stores/{store}/file_batches/{batch}/files"):
        found = filled(path, world)
        assert (await api.get(f"{found}?filter="))["data"] == (await api.get(found))["data"] != []


@pytest.mark.parametrize("limit", ["1_0", "%2B5", "%205", "5%20", "%D9%A3", "5.0", "0x5", "-", "9" * 5000])
async def test_a_limit_is_written_in_digits(api: Api, limit: str) -> None:
    status, error = await api.refused("GET", f"/assistants?limit={limit}")
    assert (status, error["param"], error["code"]) == (400, "limit", "invalid_type")


# Which fault is told first


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/threads/thread_x", "No thread found with id 'thread_x'."),
        ("/threads/thread_x/messages", "No thread found with id 'thread_x'."),
        ("/threads/thread_x/runs", "No thread found with id 'thread_x'."),
        ("/threads/{thread}/messages/msg_x", "No message found with id 'msg_x'."),
        ("/threads/thread_x/messages/{message}", "No thread found with id 'thread_x'."),
        ("/threads/{thread}/runs/run_x", "No run found with id 'run_x'."),
        ("/threads/{thread}/runs/run_x/cancel", "No run found with id 'run_x'."),
        ("/threads/{thread}/runs/run_x/submit_tool_outputs", "No run found with id 'run_x'."),
    ],
)
async def test_an_unknown_id_is_told_before_a_fault_of_the_body(api: Api, path: str, text: str) -> None:
    world = await whole_world(api)
    status, error = await api.refused("POST", filled(path, world), {"colour": "red"})
    assert (status, error["message"]) == (404, text)
