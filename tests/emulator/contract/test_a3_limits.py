"""A3: the limits and shapes of what requests may carry: the most that is taken, and what is refused, with its param."""

from typing import Any, NamedTuple

import pytest

from tests.emulator.contract.world import GUIDE, Json, filled, whole_world
from tests.emulator.harness import ASK, Api

pytestmark = pytest.mark.anyio


class Limit(NamedTuple):
    field: str
    good: Json
    bad: Json
    param: str
    code: str


def _function(name: str = "f", **more: Json) -> Any:
    return {"type": "function", "function": {"name": name, **more}}


def _search(**settings: Any) -> Any:
    return [{"type": "file_search", "file_search": settings}]


def _last(count: int) -> Any:
    return {"type": "last_messages", "last_messages": count}


def _static(size: int, overlap: int) -> Any:
    return {"type": "static", "static": {"max_chunk_size_tokens": size, "chunk_overlap_tokens": overlap}}


def _pairs(count: int) -> Any:
    return {str(number): "v" for number in range(count)}


def _after(anchor: str, **time: int) -> Any:
    return {"anchor": anchor, **time}


_EVEN = {"type": "ne", "key": "k", "value": False}
_JSON_SCHEMA = {"type": "json_schema", "json_schema": {"name": "n", "schema": {}, "strict": True}}

ASSISTANT = [
    Limit("name", "x" * 256, "x" * 257, "name", "string_above_max_length"),
    Limit("description", "x" * 512, "x" * 513, "description", "string_above_max_length"),
    Limit("instructions", "x" * 256_000, "x" * 256_001, "instructions", "string_above_max_length"),
    Limit("tools", [_function()] * 128, [_function()] * 129, "tools", "array_above_max_length"),
    Limit("tools", [_function("x" * 64)], [_function("x" * 65)], "tools[0].function.name", "string_above_max_length"),
    Limit("tools", [_function("a-B_9")], [_function("a.b")], "tools[0].function.name", "invalid_value"),
    Limit(
        "tools",
        [_function(description="x" * 1024)],
        [_function(description="x" * 1025)],
        "tools[0].function.description",
        "string_above_max_length",
    ),
    Limit(
        "tools",
        _search(max_num_results=50),
        _search(max_num_results=51),
        "tools[0].file_search.max_num_results",
        "integer_above_max_value",
    ),
    Limit(
        "tools",
        _search(max_num_results=1),
        _search(max_num_results=0),
        "tools[0].file_search.max_num_results",
        "integer_below_min_value",
    ),
    Limit(
        "tools",
        _search(ranking_options={"score_threshold": 1, "ranker": "auto"}),
        _search(ranking_options={}),
        "tools[0].file_search.ranking_options.score_threshold",
        "missing_required_parameter",
    ),
    Limit("temperature", 2, 2.1, "temperature", "decimal_above_max_value"),
    Limit("temperature", 0, -0.1, "temperature", "decimal_below_min_value"),
    Limit("top_p", 1, 1.1, "top_p", "decimal_above_max_value"),
    Limit("reasoning_effort", "xhigh", "huge", "reasoning_effort", "invalid_value"),
    Limit("metadata", {f"{n}": "v" * 512 for n in range(16)}, _pairs(17), "metadata", "object_above_max_properties"),
    Limit("metadata", {"k" * 64: ""}, {"k" * 65: ""}, "metadata", "property_name_above_max_length"),
    Limit("metadata", {}, [], "metadata", "invalid_type"),
    Limit(
        "tool_resources",
        {"code_interpreter": {"file_ids": ["{file}"] * 20}},
        {"code_interpreter": {"file_ids": ["{file}"] * 21}},
        "tool_resources.code_interpreter.file_ids",
        "array_above_max_length",
    ),
    Limit(
        "tool_resources",
        {"file_search": {"vector_store_ids": ["{store}"]}},
        {"file_search": {"vector_store_ids": ["{store}"] * 2}},
        "tool_resources.file_search.vector_store_ids",
        "array_above_max_length",
    ),
    Limit(
        "tool_resources",
        {"file_search": {"vector_stores": [{"file_ids": ["{file}"]}]}},
        {"file_search": {"vector_stores": [{}, {}]}},
        "tool_resources.file_search.vector_stores",
        "array_above_max_length",
    ),
    Limit("response_format", "auto", "text", "response_format", "invalid_value"),
    Limit(
        "response_format",
        _JSON_SCHEMA,
        {"type": "json_schema"},
        "response_format.json_schema",
        "missing_required_parameter",
    ),
]

