"""Requests that are about HTTP rather than about objects, and the beta header."""

from typing import Any

import pytest

from tests.emulator.harness import Api, serving

pytestmark = pytest.mark.anyio


async def test_head_answers_as_get_does_without_a_body(api: Api) -> None:
    assistant = await api.assistant()
    path = f"/assistants/{assistant['id']}"
    read, head = await api.send("GET", path), await api.send("HEAD", path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == read.headers["content-length"]
    assert (await api.send("HEAD", "/assistants/asst_x")).status_code == 404
    assert (await api.send("HEAD", "/threads/runs")).status_code == 405


async def test_options_names_the_methods_of_a_path_and_grants_no_origin_anything(api: Api) -> None:
    response = await api.send("OPTIONS", "/assistants")
    assert (response.status_code, response.content, response.headers["allow"]) == (204, b"", "GET, POST")
    assert not [name for name in response.headers if name.startswith("access-control")]
    assert (await api.send("OPTIONS", "/nothing")).status_code == 404


@pytest.mark.parametrize("method", ["PUT", "PATCH", "TRACE", "PROPFIND"])
async def test_a_method_that_is_not_known_is_405(api: Api, method: str) -> None:
    assert (await api.send(method, "/assistants")).status_code == 405


async def test_a_websocket_is_refused(api: Api) -> None:
    sent: list[Any] = []

    async def receive() -> dict[str, str]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await api.emulator.app({"type": "websocket", "path": "/v1/assistants", "headers": []}, receive, send)
    assert sent == [{"type": "websocket.close", "code": 1000}]


async def test_no_answer_may_be_taken_for_a_page(api: Api) -> None:
    for path in ("/assistants", "/nothing"):
        assert (await api.send("GET", path)).headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("path", "beta", "status"),
    [
        ("/assistants", None, 400),
        ("/assistants", "responses=v1", 400),
        ("/threads/thread_x", None, 400),
        ("/threads/thread_x/runs", None, 400),
        ("/assistants", "assistants=v2", 200),
        ("/assistants", "responses=v1, assistants=v2", 200),
        ("/files", None, 200),
        ("/models", None, 200),
        ("/vector_stores", None, 200),
    ],
)
async def test_the_beta_header_can_be_demanded_where_the_service_did(path: str, beta: str | None, status: int) -> None:
    # A1: no beta header; files, models and vector stores work without it
    async with serving(require_beta=True) as api:
        response = await api.send("GET", path, headers={"openai-beta": beta} if beta else {})
        assert response.status_code == status, response.text
        if status == 400:
            text = (
                "You must provide the 'OpenAI-Beta' header to access the Assistants API. "
                "Please try again by setting the header 'OpenAI-Beta: assistants=v2'."
            )
            expected = {"message": text, "type": "invalid_request_error", "param": None, "code": "invalid_beta"}
            assert response.json()["error"] == expected
