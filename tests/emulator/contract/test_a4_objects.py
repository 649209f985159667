"""A4: every object of the wire as it is right after the least that makes it: its members, in order, with defaults."""

import json
import re
from typing import Any

import pytest

from asstctl.emulator.objects import ASSISTANT, MESSAGE, RUN, STEP, THREAD
from asstctl.emulator.replies.values import TextDelta, Usage
from tests.emulator.contract.world import GUIDE, Json, at_rest, filled, whole_world
from tests.emulator.harness import ASK, Api, Backend, Clock, serving

pytestmark = pytest.mark.anyio

NOW = 1_800_000_000
_AUTO_CHUNKS = {"type": "static", "static": {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400}}


def _same(shown: Json, expected: Json) -> None:
    """Equal, the order of members included, at every depth."""
    assert json.dumps(shown, indent=1) == json.dumps(expected, indent=1)


@pytest.fixture
async def still(anyio_backend: str) -> Any:
    """A server whose clock stands still."""
    async with serving(clock=Clock(NOW), replies=Backend(TextDelta("hello"), Usage(7, 5, 3, 2))) as api:
        yield api


async def test_a4_assistant(still: Api) -> None:
    assistant = await still.assistant()
    _same(
        assistant,
        {
            "id": assistant["id"],
            "object": "assistant",
            "created_at": NOW,
            "name": None,
            "description": None,
            "model": "gpt-4o",
            "instructions": None,
            "tools": [],
            "top_p": 1.0,
            "temperature": 1.0,
            "reasoning_effort": None,
            "tool_resources": {},
            "metadata": {},
            "response_format": "auto",
        },
    )


async def test_a4_thread_made_of_nothing(still: Api) -> None:
    thread = (await still.http.post("/threads")).json()
    expected = {"id": thread["id"], "object": "thread", "created_at": NOW, "metadata": {}, "tool_resources": {}}
    _same(thread, expected)
    _same(await still.get(f"/threads/{thread['id']}"), expected)


async def test_a4_message(still: Api) -> None:
    thread = await still.thread()
    message = await still.post(f"/threads/{thread['id']}/messages", {"role": "user", "content": "hello"})
    _same(
        message,
        {
            "id": message["id"],
            "object": "thread.message",
            "created_at": NOW,
            "assistant_id": None,
            "thread_id": thread["id"],
            "run_id": None,
            "role": "user",
            "content": [{"type": "text", "text": {"value": "hello", "annotations": []}}],
            "attachments": [],
            "metadata": {},
            "status": "completed",
            "incomplete_details": None,
            "completed_at": NOW,
            "incomplete_at": None,
        },
    )


def _new_run(run: Json, assistant: Json, thread: Json) -> Json:
    return {
        "id": run["id"],
        "object": "thread.run",
        "created_at": NOW,
        "assistant_id": assistant["id"],
        "thread_id": thread["id"],
        "status": "queued",
        "started_at": None,
        "expires_at": NOW + 600,
        "cancelled_at": None,
        "failed_at": None,
        "completed_at": None,
        "required_action": None,
        "last_error": None,
        "model": "gpt-4o",
        "instructions": "Be brief.",
        "tools": [],
        "tool_resources": {},
        "metadata": {},
        "temperature": 1.0,
        "top_p": 1.0,
        "reasoning_effort": None,
        "max_completion_tokens": None,
        "max_prompt_tokens": None,
        "truncation_strategy": {"type": "auto", "last_messages": None},
        "incomplete_details": None,
        "usage": None,
        "response_format": "auto",
        "tool_choice": "auto",
        "parallel_tool_calls": True,
    }


_USAGE = {
    "prompt_tokens": 7,
    "completion_tokens": 5,
    "total_tokens": 12,
    "prompt_token_details": {"cached_tokens": 3},
    "completion_tokens_details": {"reasoning_tokens": 2},
}