RUN = [
    Limit("tools", [_function()] * 20, [_function()] * 21, "tools", "array_above_max_length"),
    # A6: the document says at least 256, recordings show 16 accepted
    Limit("max_prompt_tokens", 16, 0, "max_prompt_tokens", "integer_below_min_value"),
    Limit("max_completion_tokens", 16, "many", "max_completion_tokens", "invalid_type"),
    Limit("truncation_strategy", _last(1), _last(0), "truncation_strategy.last_messages", "integer_below_min_value"),
    Limit("truncation_strategy", {"type": "auto"}, {}, "truncation_strategy.type", "missing_required_parameter"),
    Limit("tool_choice", "none", "sometimes", "tool_choice", "invalid_value"),
    Limit(
        "tool_choice",
        _function("ask_database"),
        {"type": "function"},
        "tool_choice.function",
        "missing_required_parameter",
    ),
    Limit("parallel_tool_calls", False, "no", "parallel_tool_calls", "invalid_type"),
    Limit(
        "additional_messages",
        [{"role": "user", "content": "more"}],
        [{"role": "system", "content": "more"}],
        "additional_messages[0].role",
        "invalid_value",
    ),
    Limit("additional_instructions", "more", 7, "additional_instructions", "invalid_type"),
    Limit("metadata", None, {"k": 1}, "metadata.k", "invalid_type"),
    Limit("model", None, 4, "model", "invalid_type"),
    Limit("instructions", None, "x" * 256_001, "instructions", "string_above_max_length"),
    Limit("temperature", None, 3, "temperature", "decimal_above_max_value"),
    Limit("response_format", None, {"type": "xml"}, "response_format.type", "invalid_value"),
    Limit("stream", False, "yes", "stream", "invalid_type"),
]

MESSAGE = [
    Limit("role", "assistant", "system", "role", "invalid_value"),
    Limit("content", "x" * 256_000, "x" * 256_001, "content", "string_above_max_length"),
    Limit("content", [{"type": "text", "text": "hm"}], [], "content", "empty_array"),
    Limit(
        "content",
        [{"type": "image_url", "image_url": {"url": "https://example.com/a.png", "detail": "low"}}],
        [{"type": "image_url", "image_url": {}}],
        "content[0].image_url.url",
        "missing_required_parameter",
    ),
    Limit(
        "content",
        [{"type": "image_file", "image_file": {"file_id": "{file}", "detail": "high"}}],
        [{"type": "image_file", "image_file": {"file_id": "{file}", "detail": "huge"}}],
        "content[0].image_file.detail",
        "invalid_value",
    ),
    Limit("content", "hm", [{"type": "text"}], "content[0].text", "missing_required_parameter"),
    Limit(
        "attachments",
        [{"file_id": "{file}", "tools": [{"type": "code_interpreter"}, {"type": "file_search"}]}],
        [{"file_id": "{file}", "tools": [{"type": "x"}]}],
        "attachments[0].tools[0].type",
        "invalid_value",
    ),
    Limit("metadata", None, _pairs(17), "metadata", "object_above_max_properties"),
]

STORE = [
    Limit("name", "guides", 7, "name", "invalid_type"),
    Limit("file_ids", ["{file}"], ["{file}"] * 501, "file_ids", "array_above_max_length"),
    Limit(
        "expires_after",
        _after("last_active_at", days=365),
        _after("last_active_at", days=366),
        "expires_after.days",
        "integer_above_max_value",
    ),
    Limit(
        "expires_after",
        _after("last_active_at", days=1),
        _after("last_active_at", days=0),
        "expires_after.days",
        "integer_below_min_value",
    ),
    Limit("expires_after", None, _after("created_at", days=1), "expires_after.anchor", "invalid_value"),
    Limit("metadata", _pairs(16), _pairs(17), "metadata", "object_above_max_properties"),
]

STORE_FILE = [
    Limit(
        "attributes", {"a": "x" * 512, "b": 1.5, "c": True}, {"a": "x" * 513}, "attributes.a", "string_above_max_length"
    ),
    Limit("attributes", _pairs(16), _pairs(17), "attributes", "object_above_max_properties"),
    Limit("attributes", {"k" * 64: 1}, {"k" * 65: 1}, "attributes", "property_name_above_max_length"),
    Limit("attributes", None, {"a": ["b"]}, "attributes.a", "invalid_type"),
    Limit(
        "chunking_strategy",
        _static(4096, 2048),
        _static(4097, 0),
        "chunking_strategy.static.max_chunk_size_tokens",
        "integer_above_max_value",
    ),
    Limit(
        "chunking_strategy",
        _static(100, 50),
        _static(99, 0),
        "chunking_strategy.static.max_chunk_size_tokens",
        "integer_below_min_value",
    ),
    Limit(
        "chunking_strategy",
        _static(200, 100),
        _static(200, 101),
        "chunking_strategy.static.chunk_overlap_tokens",
        "integer_above_max_value",
    ),
    Limit("chunking_strategy", {"type": "auto"}, {"type": "other"}, "chunking_strategy.type", "invalid_value"),
]

