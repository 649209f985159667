"""A7: the lenient mode never refuses what an SDK can send, and where its types want a string, it gets one.

What it means instead, by example: a number is brought into its range, a file that does not exist is one that failed,
nothing stands next to a cursor that names nothing.
"""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.emulator.harness import ASK, Api, serving

pytestmark = pytest.mark.anyio

LONG = "x" * 300_000
MANY = {f"{'k' * 70}{number}": "v" * 600 for number in range(20)}


@pytest.fixture
async def lenient(anyio_backend: str) -> AsyncIterator[Api]:
    async with serving(lenient=True) as api:
        yield api


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/assistants", {"model": "m", "name": "n" * 257, "description": "d" * 513, "instructions": LONG}),
        ("/assistants", {"model": "m", "metadata": MANY}),
        ("/assistants", {"model": "m", "tools": [{"type": "code_interpreter"}] * 129}),
        ("/assistants", {"model": "m", "tools": [{"type": "function", "function": {"name": "not a name" * 9}}]}),
        ("/threads", {"messages": [{"role": "user", "content": "x"}] * 33}),
        ("/threads", {"messages": [{"role": "user", "content": LONG}, {"role": "user", "content": []}]}),
        (
            "/threads",
            {"messages": [{"role": "user", "content": "x", "attachments": [{"file_id": "no", "tools": None}]}]},
        ),
        ("/vector_stores", {"file_ids": ["string"] * 501}),
        ("/vector_stores", {"chunking_strategy": {"type": "auto"}, "metadata": MANY}),
    ],
    ids=lambda value: str(value)[:50],
)
async def test_a7_no_limit_of_length_is_refused(lenient: Api, path: str, body: Any) -> None:
    made = await lenient.post(path, body)
    assert made.get("metadata") == body.get("metadata", {})


async def test_a7_a_number_out_of_its_range_is_the_nearest_one_in_it(lenient: Api) -> None:
    assistant = await lenient.assistant(temperature=9, top_p=-1.5)
    assert (assistant["temperature"], assistant["top_p"]) == (2.0, 0.0)
    store = await lenient.post("/vector_stores", {"expires_after": {"anchor": "last_active_at", "days": 1000}})
    assert store["expires_after"]["days"] == 365
    file = await lenient.file()
    sizes = {"max_chunk_size_tokens": 1, "chunk_overlap_tokens": 99}
    body = {"file_id": file["id"], "chunking_strategy": {"type": "static", "static": sizes}}
    attached = await lenient.post(f"/vector_stores/{store['id']}/files", body)
    assert attached["chunking_strategy"]["static"] == {"max_chunk_size_tokens": 100, "chunk_overlap_tokens": 50}


async def test_a7_a_limit_of_a_page_is_brought_into_its_range(lenient: Api) -> None:
    for _ in range(3):
        await lenient.assistant()
    assert len((await lenient.get("/assistants", limit=0))["data"]) == 1
    assert len((await lenient.get("/assistants", limit=1000))["data"]) == 3


@pytest.mark.parametrize("cursor", ["after", "before"])
async def test_a7_nothing_stands_next_to_an_unknown_cursor(lenient: Api, cursor: str) -> None:
    await lenient.assistant()
    page = await lenient.get("/assistants", **{cursor: "asst_gone"})
    assert page == {"object": "list", "data": [], "first_id": None, "last_id": None, "has_more": False}


@pytest.mark.parametrize(("path", "body"), [("/assistants", {"model": "m"}), ("/threads", {})])
async def test_a7_ids_of_files_and_stores_that_do_not_exist_are_kept(lenient: Api, path: str, body: Any) -> None:
    search = {"vector_store_ids": ["string"], "vector_stores": [{"file_ids": ["string"], "metadata": {"a": "b"}}]}
    given = {"code_interpreter": {"file_ids": ["string"]}, "file_search": search}
    held = (await lenient.post(path, {**body, "tool_resources": given}))["tool_resources"]
    unknown, made = held["file_search"]["vector_store_ids"]
    assert (held["code_interpreter"], unknown) == ({"file_ids": ["string"]}, "string")
    assert (await lenient.get(f"/vector_stores/{made}"))["file_counts"]["failed"] == 1


async def test_a7_a_run_goes_on_without_the_files_and_stores_that_do_not_exist(lenient: Api) -> None:
    assistant = await lenient.assistant(
        tools=[{"type": "file_search"}, {"type": "code_interpreter"}],
        tool_resources={"code_interpreter": {"file_ids": ["string"]}, "file_search": {"vector_store_ids": ["string"]}},
    )
    tools = [{"type": "file_search"}, {"type": "code_interpreter"}]
    image = {"type": "image_file", "image_file": {"file_id": "string"}}
    message = {
        "role": "user",
        "content": [{"type": "text", "text": "what"}, image],
        "attachments": [{"file_id": "string", "tools": tools}],
    }
    thread = await lenient.post("/threads", {"messages": [message]})
    run = await lenient.run(thread["id"], assistant["id"])
    assert run["status"] == "completed", run["last_error"]
    assert (await lenient.get(f"/threads/{thread['id']}/messages"))["data"][-1]["attachments"] == message["attachments"]