async def test_a4_run_queued_and_completed(still: Api) -> None:
    assistant, thread = await still.assistant(instructions="Be brief."), await still.thread("hello")
    run = await still.post(f"/threads/{thread['id']}/runs", {"assistant_id": assistant["id"]})
    queued = _new_run(run, assistant, thread)
    _same(run, queued)
    # A5: a final run has no expires_at
    final = {"status": "completed", "started_at": NOW, "expires_at": None, "completed_at": NOW, "usage": _USAGE}
    _same(await still.rest(run), {**queued, **final})


async def test_a4_run_of_a_new_thread(still: Api) -> None:
    assistant = await still.assistant(instructions="Be brief.")
    run = await still.post("/threads/runs", {"assistant_id": assistant["id"]})
    _same(run, _new_run(run, assistant, {"id": run["thread_id"]}))


async def test_a6_a_run_without_instructions_shows_null(still: Api) -> None:
    assistant, thread = await still.assistant(), await still.thread("hello")
    assert (await still.run(thread["id"], assistant["id"]))["instructions"] is None


async def test_a4_required_action_and_the_step_that_waits() -> None:
    async with serving(clock=Clock(NOW)) as api:
        assistant, thread = await api.assistant(tools=[ASK]), await api.thread("hello")
        run = await api.run(thread["id"], assistant["id"], tool_choice="required")
        call = run["required_action"]["submit_tool_outputs"]["tool_calls"][0]
        shown = {
            "id": call["id"],
            "type": "function",
            "function": {"name": "ask_database", "arguments": '{"query": "hello"}'},
        }
        _same(run["required_action"], {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": [shown]}})
        assert (run["usage"], run["expires_at"]) == (None, NOW + 600)
        (step,) = (await api.get(f"/threads/{thread['id']}/runs/{run['id']}/steps"))["data"]
        function = {**shown["function"], "output": None}
        _same(
            step,
            {
                "id": step["id"],
                "object": "thread.run.step",
                "created_at": NOW,
                "run_id": run["id"],
                "assistant_id": assistant["id"],
                "thread_id": thread["id"],
                "type": "tool_calls",
                "status": "in_progress",
                "cancelled_at": None,
                "completed_at": None,
                "expires_at": NOW + 600,
                "expired_at": None,
                "failed_at": None,
                "last_error": None,
                "step_details": {"type": "tool_calls", "tool_calls": [{**shown, "function": function}]},
                "usage": None,
                "metadata": {},
            },
        )
        await api.answer(run, "one row")
        answered = await api.get(f"/threads/{thread['id']}/runs/{run['id']}/steps/{step['id']}")
        assert (answered["status"], answered["completed_at"], answered["expires_at"]) == ("completed", NOW, None)
        assert answered["step_details"]["tool_calls"][0]["function"]["output"] == "one row"


async def test_a4_step_of_a_message(still: Api) -> None:
    assistant, thread = await still.assistant(), await still.thread("hello")
    run = await still.run(thread["id"], assistant["id"])
    message = (await still.get(f"/threads/{thread['id']}/messages"))["data"][0]
    assert (message["assistant_id"], message["run_id"], message["role"]) == (assistant["id"], run["id"], "assistant")
    (step,) = (await still.get(f"/threads/{thread['id']}/runs/{run['id']}/steps"))["data"]
    _same(
        step,
        {
            "id": step["id"],
            "object": "thread.run.step",
            "created_at": NOW,
            "run_id": run["id"],
            "assistant_id": assistant["id"],
            "thread_id": thread["id"],
            "type": "message_creation",
            "status": "completed",
            "cancelled_at": None,
            "completed_at": NOW,
            "expires_at": None,
            "expired_at": None,
            "failed_at": None,
            "last_error": None,
            "step_details": {"type": "message_creation", "message_creation": {"message_id": message["id"]}},
            "usage": _USAGE,
            "metadata": {},
        },
    )


async def test_a4_file(still: Api) -> None:
    file = await still.file("guide.txt", GUIDE)
    _same(
        file,
        {
            "object": "file",
            "id": file["id"],
            "purpose": "assistants",
            "filename": "guide.txt",
            "bytes": len(GUIDE),
            "created_at": NOW,
            "expires_at": None,
            "status": "processed",
            "status_details": None,
        },
    )


async def test_a4_upload_and_part(still: Api) -> None:
    body = {"filename": "a.txt", "purpose": "assistants", "bytes": 5, "mime_type": "text/plain"}
    upload = await still.post("/uploads", body)
    expected = {
        "id": upload["id"],
        "object": "upload",
        "bytes": 5,
        "created_at": NOW,
        "filename": "a.txt",
        "purpose": "assistants",
        "status": "pending",
        "expires_at": NOW + 3600,
        "file": None,
    }
    _same(upload, expected)
    part = (await still.http.post(f"/uploads/{upload['id']}/parts", files={"data": ("part", b"hello")})).json()
    _same(part, {"id": part["id"], "object": "upload.part", "created_at": NOW, "upload_id": upload["id"]})
    done = await still.post(f"/uploads/{upload['id']}/complete", {"part_ids": [part["id"]]})
    file = await still.get(f"/files/{done['file']['id']}")
    _same(done, {**expected, "status": "completed", "file": file})


def _counts(**counts: int) -> Json:
    none = {"in_progress": 0, "completed": 0, "failed": 0, "cancelled": 0}
    return {**none, **counts, "total": sum(counts.values())}


async def test_a4_vector_store(still: Api) -> None:
    store = await still.post("/vector_stores", {})
    expected = {
        "id": store["id"],
        "object": "vector_store",
        "created_at": NOW,
        "name": None,
        "description": None,
        "usage_bytes": 0,
        "file_counts": _counts(),
        "status": "completed",
        "expires_after": None,
        "expires_at": None,
        "last_active_at": NOW,
        "metadata": {},
    }
    _same(store, expected)
    _same(await still.get(f"/vector_stores/{store['id']}"), expected)
    file = await still.file("guide.txt", GUIDE)
    rule = {"anchor": "last_active_at", "days": 2}
    busy = await still.post("/vector_stores", {"file_ids": [file["id"]], "expires_after": rule})
    assert (busy["status"], busy["file_counts"]) == ("in_progress", _counts(in_progress=1))
    assert (busy["expires_after"], busy["expires_at"]) == (rule, NOW + 2 * 86_400)


async def test_a4_vector_store_file(still: Api) -> None:
    file, store = await still.file("guide.txt", GUIDE), await still.post("/vector_stores", {})
    path = f"/vector_stores/{store['id']}/files"
    shown = await still.post(path, {"file_id": file["id"]})
    expected = {
        "id": file["id"],
        "object": "vector_store.file",
        "usage_bytes": 0,
        "created_at": NOW,
        "vector_store_id": store["id"],
        "status": "in_progress",
        "last_error": None,
        "chunking_strategy": _AUTO_CHUNKS,
        "attributes": {},
    }
    _same(shown, expected)
    ready = await at_rest(still, f"{path}/{file['id']}")
    assert ready["usage_bytes"] > 0
    _same(ready, {**expected, "usage_bytes": ready["usage_bytes"], "status": "completed"})


async def test_a4_file_batch_is_named_as_the_sdks_name_it(still: Api) -> None:
    file, store = await still.file("guide.txt", GUIDE), await still.post("/vector_stores", {})
    path = f"/vector_stores/{store['id']}/file_batches"
    batch = await still.post(path, {"file_ids": [file["id"]]})
    expected = {
        "id": batch["id"],
        "object": "vector_store.files_batch",
        "created_at": NOW,
        "status": "in_progress",
        "vector_store_id": store["id"],
        "file_counts": _counts(in_progress=1),
    }
    _same(batch, expected)
    final = {**expected, "status": "completed", "file_counts": _counts(completed=1)}
    _same(await at_rest(still, f"{path}/{batch['id']}"), final)
    # R24: cancelling what is over changes nothing
    _same(await still.post(f"{path}/{batch['id']}/cancel"), final)


async def test_a4_pages_of_content_and_of_search_results(still: Api) -> None:
    file, store = await still.file("guide.txt", GUIDE), await still.post("/vector_stores", {})
    path = f"/vector_stores/{store['id']}"
    await still.post(f"{path}/files", {"file_id": file["id"], "attributes": {"year": 2026}})
    await at_rest(still, f"{path}/files/{file['id']}")
    text = [{"type": "text", "text": GUIDE.decode()}]
    page = await still.get(f"{path}/files/{file['id']}/content")
    _same(page, {"object": "vector_store.file_content.page", "data": text, "has_more": False, "next_page": None})
    page = await still.post(f"{path}/search", {"query": "robotics"})
    (hit,) = page["data"]
    assert 0 <= hit["score"] <= 1
    _same(
        page,
        {
            "object": "vector_store.search_results.page",
            "search_query": ["robotics"],
            "data": [
                {
                    "file_id": file["id"],
                    "filename": "guide.txt",
                    "score": hit["score"],
                    "attributes": {"year": 2026},
                    "content": text,
                }
            ],
            "has_more": False,
            "next_page": None,
        },
    )


async def test_a2_model(still: Api) -> None:
    model = await still.get("/models/gpt-4o")
    _same(model, {"id": "gpt-4o", "object": "model", "created": model["created"], "owned_by": model["owned_by"]})
    page = await still.get("/models")
    assert page["object"] == "list"
    assert model in page["data"]


@pytest.mark.parametrize(
    ("path", "object_"),
    [
        ("/assistants/{assistant}", "assistant.deleted"),
        ("/threads/{thread}/messages/{message}", "thread.message.deleted"),
        ("/threads/{thread}", "thread.deleted"),
        ("/vector_stores/{store}/files/{file}", "vector_store.file.deleted"),
        ("/vector_stores/{store}", "vector_store.deleted"),
        ("/files/{file}", "file"),
        ("/models/ft:gpt-4o:mine", "model"),
    ],
)
async def test_a2_what_is_deleted_says_so_and_is_gone(api: Api, path: str, object_: str) -> None:
    names = await whole_world(api)
    await api.assistant(model="ft:gpt-4o:mine")
    url = filled(path, names)
    _same(await api.delete(url), {"id": url.rpartition("/")[2], "object": object_, "deleted": True})
    assert (await api.send("GET", url)).status_code == 404
    assert (await api.send("DELETE", url)).status_code == 404


async def test_a5_what_hangs_on_a_thing_goes_or_stays_when_it_is_deleted(api: Api) -> None:
    names = await whole_world(api)
    await api.delete(filled("/assistants/{assistant}", names))
    run = await api.get(filled("/threads/{thread}/runs/{run}", names))
    assert run["assistant_id"] == names["assistant"]
    await api.delete(filled("/threads/{thread}", names))
    rows = api.emulator.services.store.connection.execute("SELECT count(*) FROM messages, runs, steps").fetchone()
    assert rows == (0,)
    await api.delete(filled("/vector_stores/{store}", names))
    assert (await api.get(filled("/files/{file}", names)))["id"] == names["file"]


@pytest.mark.parametrize(
    ("collection", "prefix"),
    [(ASSISTANT, "asst_"), (THREAD, "thread_"), (MESSAGE, "msg_"), (RUN, "run_"), (STEP, "step_")],
)
def test_a1_ids_are_a_prefix_and_24_letters_and_digits(collection: Any, prefix: str) -> None:
    body = collection.new({}, 0)
    assert body["id"].startswith(prefix)
    assert body["id"].removeprefix(prefix).isalnum()
    assert len(body["id"]) == len(prefix) + 24


async def test_a1_ids_of_files_and_stores(api: Api) -> None:
    names = await whole_world(api)
    for name, pattern in (
        ("file", r"file-[0-9A-Za-z]{22,24}"),
        ("store", r"vs_[0-9a-f]{32}"),
        ("batch", r"vsfb_(ibj_)?[0-9a-f]{32}"),
        ("upload", r"upload_\w+"),
    ):
        assert re.fullmatch(pattern, names[name]), names[name]


def _ranking(threshold: float) -> Json:
    return {"ranker": "default_2024_08_21", "score_threshold": threshold, "hybrid_search": None}


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        (
            {"type": "function", "function": {"name": "f"}},
            {
                "type": "function",
                "function": {"name": "f", "parameters": {"type": "object", "properties": {}}, "strict": False},
            },
        ),
        ({"type": "file_search"}, {"type": "file_search", "file_search": {"ranking_options": _ranking(0.0)}}),
        (
            {"type": "file_search", "file_search": {"max_num_results": 5, "ranking_options": {"score_threshold": 0.5}}},
            {"type": "file_search", "file_search": {"max_num_results": 5, "ranking_options": _ranking(0.5)}},
        ),
        ({"type": "code_interpreter"}, {"type": "code_interpreter"}),
    ],
    ids=["function", "file_search", "file_search with settings", "code_interpreter"],
)
async def test_a4_tools_are_stored_expanded_and_can_be_sent_back(api: Api, sent: Json, stored: Json) -> None:
    assistant = await api.assistant(tools=[sent])
    _same(assistant["tools"], [stored])
    assert assistant == await api.post(f"/assistants/{assistant['id']}", {"tools": assistant["tools"]})


