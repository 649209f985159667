"""A1: the headers of answers, and how a request says which service and which key it means."""

from typing import Any

import pytest

from tests.emulator.contract.world import GUIDE
from tests.emulator.harness import ASK, Api, Backend, serving

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("path", ["/assistants", "/nothing", "/threads/thread_gone", "/models"])
async def test_a1_every_answer_carries_the_headers_of_the_service(api: Api, path: str) -> None:
    response = await api.http.get(path)
    assert response.headers["x-request-id"].startswith("req_")
    assert response.headers["openai-version"] == "2020-10-01"
    assert response.headers["openai-processing-ms"].isdigit()
    assert response.headers["content-type"] == "application/json"


async def test_a1_each_request_has_an_id_of_its_own(api: Api) -> None:
    ids = {(await api.http.get("/assistants")).headers["x-request-id"] for _ in range(20)}
    assert len(ids) == 20


async def test_a1_runs_say_when_to_look_again_until_they_are_over() -> None:
    backend = Backend()
    backend.gate.clear()
    async with serving(replies=backend) as api:
        assistant, thread = await api.assistant(), await api.thread("hello")
        path = f"/threads/{thread['id']}/runs"
        created = await api.send("POST", path, {"assistant_id": assistant["id"]})
        run = created.json()
        read = await api.http.get(f"{path}/{run['id']}")
        for response in (created, read):
            assert 0 < int(response.headers["openai-poll-after-ms"]) <= 100
        backend.gate.set()
        await api.rest(run)
        over = await api.http.get(f"{path}/{run['id']}")
        assert over.json()["status"] == "completed"


async def test_a1_store_files_and_batches_say_when_to_look_again(api: Api) -> None:
    file = await api.file("guide.txt", GUIDE)
    store = f"/vector_stores/{(await api.post('/vector_stores', {}))['id']}"
    attached = await api.send("POST", f"{store}/files", {"file_id": file["id"]})
    batch = await api.send("POST", f"{store}/file_batches", {"file_ids": [file["id"]]})
    for response in (attached, batch):
        assert response.json()["status"] == "in_progress"
        assert 0 < int(response.headers["openai-poll-after-ms"]) <= 100


async def test_a1_the_beta_header_of_v1_is_refused_and_names_v2(api: Api) -> None:
    response = await api.http.get("/assistants", headers={"openai-beta": "assistants=v1"})
    error = response.json()["error"]
    assert (response.status_code, error["param"], error["code"]) == (400, None, "invalid_beta")
    assert "Please try again by setting the header 'OpenAI-Beta: assistants=v2'." in error["message"]


@pytest.mark.parametrize("path", ["/files", "/vector_stores", "/models"])
async def test_a1_files_stores_and_models_need_no_beta_header(path: str) -> None:
    async with serving(require_beta=True) as api:
        assert (await api.http.get(path)).status_code == 200
        assert (await api.http.get("/assistants", headers={"openai-beta": "assistants=v2"})).status_code == 200


@pytest.mark.parametrize("headers", [{}, {"openai-beta": "assistants=v2"}, {"authorization": "Bearer whatever"}])
async def test_a1_any_key_and_no_beta_header_are_accepted(api: Api, headers: dict[str, str]) -> None:
    assert (await api.http.get("/assistants", headers=headers)).status_code == 200


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer wrong"}, {"authorization": "Bearer ключ".encode()}])
async def test_a1_another_key_is_401_where_one_is_set(headers: Any) -> None:
    async with serving(api_key="right") as api:
        response = await api.http.get("/assistants", headers=headers)
        error = response.json()["error"]
        assert (response.status_code, error["type"], error["code"]) == (
            401,
            "invalid_request_error",
            "invalid_api_key",
        )
        assert error["message"].startswith("Incorrect API key provided." if headers else "No API key was provided.")
        assert "right" not in response.text
        assert (await api.http.get("/assistants", headers={"authorization": "Bearer right"})).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"authorization": "Bearer right"}, 200),
        ({"authorization": "bearer right"}, 200),
        ({"authorization": "BEARER   right "}, 200),
        ({"api-key": "right"}, 200),
        ({"authorization": "right"}, 401),
        ({"authorization": "Basic right"}, 401),
        ({"authorization": "Bearerright"}, 401),
        ({"authorization": "Bearer "}, 401),
        ({"api-key": "wrong"}, 401),
        ({"api-key": "Bearer right"}, 401),
        ({"authorization": "Bearer wrong", "api-key": "right"}, 401),
    ],
    ids=str,
)
async def test_a1_a_key_comes_with_its_scheme_or_in_the_header_of_azure(headers: Any, status: int) -> None:
    async with serving(api_key="right") as api:
        assert (await api.http.get("/assistants", headers=headers)).status_code == status


async def test_health_needs_no_key() -> None:
    async with serving(api_key="right") as api:
        assert (await api.http.get("http://local/health")).json() == {"status": "ok"}


async def test_a1_nothing_that_a_caller_must_mend_is_409_or_5xx(api: Api) -> None:
    """SDKs repeat those by themselves."""
    assistant, thread = await api.assistant(tools=[ASK]), await api.thread("hello")
    run = await api.run(thread["id"], assistant["id"], tool_choice="required")
    path = f"/threads/{thread['id']}"
    for method, url, body in (
        ("POST", f"{path}/runs", {"assistant_id": assistant["id"]}),
        ("POST", f"{path}/messages", {"role": "user", "content": "more"}),
        ("POST", f"{path}/runs/{run['id']}/submit_tool_outputs", {"tool_outputs": []}),
        ("DELETE", "/models/gpt-4o", None),
    ):
        status, _ = await api.refused(method, url, body)
        assert 400 <= status < 500
        assert status not in (408, 409, 429)
