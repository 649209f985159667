"""What the Agents API asks of every request, which routes there are with it, and the words of its refusals."""

import random
from pathlib import Path
from typing import Any

import pytest

from tests.emulator import fuzzing
from tests.emulator.agents.test_agents import EVERYTHING
from tests.emulator.agents.world import BETA, AgentsApi, agents
from tests.emulator.harness import serving

pytestmark = pytest.mark.anyio

Json = Any


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("openai-beta", "assistants=v2")],
        [("openai-beta", "agents=v0")],
        [("openai-beta", "agents=v1,agents=v1")],
        [("openai-beta", "agents=v1"), ("openai-beta", "agents=v1")],
    ],
    ids=str,
)
@pytest.mark.parametrize("path", ["/agents", "/agents/agent_1", "/agents/sessions", "/agents/no/such"])
async def test_the_header_comes_before_the_key(path: str, headers: list[tuple[str, str]]) -> None:
    async with agents(api_key="right") as api:
        del api.http.headers["openai-beta"]
        response = await api.http.get(path, headers=headers)
        assert response.status_code == 400
        assert response.json()["error"] == {
            "type": "invalid_beta",
            "code": "invalid_beta",
            "message": "To access the Agents API, set the 'OpenAI-Beta' header to 'agents=v1'.",
            "param": None,
        }


@pytest.mark.parametrize("path", ["/files", "/vector_stores", "/models"])
async def test_what_lies_beside_agents_asks_for_no_header(api: AgentsApi, path: str) -> None:
    del api.http.headers["openai-beta"]
    assert (await api.get(path))["object"] == "list"
    assert (await api.http.get(path, headers={"openai-beta": "assistants=v2"})).status_code == 200


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer wrong"}])
async def test_another_key_is_401(headers: dict[str, str]) -> None:
    async with agents(api_key="right") as api:
        response = await api.http.get("/agents", headers=headers)
        error = response.json()["error"]
        assert (response.status_code, error["type"], error["code"]) == (401, "invalid_request_error", None)
        assert (await api.http.get("/agents", headers={"authorization": "Bearer right"})).status_code == 200


@pytest.mark.parametrize("path", ["/assistants", "/threads", "/threads/thread_1/messages"])
async def test_assistants_are_gone(api: AgentsApi, path: str) -> None:
    status, error = await api.refused("GET", path)
    assert (status, error["type"]) == (404, "invalid_request_error")


async def test_the_other_api_has_no_agents() -> None:
    async with serving() as api:
        assert (await api.http.get("/agents", headers=BETA)).status_code == 404


async def test_an_unknown_path_below_agents_is_404_in_the_words_of_agents(api: AgentsApi) -> None:
    status, error = await api.refused("GET", "/agents/agent_1/versions")
    assert (status, error["type"], error["code"]) == (404, "not_found_error", "not_found_error")


async def test_a_method_that_a_path_does_not_have_names_those_that_it_has(api: AgentsApi) -> None:
    response = await api.http.put("/agents/agent_1", json={})
    assert (response.status_code, response.headers["allow"]) == (405, "DELETE, GET, POST")
    assert response.json()["error"]["type"] == "invalid_request_error"


async def test_answers_carry_the_headers_of_the_service(api: AgentsApi) -> None:
    for path in ("/agents", "/agents/agent_1"):
        response = await api.http.get(path)
        assert response.headers["x-request-id"].startswith("req_")
        assert response.headers["openai-version"] == "2020-10-01"
        assert response.headers["content-type"] == "application/json"


async def test_a_fault_of_the_server_has_its_own_type(api: AgentsApi) -> None:
    api.emulator.services.store.close()
    status, error = await api.refused("GET", "/agents")
    assert (status, error["type"], error["code"]) == (500, "server_error", "internal_error")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b'{"model": "m"}', "text/plain"),
        (b'{"model": "m"}', None),
        (b"", None),
        (b'{"model": "m"', "application/json"),
        (b'["m"]', "application/json"),
        (b'{"model": "m", "model": "m"}', "application/json"),
        (b'{"model": "m", "metadata": {"k": "v", "\\u006b": "w"}}', "application/json"),
        (b'{"model": "m", "\\ud800": 1, "\\ud800": 2}', "application/json"),
    ],
)
async def test_a_body_that_is_no_json_object_is_400(api: AgentsApi, content: bytes, kind: str | None) -> None:
    response = await api.raw("/agents", content, kind)
    error = response.json()["error"]
    expected = (400, "invalid_request_error", "invalid_request_error", None)
    assert (response.status_code, error["type"], error["code"], error["param"]) == expected
    assert (await api.get("/agents"))["data"] == []


async def test_the_other_api_keeps_taking_a_key_twice() -> None:
    async with serving() as api:
        body = b'{"model": "m", "model": "n"}'
        response = await api.http.post("/assistants", content=body, headers={"content-type": "application/json"})
        assert response.json()["model"] == "n"


async def test_one_database_serves_both_apis_and_keeps_them_apart(tmp_path: Path) -> None:
    async with serving(tmp_path / "a.db") as api:
        await api.assistant(name="assistant")
        file = await api.file()
    async with agents(tmp_path / "a.db") as api:
        assert (await api.get("/agents"))["data"] == []
        agent = await api.agent(name="agent")
        assert (await api.get(f"/files/{file['id']}"))["id"] == file["id"]
    async with serving(tmp_path / "a.db") as api:
        assert [each["name"] for each in (await api.get("/assistants"))["data"]] == ["assistant"]
    async with agents(tmp_path / "a.db") as api:
        assert (await api.get("/agents"))["data"] == [agent]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("lenient", [False, True])
async def test_no_body_is_a_fault_of_the_server(seed: int, lenient: bool) -> None:
    chance = random.Random(seed)
    example = {"model": "gpt-5", **EVERYTHING}
    async with agents(lenient=lenient) as api:
        agent = await api.agent()
        for _ in range(50):
            content = fuzzing.as_json(chance, fuzzing.mutated(chance, example))
            response = await api.raw(chance.choice(("/agents", f"/agents/{agent['id']}")), content)
            assert response.status_code in (200, 201, 400, 413), (content[:200], response.text)
            assert response.is_success or set(response.json()["error"]) == {"type", "code", "message", "param"}
