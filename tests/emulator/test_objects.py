"""Objects: their members in the order of the wire, defaults, limits, partial updates and nulls."""

from typing import Any

import pytest

from asstctl.emulator.objects import ASSISTANT, MESSAGE, RUN, STEP, THREAD
from tests.emulator.harness import ASK, Api

pytestmark = pytest.mark.anyio


async def test_an_assistant_shows_defaults_in_the_order_of_the_wire(api: Api) -> None:
    assistant = await api.assistant()
    expected = {
        "id": assistant["id"],
        "object": "assistant",
        "created_at": assistant["created_at"],
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
    }
    assert list(assistant.items()) == list(expected.items())


async def test_a_run_shows_defaults_in_the_order_of_the_wire(api: Api) -> None:
    assistant, thread = await api.assistant(instructions="Be brief."), await api.thread("hello")
    run = await api.post(f"/threads/{thread['id']}/runs", {"assistant_id": assistant["id"]})
    expected = {
        "id": run["id"],
        "object": "thread.run",
        "created_at": run["created_at"],
        "assistant_id": assistant["id"],
        "thread_id": thread["id"],
        "status": "queued",
        "started_at": None,
        "expires_at": run["created_at"] + 600,
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
    assert list(run.items()) == list(expected.items())


async def test_a_message_shows_defaults_in_the_order_of_the_wire(api: Api) -> None:
    thread = await api.thread()
    message = await api.post(f"/threads/{thread['id']}/messages", {"role": "user", "content": "hello"})
    expected = {
        "id": message["id"],
        "object": "thread.message",
        "created_at": message["created_at"],
        "assistant_id": None,
        "thread_id": thread["id"],
        "run_id": None,
        "role": "user",
        "content": [{"type": "text", "text": {"value": "hello", "annotations": []}}],
        "attachments": [],
        "metadata": {},
        "status": "completed",
        "incomplete_details": None,
        "completed_at": message["created_at"],
        "incomplete_at": None,
    }
    assert list(message.items()) == list(expected.items())


async def test_a_thread_can_be_made_of_nothing(api: Api) -> None:
    response = await api.http.post("/threads")
    thread = response.json()
    assert list(thread) == ["id", "object", "created_at", "metadata", "tool_resources"]
    assert (thread["metadata"], thread["tool_resources"]) == ({}, {})


@pytest.mark.parametrize(
    ("collection", "prefix"),
    [(ASSISTANT, "asst_"), (THREAD, "thread_"), (MESSAGE, "msg_"), (RUN, "run_"), (STEP, "step_")],
)
def test_ids_are_a_prefix_and_24_letters_and_digits(collection: Any, prefix: str) -> None:
    body = collection.new({}, 0)
    assert body["id"].startswith(prefix)
    assert body["id"].removeprefix(prefix).isalnum()
    assert len(body["id"]) == len(prefix) + 24


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
        (
            {"type": "file_search"},
            {
                "type": "file_search",
                "file_search": {
                    "ranking_options": {
                        "ranker": "default_2024_08_21",
                        "score_threshold": 0.0,
                        "hybrid_search": None,
                    }
                },
            },
        ),
        (
            {"type": "file_search", "file_search": {"max_num_results": 5, "ranking_options": {"score_threshold": 0.5}}},
            {
                "type": "file_search",
                "file_search": {
                    "max_num_results": 5,
                    "ranking_options": {
                        "ranker": "default_2024_08_21",
                        "score_threshold": 0.5,
                        "hybrid_search": None,
                    },
                },
            },
        ),
        ({"type": "code_interpreter"}, {"type": "code_interpreter"}),
    ],
)
async def test_tools_are_stored_expanded_and_can_be_sent_back(
    api: Api, sent: dict[str, Any], stored: dict[str, Any]
) -> None:
    assistant = await api.assistant(tools=[sent])
    assert assistant["tools"] == [stored]
    assert assistant == await api.post(f"/assistants/{assistant['id']}", {"tools": assistant["tools"]})