SEARCH = [
    Limit("query", ["robotics", "lab"], 7, "query", "invalid_type"),
    Limit("max_num_results", 50, 51, "max_num_results", "integer_above_max_value"),
    Limit("max_num_results", 1, 0, "max_num_results", "integer_below_min_value"),
    Limit("rewrite_query", True, "yes", "rewrite_query", "invalid_type"),
    Limit(
        "ranking_options",
        {"ranker": "default-2024-11-15", "score_threshold": 1},
        {"score_threshold": 1.1},
        "ranking_options.score_threshold",
        "decimal_above_max_value",
    ),
    Limit("ranking_options", {"ranker": "none"}, {"ranker": "best"}, "ranking_options.ranker", "invalid_value"),
    Limit(
        "filters",
        {"type": "or", "filters": [{"type": "in", "key": "k", "value": ["a"]}, {"type": "and", "filters": [_EVEN]}]},
        {"type": "like", "key": "k", "value": "a"},
        "filters.type",
        "invalid_value",
    ),
    Limit(
        "filters",
        {"type": "nin", "key": "k", "value": [1, 2]},
        {"type": "eq", "value": "a"},
        "filters.key",
        "missing_required_parameter",
    ),
]

_TABLES: dict[str, tuple[str, Json, list[Limit]]] = {
    "assistant": ("/assistants", {"model": "gpt-4o"}, ASSISTANT),
    "run": ("/threads/{thread}/runs", {"assistant_id": "{assistant}"}, RUN),
    "message": ("/threads/{thread}/messages", {"role": "user", "content": "hello"}, MESSAGE),
    "vector store": ("/vector_stores", {}, STORE),
    "store file": ("/vector_stores/{store}/files", {"file_id": "{file}"}, STORE_FILE),
    "batch": ("/vector_stores/{store}/file_batches", {"file_ids": ["{file}"]}, STORE_FILE),
    "search": ("/vector_stores/{store}/search", {"query": "robotics"}, SEARCH),
}
_CASES = [(path, body, limit) for path, body, limits in _TABLES.values() for limit in limits]
_IDS = [f"{name} {limit.param} {limit.code}" for name, (_, _, limits) in _TABLES.items() for limit in limits]


@pytest.mark.parametrize(("path", "body", "limit"), _CASES, ids=_IDS)
async def test_a3(api: Api, path: str, body: Json, limit: Limit) -> None:
    names = await whole_world(api)
    path, body = filled(path, names), filled(body, names)
    status, error = await api.refused("POST", path, {**body, limit.field: filled(limit.bad, names)})
    assert (status, error["param"], error["code"]) == (400, limit.param, limit.code)
    await api.post(path, {**body, limit.field: filled(limit.good, names)})


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        ("/assistants", {}, "model"),
        ("/threads", {"messages": [{"content": "hello"}]}, "messages[0].role"),
        ("/threads/runs", {}, "assistant_id"),
        ("/threads/{thread}/messages", {"content": "hello"}, "role"),
        ("/threads/{thread}/messages", {"role": "user"}, "content"),
        ("/threads/{thread}/runs", {}, "assistant_id"),
        ("/threads/{thread}/runs/{run}/submit_tool_outputs", {}, "tool_outputs"),
        ("/uploads", {"purpose": "batch", "bytes": 1, "mime_type": "text/plain"}, "filename"),
        ("/uploads", {"filename": "a", "bytes": 1, "mime_type": "text/plain"}, "purpose"),
        ("/uploads", {"filename": "a", "purpose": "batch", "mime_type": "text/plain"}, "bytes"),
        ("/uploads", {"filename": "a", "purpose": "batch", "bytes": 1}, "mime_type"),
        ("/uploads/{upload}/complete", {}, "part_ids"),
        ("/vector_stores/{store}/files", {}, "file_id"),
        ("/vector_stores/{store}/files/{file}", {}, "attributes"),
        ("/vector_stores/{store}/search", {}, "query"),
    ],
)
async def test_a3_what_is_required_is_named(api: Api, path: str, body: Json, param: str) -> None:
    names = await whole_world(api)
    store_file = filled("/vector_stores/{store}/files", names)
    await api.post(store_file, {"file_id": names["file"]})
    status, error = await api.refused("POST", filled(path, names), body)
    assert (status, error["param"], error["code"]) == (400, param, "missing_required_parameter")


