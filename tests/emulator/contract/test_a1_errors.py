"""A1: the error table, row by row: status, text, param and code, word for word. For ids in paths see `test_a1_ids`."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import pytest

from asstctl.emulator import open_emulator
from asstctl.emulator.bodies import MAX_BODY
from asstctl.emulator.objects import RUN
from asstctl.emulator.replies.values import Part, ReplyFailed, ReplyRequest, TextDelta
from tests.emulator.contract.world import Json, Names, filled
from tests.emulator.harness import ASK, Api, Backend, Clock, serving

pytestmark = pytest.mark.anyio

Stage = Callable[[], Any]
"""What there is before the request: a server, and the names of its ids."""


@asynccontextmanager
async def _nothing() -> AsyncIterator[tuple[Api, Names]]:
    async with serving() as api:
        yield api, {}


@asynccontextmanager
async def _beta_required() -> AsyncIterator[tuple[Api, Names]]:
    async with serving(require_beta=True) as api:
        yield api, {}


@asynccontextmanager
async def _thread() -> AsyncIterator[tuple[Api, Names]]:
    """An assistant without instructions, and a thread without messages."""
    async with serving() as api:
        assistant, thread = await api.assistant(), await api.thread()
        yield api, {"assistant": assistant["id"], "thread": thread["id"]}


def _raising(request: ReplyRequest) -> list[Part]:
    raise ReplyFailed("no reply")


def _run_in(status: str) -> Stage:
    """A run in a status, reached as clients reach it wherever that is possible."""

    @asynccontextmanager
    async def stage() -> AsyncIterator[tuple[Api, Names]]:
        clock, backend = Clock(), Backend(TextDelta("one two three"))
        if status == "failed":
            backend.answer = _raising
        if status in ("in_progress", "queued", "cancelling"):
            backend.gate.clear()
        waits = status in ("requires_action", "expired", "cancelled")
        options: dict[str, Any] = {} if waits else {"replies": backend}
        async with serving(clock=clock, **options) as api:
            assistant, thread = await api.assistant(tools=[ASK]), await api.thread("hello")
            path = f"/threads/{thread['id']}/runs"
            body: dict[str, Json] = {"assistant_id": assistant["id"]}
            body |= {"tool_choice": "required"} if waits else {}
            body |= {"max_completion_tokens": 1} if status == "incomplete" else {}
            run = await api.post(path, body)
            path = f"{path}/{run['id']}"
            if waits:
                run = await api.until(run, "requires_action")
            if status == "cancelled":
                await api.post(f"{path}/cancel")
            if status == "expired":
                clock.now += 601
            if status in ("queued", "cancelling"):  # states that pass too quickly to be met
                run = await api.until(run, "in_progress")
                with api.emulator.services.store.write():
                    api.emulator.services.store.replace(RUN, {**run, "status": status})
            run = await api.until(run, status)
            message = (await api.get(f"/threads/{thread['id']}/messages", order="asc"))["first_id"]
            names = {"assistant": assistant["id"], "thread": thread["id"], "run": run["id"], "message": message}
            if waits and run["required_action"]:
                names["call"] = run["required_action"]["submit_tool_outputs"]["tool_calls"][0]["id"]
            yield api, names

    return stage


class Row(NamedTuple):
    rule: str
    request: str
    body: Json
    status: int
    message: str
    param: str | None = None
    code: str | None = None
    stage: Stage = _nothing


_MORE: dict[str, Json] = {"role": "user", "content": "more"}
_OUTPUT = {"tool_call_id": "{call}", "output": "1"}
_STRANGE = {"tool_call_id": "call_x", "output": "1"}
_WAITING = _run_in("requires_action")
_SUBMIT = "POST /threads/{thread}/runs/{run}/submit_tool_outputs"
_FINAL = ("completed", "failed", "incomplete", "expired", "cancelled")
_NOTHING_TO_SAY = "Run creation requires a Thread with a user message or an assistant with instructions."
_BEGIN = {"assistant_id": "{assistant}"}


def _too_long(path: str, maximum: int, length: int) -> str:
    return (
        f"Invalid '{path}': string too long. Expected a string with maximum length {maximum}, "
        f"but got a string with length {length} instead."
    )


def _array_too_long(path: str, maximum: int, length: int) -> str:
    return (
        f"Invalid '{path}': array too long. Expected an array with maximum length {maximum}, "
        f"but got an array with length {length} instead."
    )


def _assistant(rule: str, fields: Json, message: str, param: str, code: str) -> Row:
    """A wrong parameter of an assistant."""
    return Row(rule, "POST /assistants", {"model": "gpt-4o", **fields}, 400, message, param, code)


def _outputs_refused(status: str) -> Row:
    text = f'Runs in status "{status}" do not accept tool outputs.'
    body = {"tool_outputs": [_STRANGE]}
    return Row(f"outputs in wrong state: {status}", _SUBMIT, body, 400, text, stage=_run_in(status))


def _cancel_refused(status: str) -> Row:
    text = f"Cannot cancel run with status '{status}'."
    request = "POST /threads/{thread}/runs/{run}/cancel"
    return Row(f"cancel in a final state: {status}", request, None, 400, text, stage=_run_in(status))


_NO_BETA = (
    "You must provide the 'OpenAI-Beta' header to access the Assistants API. "
    "Please try again by setting the header 'OpenAI-Beta: assistants=v2'."
)

ROWS = [
    Row("unknown assistant", "GET /assistants/asst_x", None, 404, "No assistant found with id 'asst_x'."),
    Row(
        "unknown assistant of a run",
        "POST /threads/{thread}/runs",
        {"assistant_id": "asst_x"},
        404,
        "No assistant found with id 'asst_x'.",
        stage=_thread,
    ),
    Row(
        "unknown assistant of a thread and run",
        "POST /threads/runs",
        {"assistant_id": "asst_x"},
        404,
        "No assistant found with id 'asst_x'.",
    ),
    Row("unknown thread", "GET /threads/thread_x", None, 404, "No thread found with id 'thread_x'."),
    Row(
        "unknown run",
        "GET /threads/{thread}/runs/run_x",
        None,
        404,
        "No run found with id 'run_x'.",
        stage=_thread,
    ),
    Row(
        "unknown step",
        "GET /threads/{thread}/runs/{run}/steps/step_123",
        None,
        404,
        "No run step found with id 'step_123'.",
        stage=_WAITING,
    ),
    Row(
        "unknown message",
        "GET /threads/{thread}/messages/msg_x",
        None,
        404,
        "No message found with id 'msg_x'.",
        stage=_thread,
    ),
    Row("unknown file", "GET /files/file-x", None, 404, "No such File object: file-x", "id"),
    Row("unknown content", "GET /files/file-x/content", None, 404, "No such File object: file-x", "id"),
    Row(
        "unknown file of an image",
        "POST /threads/{thread}/messages",
        {"role": "user", "content": [{"type": "image_file", "image_file": {"file_id": "file-x"}}]},
        404,
        "No such File object: file-x",
        "id",
        stage=_thread,
    ),
    Row(
        "unknown file of an attachment",
        "POST /threads/{thread}/messages",
        {**_MORE, "attachments": [{"file_id": "file-x", "tools": [{"type": "code_interpreter"}]}]},
        404,
        "No such File object: file-x",
        "id",
        stage=_thread,
    ),
    Row("unknown vector store", "GET /vector_stores/vs_x", None, 404, "No vector store found with id 'vs_x'."),
    Row("unknown path", "GET /nothing/here", None, 404, "Invalid URL (GET /v1/nothing/here)"),
    Row("unknown path, empty part", "GET /threads//messages", None, 404, "Invalid URL (GET /v1/threads//messages)"),
    Row(
        "unknown path, no list of threads",
        "GET /threads",
        None,
        405,
        "Not allowed to GET on /v1/threads.",
        None,
        "method_not_supported",
    ),
    Row(
        "id of the wrong kind in a body",
        "POST /threads/{thread}/runs",
        {"assistant_id": "undefined"},
        400,
        "Invalid 'assistant_id': 'undefined'. Expected an ID that begins with 'asst'.",
        "assistant_id",
        "invalid_value",
        _thread,
    ),
    Row(
        "add message while run active",
        "POST /threads/{thread}/messages",
        _MORE,
        400,
        "Can't add messages to {thread} while a run {run} is active.",
        stage=_WAITING,
    ),
    Row(
        "add message while run in progress",
        "POST /threads/{thread}/messages",
        _MORE,
        400,
        "Can't add messages to {thread} while a run {run} is active.",
        stage=_run_in("in_progress"),
    ),
    Row(
        "edit message while run active",
        "POST /threads/{thread}/messages/{message}",
        {"metadata": {}},
        400,
        "Can't change messages of {thread} while a run {run} is active.",
        stage=_WAITING,
    ),
    Row(
        "delete message while run active",
        "DELETE /threads/{thread}/messages/{message}",
        None,
        400,
        "Can't change messages of {thread} while a run {run} is active.",
        stage=_WAITING,
    ),
    Row(
        "second run on a thread",
        "POST /threads/{thread}/runs",
        {**_BEGIN, "additional_messages": [_MORE]},
        400,
        "Thread {thread} already has an active run {run}.",
        stage=_WAITING,
    ),
    Row(
        "second run on a thread, streamed",
        "POST /threads/{thread}/runs",
        {**_BEGIN, "stream": True},
        400,
        "Thread {thread} already has an active run {run}.",
        stage=_WAITING,
    ),
    Row(
        "run with nothing to say",
        "POST /threads/{thread}/runs",
        {**_BEGIN, "additional_messages": [{"role": "assistant", "content": "hm"}]},
        400,
        _NOTHING_TO_SAY,
        None,
        "invalid_thread",
        _thread,
    ),
    Row(
        "run with nothing to say, streamed",
        "POST /threads/{thread}/runs",
        {**_BEGIN, "stream": True},
        400,
        _NOTHING_TO_SAY,
        None,
        "invalid_thread",
        _thread,
    ),
    Row(
        "thread and run with nothing to say",
        "POST /threads/runs",
        {**_BEGIN, "thread": {"messages": []}},
        400,
        _NOTHING_TO_SAY,
        None,
        "invalid_thread",
        _thread,
    ),
    *(_outputs_refused(status) for status in ("queued", "in_progress", *_FINAL)),
    Row(
        "outputs incomplete",
        _SUBMIT,
        {"tool_outputs": []},
        400,
        "Expected tool outputs for call_ids ['{call}'], got []",
        stage=_WAITING,
    ),
    Row(
        "outputs of other calls",
        _SUBMIT,
        {"tool_outputs": [_STRANGE]},
        400,
        "Expected tool outputs for call_ids ['{call}'], got ['call_x']",
        stage=_WAITING,
    ),
    Row(
        "outputs twice",
        _SUBMIT,
        {"tool_outputs": [_OUTPUT, _OUTPUT]},
        400,
        "Expected tool outputs for call_ids ['{call}'], got ['{call}', '{call}']",
        stage=_WAITING,
    ),
    Row(
        "outputs and one too many",
        _SUBMIT,
        {"tool_outputs": [_OUTPUT, _STRANGE]},
        400,
        "Expected tool outputs for call_ids ['{call}'], got ['{call}', 'call_x']",
        stage=_WAITING,
    ),
    Row(
        "outputs without the id of their call",
        _SUBMIT,
        {"tool_outputs": [{"output": "1"}]},
        400,
        "Expected tool outputs for call_ids ['{call}'], got ['']",
        stage=_WAITING,
    ),
    Row(
        "outputs incomplete, streamed",
        _SUBMIT,
        {"tool_outputs": [], "stream": True},
        400,
        "Expected tool outputs for call_ids ['{call}'], got []",
        stage=_WAITING,
    ),
    *(_cancel_refused(status) for status in (*_FINAL, "cancelling")),
    _assistant(
        "wrong JSON type",
        {"metadata": {"modified": True}},
        "Invalid type for 'metadata.modified': expected a string, but got a boolean instead.",
        "metadata.modified",
        "invalid_type",
    ),
    _assistant(
        "wrong JSON type, null",
        {"model": None},
        "Invalid type for 'model': expected a string, but got null instead.",
        "model",
        "invalid_type",
    ),
    _assistant(
        "wrong JSON type, one of two",
        {"response_format": 7},
        "Invalid type for 'response_format': expected one of a string or object, but got an integer instead.",
        "response_format",
        "invalid_type",
    ),
    _assistant(
        "string too long",
        {"tools": [ASK, {"type": "function", "function": {"name": "f", "description": "x" * 2121}}]},
        _too_long("tools[1].function.description", 1024, 2121),
        "tools[1].function.description",
        "string_above_max_length",
    ),
    _assistant(
        "array too long", {"tools": [ASK] * 129}, _array_too_long("tools", 128, 129), "tools", "array_above_max_length"
    ),
    Row(
        "number range: integer above",
        "GET /assistants?limit=101",
        None,
        400,
        "Invalid 'limit': integer above maximum value. Expected a value <= 100, but got 101 instead.",
        "limit",
        "integer_above_max_value",
    ),
    Row(
        "number range: integer below",
        "GET /assistants?limit=0",
        None,
        400,
        "Invalid 'limit': integer below minimum value. Expected a value >= 1, but got 0 instead.",
        "limit",
        "integer_below_min_value",
    ),
    _assistant(
        "number range: decimal above",
        {"temperature": 2.5},
        "Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got 2.5 instead.",
        "temperature",
        "decimal_above_max_value",
    ),
    _assistant(
        "number range: decimal below",
        {"top_p": -1},
        "Invalid 'top_p': decimal below minimum value. Expected a value >= 0, but got -1 instead.",
        "top_p",
        "decimal_below_min_value",
    ),
    _assistant(
        "metadata size: pairs",
        {"metadata": {str(number): "" for number in range(17)}},
        "Invalid 'metadata': too many properties. Expected an object with at most 16 properties, "
        "but got an object with 17 properties instead.",
        "metadata",
        "object_above_max_properties",
    ),
    _assistant(
        "metadata size: key",
        {"metadata": {"k" * 65: ""}},
        "Invalid 'metadata': property name too long. Expected a property name with maximum length 64, "
        "but got a property name with length 65 instead.",
        "metadata",
        "property_name_above_max_length",
    ),
    _assistant(
        "metadata size: value",
        {"metadata": {"k": "v" * 513}},
        _too_long("metadata.k", 512, 513),
        "metadata.k",
        "string_above_max_length",
    ),
    Row(
        "missing",
        "POST /assistants",
        {},
        400,
        "Missing required parameter: 'model'.",
        "model",
        "missing_required_parameter",
    ),
    _assistant(
        "enum",
        {"tools": [{"type": "retrieval"}]},
        "Invalid value: 'retrieval'. Supported values are: 'code_interpreter', 'file_search', and 'function'.",
        "tools[0].type",
        "invalid_value",
    ),
    _assistant(
        "model unusable",
        {"model": "text-embedding-3-small"},
        "The requested model 'text-embedding-3-small' cannot be used with the Assistants API.",
        "model",
        "unsupported_model",
    ),
    Row(
        "model unusable, of a run",
        "POST /threads/{thread}/runs",
        {**_BEGIN, "model": "whisper-1", "instructions": "hm"},
        400,
        "The requested model 'whisper-1' cannot be used with the Assistants API.",
        "model",
        "unsupported_model",
        _thread,
    ),
    Row("no beta header", "GET /assistants", None, 400, _NO_BETA, None, "invalid_beta", _beta_required),
    Row("no beta header, thread", "POST /threads", {}, 400, _NO_BETA, None, "invalid_beta", _beta_required),
    _assistant("unknown parameter", {"colour": 1}, "Unknown parameter: 'colour'.", "colour", "unknown_parameter"),
    _assistant(
        "unknown parameter, inside",
        {"tools": [{"type": "function", "function": {"name": "f", "colour": 1}}]},
        "Unknown parameter: 'tools[0].function.colour'.",
        "tools[0].function.colour",
        "unknown_parameter",
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=[row.rule for row in ROWS])
async def test_a1(row: Row) -> None:
    async with row.stage() as (api, names):
        method, path = filled(row.request, names).split(" ", 1)
        status, error = await api.refused(method, path, filled(row.body, names))
        message = filled(row.message, names)
        expected = {"message": message, "type": "invalid_request_error", "param": row.param, "code": row.code}
        assert (status, error) == (row.status, expected)


def test_every_rule_has_a_name_of_its_own() -> None:
    assert len({row.rule for row in ROWS}) == len(ROWS)


async def test_a1_server_fault(api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(api.emulator.services.store, "page", None)
    response = await api.http.get("/assistants")
    error = response.json()["error"]
    assert (response.status_code, error["type"], error["param"], error["code"]) == (500, "server_error", None, None)
    assert response.headers["x-request-id"] in error["message"]
    assert "TypeError" in caplog.text


async def test_a_refused_request_leaves_nothing(api: Api) -> None:
    await api.refused("POST", "/assistants", {"model": "m", "tools": [{"type": "x"}]})
    assert (await api.get("/assistants"))["data"] == []
    async with _thread() as (fresh, names):
        body = {"assistant_id": names["assistant"], "additional_messages": [{"role": "assistant", "content": "hm"}]}
        await fresh.refused("POST", f"/threads/{names['thread']}/runs", body)
        assert (await fresh.get(f"/threads/{names['thread']}/messages"))["data"] == []
    async with _run_in("requires_action")() as (locked, names):
        path = f"/threads/{names['thread']}"
        await locked.refused("POST", f"{path}/messages", _MORE)
        await locked.refused(
            "POST", f"{path}/runs", {"assistant_id": names["assistant"], "additional_messages": [_MORE]}
        )
        assert len((await locked.get(f"{path}/messages"))["data"]) == 1
        assert len((await locked.get(f"{path}/runs"))["data"]) == 1


async def test_objects_of_another_thread_are_404(api: Api) -> None:
    assistant, one, two = await api.assistant(), await api.thread("one"), await api.thread("two")
    run = await api.run(one["id"], assistant["id"])
    message = (await api.get(f"/threads/{one['id']}/messages"))["first_id"]
    step = (await api.get(f"/threads/{one['id']}/runs/{run['id']}/steps"))["first_id"]
    for path in (
        f"runs/{run['id']}",
        f"messages/{message}",
        f"runs/{run['id']}/steps",
        f"runs/{run['id']}/steps/{step}",
    ):
        assert (await api.refused("GET", f"/threads/{two['id']}/{path}"))[0] == 404


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"{", {}, 400),
        (b"[1]", {}, 400),
        (b"null", {}, 400),
        (b'{"model": NaN}', {}, 400),
        (b'{"model": "m", "temperature": 1e999}', {}, 400),
        (b'{"model": "\\ud800"}', {}, 400),
        (b'{"model": "\xff"}', {}, 400),
        (b"[" * 100_000, {}, 400),
        (b'{"model": ' + b"9" * 5000 + b"}", {}, 400),
        (b'{"model": "m"}', {"content-type": "text/plain"}, 400),
        (b'{"model": "m"}', {"content-type": "application/json; charset=utf-8"}, 200),
        (b" " * (MAX_BODY + 1), {}, 413),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_a_body_that_is_no_json_object_is_a_clean_4xx(
    api: Api, content: bytes, headers: dict[str, str], status: int
) -> None:
    sent = {"content-type": "application/json", **headers}
    response = await api.http.post("/assistants", content=content, headers=sent)
    assert status == response.status_code
    assert status == 200 or set(response.json()["error"]) == {"message", "type", "param", "code"}


async def test_a_wrong_method_is_405_and_names_the_others(api: Api) -> None:
    response = await api.http.put("/assistants")
    assert (response.status_code, response.headers["allow"]) == (405, "GET, POST")


async def test_a1_lenient_ignores_unknown_parameters_and_refuses_wrong_types() -> None:
    async with serving(lenient=True) as api:
        assistant = await api.assistant(colour="red")
        assert "colour" not in assistant
        assert (await api.refused("POST", "/assistants", {"model": 1}))[0] == 400


async def test_the_client_going_away_stops_nothing(anyio_backend: str) -> None:
    emulator = open_emulator(":memory:")
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/v1/assistants", "headers": [], "query_string": b""}
    await emulator.app(scope, receive, send)
    assert sent == []
    await emulator.aclose()
