"""The error table of the contract: each row's status, text, param and code, word for word."""

from typing import Any

import pytest

from asstctl.emulator import open_emulator
from asstctl.emulator.app import MAX_BODY
from tests.emulator.harness import ASK, Api, Backend, serving

pytestmark = pytest.mark.anyio

_LONG = "x" * 1025


@pytest.mark.parametrize(
    ("method", "path", "message"),
    [
        ("GET", "/assistants/asst_x", "No assistant found with id 'asst_x'."),
        ("POST", "/assistants/asst_x", "No assistant found with id 'asst_x'."),
        ("DELETE", "/assistants/asst_x", "No assistant found with id 'asst_x'."),
        ("GET", "/threads/thread_x", "No thread found with id 'thread_x'."),
        ("POST", "/threads/thread_x", "No thread found with id 'thread_x'."),
        ("DELETE", "/threads/thread_x", "No thread found with id 'thread_x'."),
        ("GET", "/threads/thread_x/messages", "No thread found with id 'thread_x'."),
        ("GET", "/threads/{thread}/messages/msg_x", "No message found with id 'msg_x'."),
        ("DELETE", "/threads/{thread}/messages/msg_x", "No message found with id 'msg_x'."),
        ("GET", "/threads/{thread}/runs/run_x", "No run found with id 'run_x'."),
        ("POST", "/threads/{thread}/runs/run_x", "No run found with id 'run_x'."),
        ("POST", "/threads/{thread}/runs/run_x/cancel", "No run found with id 'run_x'."),
        ("GET", "/threads/{thread}/runs/run_x/steps", "No run found with id 'run_x'."),
        ("GET", "/threads/{thread}/runs/{run}/steps/step_123", "No run step found with id 'step_123'."),
        ("GET", "/nothing/here", "Invalid URL (GET /v1/nothing/here)"),
        ("GET", "/threads//messages", "Invalid URL (GET /v1/threads//messages)"),
    ],
)
async def test_what_does_not_exist_is_404(api: Api, method: str, path: str, message: str) -> None:
    assistant, thread = await api.assistant(), await api.thread("hello")
    run = await api.run(thread["id"], assistant["id"])
    status, error = await api.refused(method, path.format(thread=thread["id"], run=run["id"]))
    assert status == 404
    assert {"message": message, "type": "invalid_request_error", "param": None, "code": None} == error


async def test_objects_of_another_thread_are_404(api: Api) -> None:
    assistant, one, two = await api.assistant(), await api.thread("one"), await api.thread("two")
    run = await api.run(one["id"], assistant["id"])
    message = (await api.get(f"/threads/{one['id']}/messages"))["first_id"]
    assert (await api.refused("GET", f"/threads/{two['id']}/runs/{run['id']}"))[0] == 404
    assert (await api.refused("GET", f"/threads/{two['id']}/messages/{message}"))[0] == 404


@pytest.mark.parametrize(
    ("path", "param", "given", "prefix"),
    [
        ("/assistants/undefined", "assistant_id", "undefined", "asst"),
        ("/threads/undefined", "thread_id", "undefined", "thread"),
        ("/threads/{thread}/messages/run_x", "message_id", "run_x", "msg"),
        ("/threads/{thread}/runs/thread_x", "run_id", "thread_x", "run"),
    ],
)
async def test_an_id_of_the_wrong_kind_is_400(api: Api, path: str, param: str, given: str, prefix: str) -> None:
    thread = await api.thread()
    status, error = await api.refused("GET", path.format(thread=thread["id"]))
    message = f"Invalid '{param}': '{given}'. Expected an ID that begins with '{prefix}'."
    assert (400, message, param, "invalid_value") == (status, error["message"], error["param"], error["code"])