async def test_tool_resources_hold_an_empty_list_for_each_tool_in_use(api: Api) -> None:
    tools = [{"type": "code_interpreter"}, {"type": "file_search"}]
    assistant = await api.assistant(tools=tools)
    assert assistant["tool_resources"] == {
        "code_interpreter": {"file_ids": []},
        "file_search": {"vector_store_ids": []},
    }
    path = f"/assistants/{assistant['id']}"
    sent = {"code_interpreter": {"file_ids": ["file-a"]}}
    assert (await api.post(path, {"tool_resources": sent}))["tool_resources"] == {
        "code_interpreter": {"file_ids": ["file-a"]},
        "file_search": {"vector_store_ids": []},
    }
    assert (await api.post(path, {"tools": []}))["tool_resources"] == {"code_interpreter": {"file_ids": ["file-a"]}}
    assert (await api.post(path, {"tool_resources": None}))["tool_resources"] == {}


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
            [{"type": "image_file", "image_file": {"file_id": "file-a", "detail": "low"}}],
            [{"type": "image_file", "image_file": {"file_id": "file-a", "detail": "low"}}],
        ),
    ],
)
async def test_content_is_stored_as_parts(api: Api, content: Any, stored: Any) -> None:
    thread = await api.thread()
    message = await api.post(f"/threads/{thread['id']}/messages", {"role": "user", "content": content})
    assert message["content"] == stored


async def test_attachments_are_echoed_as_given(api: Api) -> None:
    thread = await api.thread()
    attachments = [{"file_id": "file-a", "tools": [{"type": "file_search"}]}] * 2
    sent = {"role": "user", "content": "hello", "attachments": attachments}
    assert (await api.post(f"/threads/{thread['id']}/messages", sent))["attachments"] == attachments


async def test_an_update_changes_what_it_names(api: Api) -> None:
    before = await api.assistant(name="a", description="d", tools=[ASK], metadata={"k": "1", "l": "2"}, temperature=0.2)
    after = await api.post(f"/assistants/{before['id']}", {"name": "b", "metadata": {"k": "3"}})
    assert after == {**before, "name": "b", "metadata": {"k": "3"}}
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
async def test_null_clears_a_field_to_its_default(api: Api, field: str, value: Any, cleared: Any) -> None:
    assistant = await api.assistant(**{field: value})
    assert assistant[field] == value
    assert (await api.post(f"/assistants/{assistant['id']}", {field: None}))[field] == cleared


@pytest.mark.parametrize("field", ["model", "tools"])
async def test_model_and_tools_take_no_null(api: Api, field: str) -> None:
    assistant = await api.assistant()
    status, error = await api.refused("POST", f"/assistants/{assistant['id']}", {field: None})
    assert (status, error["param"], error["code"]) == (400, field, "invalid_type")


def _function(name: str = "f") -> Any:
    return {"type": "function", "function": {"name": name}}


def _search(**settings: Any) -> Any:
    return [{"type": "file_search", "file_search": settings}]


def _files(count: int) -> Any:
    return {"code_interpreter": {"file_ids": ["file-a"] * count}}


def _stores(count: int) -> Any:
    return {"file_search": {"vector_store_ids": ["vs_a"] * count}}


def _last(count: int) -> Any:
    return {"type": "last_messages", "last_messages": count}