async def test_a4_tool_resources_hold_an_empty_list_for_each_tool_in_use(api: Api) -> None:
    tools = [{"type": "code_interpreter"}, {"type": "file_search"}]
    assistant = await api.assistant(tools=tools)
    empty = {"code_interpreter": {"file_ids": []}, "file_search": {"vector_store_ids": []}}
    _same(assistant["tool_resources"], empty)
    path = f"/assistants/{assistant['id']}"
    sent = {"code_interpreter": {"file_ids": [(await api.file())["id"]]}}
    assert (await api.post(path, {"tool_resources": sent}))["tool_resources"] == {**empty, **sent}
    assert (await api.post(path, {"tools": []}))["tool_resources"] == sent
    assert (await api.post(path, {"tool_resources": None}))["tool_resources"] == {}


async def test_a3_the_helper_makes_a_store_and_answers_with_its_id(api: Api) -> None:
    file = await api.file("guide.txt", GUIDE)
    made = {"file_search": {"vector_stores": [{"file_ids": [file["id"]], "metadata": {"k": "v"}}]}}
    for shown in (await api.assistant(tool_resources=made), await api.post("/threads", {"tool_resources": made})):
        (store_id,) = shown["tool_resources"]["file_search"].pop("vector_store_ids")
        assert shown["tool_resources"] == {"file_search": {}}
        store = await api.get(f"/vector_stores/{store_id}")
        assert (store["metadata"], store["file_counts"]["total"]) == ({"k": "v"}, 1)