@pytest.mark.parametrize(
    ("body", "message", "param", "code"),
    [
        (
            {"model": None},
            "Invalid type for 'model': expected a string, but got null instead.",
            "model",
            "invalid_type",
        ),
        ({}, "Missing required parameter: 'model'.", "model", "missing_required_parameter"),
        ({"model": "m", "colour": 1}, "Unknown parameter: 'colour'.", "colour", "unknown_parameter"),
        (
            {"model": "m", "tools": [{"type": "function", "function": {"name": "f", "colour": 1}}]},
            "Unknown parameter: 'tools[0].function.colour'.",
            "tools[0].function.colour",
            "unknown_parameter",
        ),
        (
            {"model": "m", "metadata": {"modified": True}},
            "Invalid type for 'metadata.modified': expected a string, but got a boolean instead.",
            "metadata.modified",
            "invalid_type",
        ),
        (
            {"model": "m", "tools": [ASK, {"type": "function", "function": {"name": "f", "description": _LONG}}]},
            (
                "Invalid 'tools[1].function.description': string too long. Expected a string with maximum length 1024, "
                "but got a string with length 1025 instead."
            ),
            "tools[1].function.description",
            "string_above_max_length",
        ),
        (
            {"model": "m", "tools": [ASK] * 129},
            (
                "Invalid 'tools': array too long. Expected an array with maximum length 128, "
                "but got an array with length 129 instead."
            ),
            "tools",
            "array_above_max_length",
        ),
        (
            {"model": "m", "temperature": 2.5},
            "Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got 2.5 instead.",
            "temperature",
            "decimal_above_max_value",
        ),
        (
            {"model": "m", "top_p": -1},
            "Invalid 'top_p': decimal below minimum value. Expected a value >= 0, but got -1 instead.",
            "top_p",
            "decimal_below_min_value",
        ),
        (
            {"model": "m", "metadata": {str(number): "" for number in range(17)}},
            (
                "Invalid 'metadata': too many properties. Expected an object with at most 16 properties, "
                "but got an object with 17 properties instead."
            ),
            "metadata",
            "object_above_max_properties",
        ),
        (
            {"model": "m", "metadata": {"k" * 65: ""}},
            (
                "Invalid 'metadata': property name too long. Expected a property name with maximum length 64, "
                "but got a property name with length 65 instead."
            ),
            "metadata",
            "property_name_above_max_length",
        ),
        (
            {"model": "m", "metadata": {"k": "v" * 513}},
            (
                "Invalid 'metadata.k': string too long. Expected a string with maximum length 512, "
                "but got a string with length 513 instead."
            ),
            "metadata.k",
            "string_above_max_length",
        ),
        (
            {"model": "m", "tools": [{"type": "retrieval"}]},
            "Invalid value: 'retrieval'. Supported values are: 'code_interpreter', 'file_search', and 'function'.",
            "tools[0].type",
            "invalid_value",
        ),
        (
            {"model": "m", "response_format": 7},
            "Invalid type for 'response_format': expected one of a string or object, but got an integer instead.",
            "response_format",
            "invalid_type",
        ),
    ],
)
async def test_a_wrong_parameter_is_400_and_named(
    api: Api, body: dict[str, Any], message: str, param: str, code: str
) -> None:
    status, error = await api.refused("POST", "/assistants", body)
    assert status == 400
    assert {"message": message, "type": "invalid_request_error", "param": param, "code": code} == error
    assert (await api.get("/assistants"))["data"] == []


async def test_an_active_run_refuses_messages_and_runs() -> None:
    backend = Backend()
    backend.gate.clear()
    async with serving(replies=backend) as api:
        assistant, thread = await api.assistant(), await api.thread("hello")
        path = f"/threads/{thread['id']}"
        run = await api.post(f"{path}/runs", {"assistant_id": assistant["id"]})
        posted = {"role": "user", "content": "more"}

        status, error = await api.refused("POST", f"{path}/messages", posted)
        text = f"Can't add messages to {thread['id']} while a run {run['id']} is active."
        assert (400, text, None, None) == (status, error["message"], error["param"], error["code"])

        status, error = await api.refused(
            "POST", f"{path}/runs", {"assistant_id": assistant["id"], "additional_messages": [posted]}
        )
        text = f"Thread {thread['id']} already has an active run {run['id']}."
        assert (400, text, None, None) == (status, error["message"], error["param"], error["code"])

        message = (await api.get(f"{path}/messages"))["data"][0]
        assert (await api.refused("POST", f"{path}/messages/{message['id']}", {"metadata": {}}))[0] == 400
        assert (await api.refused("DELETE", f"{path}/messages/{message['id']}"))[0] == 400
        assert len((await api.get(f"{path}/messages"))["data"]) == 1
        backend.gate.set()
        await api.rest(run)


async def test_a_run_with_nothing_to_say_is_refused_and_leaves_nothing(api: Api) -> None:
    assistant, thread = await api.assistant(), await api.thread()
    body = {"assistant_id": assistant["id"], "additional_messages": [{"role": "assistant", "content": "hm"}]}
    status, error = await api.refused("POST", f"/threads/{thread['id']}/runs", body)
    text = "Run creation requires a Thread with a user message or an assistant with instructions."
    assert (400, text, "invalid_thread") == (status, error["message"], error["code"])
    assert (await api.get(f"/threads/{thread['id']}/messages"))["data"] == []