@pytest.mark.parametrize(
    "path",
    [
        "/assistants",
        "/assistants/{assistant}",
        "/threads",
        "/threads/{thread}",
        "/threads/runs",
        "/threads/{thread}/messages",
        "/threads/{thread}/messages/{message}",
        "/threads/{thread}/runs",
        "/threads/{thread}/runs/{run}",
        "/threads/{thread}/runs/{run}/submit_tool_outputs",
        "/uploads",
        "/uploads/{upload}/complete",
        "/uploads/{upload}/cancel",
        "/vector_stores",
        "/vector_stores/{store}",
        "/vector_stores/{store}/files",
        "/vector_stores/{store}/files/{file}",
        "/vector_stores/{store}/file_batches",
        "/vector_stores/{store}/file_batches/{batch}/cancel",
        "/vector_stores/{store}/search",
    ],
)
async def test_a1_an_unknown_parameter_is_refused_everywhere(api: Api, path: str) -> None:
    names = await whole_world(api)
    await api.post(filled("/vector_stores/{store}/files", names), {"file_id": names["file"]})
    status, error = await api.refused("POST", filled(path, names), {"colour": "red"})
    assert (status, error["param"], error["code"]) == (400, "colour", "unknown_parameter")
    assert error["message"] == "Unknown parameter: 'colour'."


async def test_a3_a_batch_takes_either_ids_or_files_and_up_to_2000(api: Api) -> None:
    names = await whole_world(api)
    path, file = filled("/vector_stores/{store}/file_batches", names), names["file"]
    for wrong in ({}, {"file_ids": [file], "files": [{"file_id": file}]}, {"file_ids": []}):
        assert (await api.refused("POST", path, wrong))[0] == 400
    for field, item in (("file_ids", file), ("files", {"file_id": file})):
        status, error = await api.refused("POST", path, {field: [item] * 2001})
        assert (status, error["param"], error["code"]) == (400, field, "array_above_max_length")
        await api.post(path, {field: [item]})


async def test_a3_the_helper_that_makes_a_store_excludes_ids(api: Api) -> None:
    names = await whole_world(api)
    both = {"vector_store_ids": [names["store"]], "vector_stores": [{}]}
    for path, body in (("/assistants", {"model": "gpt-4o"}), ("/threads", {})):
        status, error = await api.refused("POST", path, {**body, "tool_resources": {"file_search": both}})
        assert (status, error["type"]) == (400, "invalid_request_error")
    made = {"tool_resources": {"file_search": {"vector_stores": [{}]}}}
    for path in (f"/assistants/{names['assistant']}", f"/threads/{names['thread']}"):
        assert (await api.refused("POST", path, made))[0] == 400


async def test_a3_a_thread_starts_with_at_most_32_messages(api: Api) -> None:
    message = {"role": "user", "content": "hello"}
    await api.post("/threads", {"messages": [message] * 32})
    status, error = await api.refused("POST", "/threads", {"messages": [message] * 33})
    assert (status, error["param"], error["code"]) == (400, "messages", "array_above_max_length")


async def test_a3_a_run_cannot_be_made_to_call_a_function_that_it_lacks(api: Api) -> None:
    assistant, thread = await api.assistant(tools=[ASK]), await api.thread("hello")
    body = {"assistant_id": assistant["id"], "tool_choice": _function("other")}
    status, error = await api.refused("POST", f"/threads/{thread['id']}/runs", body)
    assert status == 400
    assert error["param"].startswith("tool_choice")
    await api.run(thread["id"], assistant["id"], tool_choice=_function("ask_database"))


@pytest.mark.parametrize(
    ("data", "param", "code"),
    [
        ({}, "purpose", "missing_required_parameter"),
        ({"purpose": "fun"}, "purpose", "invalid_value"),
        ({"purpose": "batch", "colour": "red"}, "colour", "unknown_parameter"),
        (
            {"purpose": "batch", "expires_after[anchor]": "created_at", "expires_after[seconds]": "3599"},
            "expires_after.seconds",
            "integer_below_min_value",
        ),
        (
            {"purpose": "batch", "expires_after[anchor]": "created_at", "expires_after[seconds]": "2592001"},
            "expires_after.seconds",
            "integer_above_max_value",
        ),
        (
            {"purpose": "batch", "expires_after[anchor]": "last_active_at", "expires_after[seconds]": "3600"},
            "expires_after.anchor",
            "invalid_value",
        ),
    ],
)
async def test_a3_a_file_keeps_to_its_limits(api: Api, data: dict[str, str], param: str, code: str) -> None:
    response = await api.http.post("/files", data=data, files={"file": ("a.txt", GUIDE)})
    error = response.json()["error"]
    assert (response.status_code, error["param"], error["code"]) == (400, param, code)
    assert (await api.get("/files"))["data"] == []


@pytest.mark.parametrize("purpose", ["assistants", "batch", "fine-tune", "vision", "user_data", "evals"])
async def test_a3_a_file_has_one_of_six_purposes(api: Api, purpose: str) -> None:
    assert (await api.file("a.txt", purpose=purpose))["purpose"] == purpose