@pytest.mark.parametrize(
    ("content", "stored"),
    [
        ("hello", [{"type": "text", "text": {"value": "hello", "annotations": []}}]),
        ([{"type": "text", "text": "hello"}], [{"type": "text", "text": {"value": "hello", "annotations": []}}]),
        (
            [{"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}],
            [{"type": "image_url", "image_url": {"url": "https://example.com/a.png", "detail": "auto"}}],
        ),
        (
            [{"type": "image_file", "image_file": {"file_id": "{file}", "detail": "low"}}],
            [{"type": "image_file", "image_file": {"file_id": "{file}", "detail": "low"}}],
        ),
    ],
    ids=["string", "text", "image_url", "image_file"],
)
async def test_a4_content_is_stored_as_parts(api: Api, content: Json, stored: Json) -> None:
    thread, names = await api.thread(), {"file": (await api.file("a.png", purpose="vision"))["id"]}
    sent = {"role": "user", "content": filled(content, names)}
    message = await api.post(f"/threads/{thread['id']}/messages", sent)
    _same(message["content"], filled(stored, names))


async def test_a5_attachments_are_echoed_as_given(api: Api) -> None:
    thread, file = await api.thread(), await api.file("guide.txt", GUIDE)
    attachments = [{"file_id": file["id"], "tools": [{"type": "file_search"}]}] * 2
    sent = {"role": "user", "content": "hello", "attachments": attachments}
    message = await api.post(f"/threads/{thread['id']}/messages", sent)
    assert message["attachments"] == attachments
    # A6: shown under the same name after a change
    changed = await api.post(f"/threads/{thread['id']}/messages/{message['id']}", {"metadata": {"k": "v"}})
    assert changed == {**message, "metadata": {"k": "v"}}


async def test_a1_an_update_changes_what_it_names(api: Api) -> None:
    before = await api.assistant(name="a", description="d", tools=[ASK], metadata={"k": "1", "l": "2"}, temperature=0.2)
    after = await api.post(f"/assistants/{before['id']}", {"name": "b", "metadata": {"k": "3"}})
    _same(after, {**before, "name": "b", "metadata": {"k": "3"}})
    assert after == await api.get(f"/assistants/{before['id']}")


@pytest.mark.parametrize(
    ("field", "value", "cleared"),
    [
        ("name", "a", None),
        ("description", "a", None),
        ("instructions", "a", None),
        ("reasoning_effort", "low", None),
        ("temperature", 0.5, 1.0),
        ("top_p", 0.5, 1.0),
        ("response_format", {"type": "json_object"}, "auto"),
        ("metadata", {"k": "v"}, {}),
    ],
)
async def test_a1_null_clears_a_field_to_its_default(api: Api, field: str, value: Json, cleared: Json) -> None:
    assistant = await api.assistant(**{field: value})
    assert assistant[field] == value
    assert (await api.post(f"/assistants/{assistant['id']}", {field: None}))[field] == cleared


@pytest.mark.parametrize("field", ["model", "tools"])
async def test_a3_model_and_tools_take_no_null(api: Api, field: str) -> None:
    assistant = await api.assistant()
    status, error = await api.refused("POST", f"/assistants/{assistant['id']}", {field: None})
    assert (status, error["param"], error["code"]) == (400, field, "invalid_type")


@pytest.mark.parametrize(
    ("field", "value", "cleared"),
    [
        ("name", "guides", None),
        ("expires_after", {"anchor": "last_active_at", "days": 1}, None),
        ("metadata", {"k": "v"}, {}),
    ],
)
async def test_a3_null_clears_a_field_of_a_vector_store(api: Api, field: str, value: Json, cleared: Json) -> None:
    store = await api.post("/vector_stores", {field: value})
    assert store[field] == value
    assert (await api.post(f"/vector_stores/{store['id']}", {}))[field] == value
    changed = await api.post(f"/vector_stores/{store['id']}", {field: None})
    assert (changed[field], changed["expires_at"]) == (cleared, None)


async def test_a3_threads_messages_and_runs_take_new_metadata_and_nothing_else(api: Api) -> None:
    names = await whole_world(api)
    for template in ("/threads/{thread}", "/threads/{thread}/messages/{message}", "/threads/{thread}/runs/{run}"):
        path = filled(template, names)
        before = await api.get(path)
        _same(await api.post(path, {"metadata": {"k": "v"}}), {**before, "metadata": {"k": "v"}})
        assert (await api.post(path, {"metadata": None}))["metadata"] == {}
        assert (await api.refused("POST", path, {"role": "user"}))[1]["code"] == "unknown_parameter"


async def test_a_field_younger_than_the_row_shows_its_default(api: Api) -> None:
    assistant = await api.assistant()
    store = api.emulator.services.store
    store.connection.execute("UPDATE assistants SET body = json_remove(body, '$.response_format', '$.metadata')")
    _same(await api.get(f"/assistants/{assistant['id']}"), assistant)