async def test_a7_a_file_that_does_not_exist_fails_in_a_store(lenient: Api) -> None:
    path = f"/vector_stores/{(await lenient.post('/vector_stores'))['id']}/files"
    attached = await lenient.post(path, {"file_id": "string"})
    assert (attached["status"], attached["last_error"]["code"]) == ("failed", "invalid_file")
    assert await lenient.get(f"{path}/string") == attached
    assert (await lenient.delete(f"{path}/string"))["deleted"]


@pytest.mark.parametrize(
    ("body", "total"),
    [({}, 0), ({"file_ids": []}, 0), ({"file_ids": ["a"], "files": [{"file_id": "b"}]}, 2), ({"files": None}, 0)],
)
async def test_a7_a_batch_takes_both_lists_of_files_or_none(lenient: Api, body: Any, total: int) -> None:
    store = await lenient.post("/vector_stores")
    batch = await lenient.post(f"/vector_stores/{store['id']}/file_batches", body)
    assert batch["file_counts"]["total"] == total


@pytest.mark.parametrize(
    ("outputs", "heard"),
    [
        ([{}], ""),
        ([], ""),
        ([{"output": "by place"}], "by place"),
        ([{"tool_call_id": "unknown", "output": "by place"}], "by place"),
    ],
)
async def test_a7_outputs_that_name_no_call_go_to_the_calls_in_their_order(
    lenient: Api, outputs: Any, heard: str
) -> None:
    assistant, thread = await lenient.assistant(tools=[ASK]), await lenient.thread("hi")
    run = await lenient.run(thread["id"], assistant["id"], tool_choice="required")
    path = f"/threads/{thread['id']}/runs/{run['id']}"
    run = await lenient.rest(await lenient.post(f"{path}/submit_tool_outputs", {"tool_outputs": outputs}))
    steps = (await lenient.get(f"{path}/steps"))["data"]
    assert run["status"] == "completed"
    assert steps[-1]["step_details"]["tool_calls"][0]["function"]["output"] == heard


@pytest.mark.parametrize(
    ("comparison", "value", "found"), [("in", "red", 1), ("nin", "red", 0), ("eq", ["red"], 0), ("gt", ["red"], 0)]
)
async def test_a7_every_comparison_takes_one_value_or_several(
    lenient: Api, comparison: str, value: Any, found: int
) -> None:
    store, file = await lenient.post("/vector_stores"), await lenient.file(content=b"a lighthouse")
    path = f"/vector_stores/{store['id']}"
    await lenient.post(f"{path}/files", {"file_id": file["id"], "attributes": {"colour": "red"}})
    await lenient.until_at(f"{path}/files/{file['id']}", lambda shown: shown["status"] == "completed")
    filters = {"type": comparison, "key": "colour", "value": value}
    assert len((await lenient.post(f"{path}/search", {"query": "lighthouse", "filters": filters}))["data"]) == found


async def test_a7_a_run_may_start_with_nothing_to_say(lenient: Api) -> None:
    # A6: the types of the SDKs want the instructions as a string
    run = await lenient.post("/threads/runs", {"assistant_id": (await lenient.assistant())["id"]})
    assert run["instructions"] == ""
    assert (await lenient.rest(run))["status"] == "completed"


async def test_a7_a_run_forced_to_a_tool_that_it_lacks_starts_and_fails(lenient: Api) -> None:
    choice = {"type": "function", "function": {"name": "absent"}}
    thread = await lenient.thread("hi")
    run = await lenient.run(thread["id"], (await lenient.assistant())["id"], tool_choice=choice)
    assert run["status"] == "failed"


async def test_a6_a_store_without_a_name_has_an_empty_one(lenient: Api) -> None:
    store = await lenient.post("/vector_stores")
    renamed = await lenient.post(f"/vector_stores/{store['id']}", {"name": None})
    assert (store["name"], renamed["name"]) == ("", "")


async def test_a7_null_is_no_value_where_it_has_no_meaning(lenient: Api) -> None:
    assistant = await lenient.assistant(tools=None)
    assert assistant["tools"] == []


async def test_a7_every_model_is_there(lenient: Api) -> None:
    assert (await lenient.get("/models/gpt-none"))["id"] == "gpt-none"
    assert await lenient.delete("/models/ft:any") == {"id": "ft:any", "object": "model", "deleted": True}


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/assistants", {"model": 1}, 400),
        ("POST", "/assistants", {}, 400),
        ("POST", "/assistants", {"model": "m", "tools": [{"type": "colour"}]}, 400),
        ("GET", "/assistants/asst_none", None, 404),
        ("GET", "/threads/string", None, 404),
        ("DELETE", "/vector_stores/string", None, 404),
    ],
)
async def test_what_the_types_do_not_allow_and_what_is_not_there_is_refused_still(
    lenient: Api, method: str, path: str, body: Any, status: int
) -> None:
    assert (await lenient.refused(method, path, body))[0] == status