async def test_tool_outputs_are_refused_in_other_states(api: Api) -> None:
    assistant, thread = await api.assistant(), await api.thread("hello")
    run = await api.run(thread["id"], assistant["id"])
    path = f"/threads/{thread['id']}/runs/{run['id']}"
    status, error = await api.refused("POST", f"{path}/submit_tool_outputs", {"tool_outputs": []})
    text = 'Runs in status "completed" do not accept tool outputs.'
    assert (400, text, None, None) == (status, error["message"], error["param"], error["code"])
    status, error = await api.refused("POST", f"{path}/cancel")
    text = "Cannot cancel run with status 'completed'."
    assert (400, text, None, None) == (status, error["message"], error["param"], error["code"])


@pytest.mark.parametrize(
    "sent", [[], ["wrong"], ["right", "right"], ["right", "wrong"], [None]], ids=lambda sent: str(sent)
)
async def test_tool_outputs_are_the_whole_set(api: Api, sent: list[str | None]) -> None:
    assistant, thread = await api.assistant(tools=[ASK]), await api.thread("hello")
    run = await api.run(thread["id"], assistant["id"], tool_choice="required")
    call = run["required_action"]["submit_tool_outputs"]["tool_calls"][0]["id"]
    got = [call if each == "right" else "call_wrong" if each else "" for each in sent]
    outputs = [{"tool_call_id": each, "output": "1"} if each else {"output": "1"} for each in got]
    path = f"/threads/{thread['id']}/runs/{run['id']}/submit_tool_outputs"
    status, error = await api.refused("POST", path, {"tool_outputs": outputs})
    text = f"Expected tool outputs for call_ids ['{call}'], got {got}"
    assert (400, text, None, None) == (status, error["message"], error["param"], error["code"])


async def test_an_unknown_assistant_cannot_run(api: Api) -> None:
    thread = await api.thread("hello")
    path = f"/threads/{thread['id']}/runs"
    status, error = await api.refused("POST", path, {"assistant_id": "asst_gone"})
    assert (status, error["message"]) == (404, "No assistant found with id 'asst_gone'.")
    status, error = await api.refused("POST", path, {"assistant_id": "undefined"})
    assert (status, error["param"], error["code"]) == (400, "assistant_id", "invalid_value")


async def test_streaming_is_refused_clearly(api: Api) -> None:
    assistant, thread = await api.assistant(), await api.thread("hello")
    for path in (f"/threads/{thread['id']}/runs", "/threads/runs"):
        status, error = await api.refused("POST", path, {"assistant_id": assistant["id"], "stream": True})
        assert (status, error["param"]) == (400, "stream")
        assert "not served yet" in error["message"]
    assert (await api.get(f"/threads/{thread['id']}/runs"))["data"] == []


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
        (b'{"model": "m"}', {"openai-beta": "assistants=v1"}, 400),
        (b'{"model": "m"}', {"content-type": "application/json; charset=utf-8"}, 200),
        (b'{"model": "m"}', {"openai-beta": "assistants=v2"}, 200),
        (b" " * (MAX_BODY + 1), {}, 413),
    ],
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


async def test_another_key_is_401_and_health_needs_none() -> None:
    async with serving(api_key="right") as api:
        for headers in ({}, {"authorization": "Bearer wrong"}, {"authorization": "Bearer ключ".encode()}):
            response = await api.http.get("/assistants", headers=headers)
            assert (response.status_code, response.json()["error"]["code"]) == (401, "invalid_api_key")
        assert (await api.http.get("/assistants", headers={"authorization": "Bearer right"})).status_code == 200
        assert (await api.http.get("http://local/health")).json() == {"status": "ok"}


async def test_any_key_and_no_beta_header_are_accepted(api: Api) -> None:
    response = await api.http.get("/assistants", headers={"authorization": "Bearer whatever"})
    assert response.status_code == 200


async def test_a_fault_of_the_server_is_an_apology_with_the_request_id(
    api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(api.emulator.services.store, "page", None)
    response = await api.http.get("/assistants")
    error = response.json()["error"]
    assert (response.status_code, error["type"], error["code"]) == (500, "server_error", None)
    assert response.headers["x-request-id"] in error["message"]
    assert "TypeError" in caplog.text


async def test_every_answer_carries_the_service_headers(api: Api) -> None:
    for response in (await api.http.get("/assistants"), await api.http.get("/nothing")):
        assert response.headers["x-request-id"].startswith("req_")
        assert response.headers["openai-version"] == "2020-10-01"
        assert response.headers["openai-processing-ms"].isdigit()


async def test_lenient_ignores_unknown_parameters_and_nothing_else() -> None:
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