_JSON_SCHEMA = {"type": "json_schema", "json_schema": {"name": "n", "schema": {}, "strict": True}}
_WRONG_ATTACHMENT = {"tools": [{"type": "x"}]}


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        ("name", "x" * 256, "x" * 257),
        ("description", "x" * 512, "x" * 513),
        ("instructions", "x" * 256_000, "x" * 256_001),
        ("tools", [_function()] * 128, [_function()] * 129),
        ("tools", [_function("x" * 64)], [_function("x" * 65)]),
        ("tools", [_function("a-B_9")], [_function("a.b")]),
        ("tools", _search(max_num_results=50), _search(max_num_results=51)),
        ("tools", _search(ranking_options={"score_threshold": 1}), _search(ranking_options={})),
        ("temperature", 2, 2.1),
        ("temperature", 0, -0.1),
        ("top_p", 1, 1.1),
        ("reasoning_effort", "xhigh", "huge"),
        ("metadata", {str(n): "v" * 512 for n in range(16)}, {str(n): "v" for n in range(17)}),
        ("metadata", {"k" * 64: ""}, {"k" * 65: ""}),
        ("metadata", {}, []),
        ("tool_resources", _files(20), _files(21)),
        ("tool_resources", _stores(1), _stores(2)),
        ("tool_resources", {"code_interpreter": None, "file_search": None}, {"file_search": {"vector_stores": [{}]}}),
        ("response_format", "auto", "text"),
        ("response_format", _JSON_SCHEMA, {"type": "json_schema"}),
    ],
)
async def test_assistants_keep_to_their_limits(api: Api, field: str, good: Any, bad: Any) -> None:
    await api.assistant(**{field: good})
    assert (await api.refused("POST", "/assistants", {"model": "m", field: bad}))[0] == 400


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        ("tools", [_function()] * 20, [_function()] * 21),
        ("max_prompt_tokens", 16, 0),
        ("max_completion_tokens", 16, "many"),
        ("truncation_strategy", _last(1), _last(0)),
        ("truncation_strategy", {"type": "auto"}, {}),
        ("tool_choice", "none", "sometimes"),
        ("tool_choice", _function("ask_database"), _function("other")),
        ("tool_choice", {"type": "file_search"}, {"type": "function"}),
        ("parallel_tool_calls", False, "no"),
        ("additional_messages", [{"role": "user", "content": "more"}], [{"role": "system", "content": "more"}]),
        ("metadata", None, {"k": 1}),
        ("model", None, 4),
        ("temperature", None, 3),
        ("response_format", None, {"type": "xml"}),
        ("stream", False, "yes"),
    ],
)
async def test_runs_keep_to_their_limits(api: Api, field: str, good: Any, bad: Any) -> None:
    assistant, thread = await api.assistant(tools=[ASK]), await api.thread("hello")
    body = {"assistant_id": assistant["id"], field: bad}
    assert (await api.refused("POST", f"/threads/{thread['id']}/runs", body))[0] == 400
    await api.run(thread["id"], assistant["id"], **{field: good})


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"content": "hello"}, "role"),
        ({"role": "user"}, "content"),
        ({"role": "user", "content": []}, "content"),
        ({"role": "user", "content": "x" * 256_001}, "content"),
        ({"role": "user", "content": [{"type": "text"}]}, "content[0].text"),
        ({"role": "user", "content": [{"type": "image_url", "image_url": {}}]}, "content[0].image_url.url"),
        ({"role": "user", "content": "hello", "attachments": [_WRONG_ATTACHMENT]}, "attachments[0].tools[0].type"),
    ],
)
async def test_messages_keep_to_their_limits(api: Api, body: Any, param: str) -> None:
    thread = await api.thread()
    status, error = await api.refused("POST", f"/threads/{thread['id']}/messages", body)
    assert (status, error["param"]) == (400, param)
    if "role" in body:
        status, error = await api.refused("POST", "/threads", {"messages": [body]})
        assert (status, error["param"]) == (400, f"messages[0].{param}")


async def test_a_thread_starts_with_at_most_32_messages(api: Api) -> None:
    message = {"role": "user", "content": "hello"}
    await api.post("/threads", {"messages": [message] * 32})
    status, error = await api.refused("POST", "/threads", {"messages": [message] * 33})
    assert (status, error["code"]) == (400, "array_above_max_length")


async def test_threads_messages_and_runs_take_new_metadata_and_nothing_else(api: Api) -> None:
    assistant, thread = await api.assistant(), await api.thread("hello")
    run = await api.run(thread["id"], assistant["id"])
    message = (await api.get(f"/threads/{thread['id']}/messages"))["data"][0]
    base = f"/threads/{thread['id']}"
    for path in (base, f"{base}/messages/{message['id']}", f"{base}/runs/{run['id']}"):
        before = await api.get(path)
        assert await api.post(path, {"metadata": {"k": "v"}}) == {**before, "metadata": {"k": "v"}}
        assert (await api.post(path, {"metadata": None}))["metadata"] == {}
        assert (await api.refused("POST", path, {"role": "user"}))[1]["code"] == "unknown_parameter"


async def test_what_is_deleted_says_so_and_is_gone(api: Api) -> None:
    assistant, thread = await api.assistant(), await api.thread("hello")
    run = await api.run(thread["id"], assistant["id"])
    message = (await api.get(f"/threads/{thread['id']}/messages"))["data"][0]
    for path, kind in (
        (f"/threads/{thread['id']}/messages/{message['id']}", "thread.message"),
        (f"/assistants/{assistant['id']}", "assistant"),
        (f"/threads/{thread['id']}", "thread"),
    ):
        deleted = await api.delete(path)
        assert deleted == {"id": path.rpartition("/")[2], "object": f"{kind}.deleted", "deleted": True}
        assert (await api.send("GET", path)).status_code == 404
        if kind == "assistant":
            assert (await api.get(f"/threads/{thread['id']}/runs/{run['id']}"))["assistant_id"] == assistant["id"]
    rows = api.emulator.services.store.connection.execute("SELECT count(*) FROM messages, runs, steps").fetchone()
    assert rows == (0,)


async def test_a_field_younger_than_the_row_shows_its_default(api: Api) -> None:
    assistant = await api.assistant()
    store = api.emulator.services.store
    store.connection.execute("UPDATE assistants SET body = json_remove(body, '$.response_format', '$.metadata')")
    assert await api.get(f"/assistants/{assistant['id']}") == assistant
