"""What a session refuses: requests that say too little, too much, or what this server does not have."""

import random
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.emulator import fuzzing
from tests.emulator.agents.sessions_world import CANCEL, HOSTED, NONE, SESSIONS, Sessions, message, result, sessions
from tests.emulator.agents.test_agents import EVERYTHING
from tests.emulator.agents.world import ASK

pytestmark = pytest.mark.anyio

Json = Any

_AGENT = {"model": "gpt-5"}
_FINE = {"environment": NONE, "agent": _AGENT, "input": "hello"}
_SAID = {"role": "user", "content": [{"type": "input_text", "text": "x"}]}
_PROGRAM = {"type": "stdio", "command": "c", "cwd": "/", "env": {"A": "b"}, "args": ["x"]}
_EVERYTHING = {
    "environment": {**HOSTED, "env": {"A": "b"}, "network": {"access": "restricted", "allowed_domains": ["x.example"]}},
    "agent": {
        **{name: value for name, value in EVERYTHING.items() if name not in ("name", "metadata")},
        "model": "gpt-5",
        "tools": [ASK, {"type": "mcp", "server_label": "a", "transport": _PROGRAM}],
    },
    "input": [_SAID],
    "metadata": {"a": "b"},
    "vault_ids": ["vault_1"],
    "spend_control": {"limit": 5},
    "prompt_cache_options": {"ttl": "30m"},
    "stream": False,
}
_CHANGES = {
    "agent": {"model": "m", "reasoning": {"effort": "low"}, "service_tier": "auto", "tools": [ASK]},
    "metadata": {"a": "c"},
    "spend_control": {"limit": None},
}
_EVENTS = {
    "events": [
        message("x"),
        CANCEL,
        result({"turn_id": "turn_1", "call_id": "call_1"}, [{"type": "input_text", "text": "x"}]),
    ]
}


@pytest.fixture
async def world(anyio_backend: str) -> AsyncIterator[Sessions]:
    async with sessions() as world:
        yield world


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"agent": _AGENT, "input": "x"}, "environment"),
        ({"environment": NONE, "agent": _AGENT}, "input"),
        ({"environment": HOSTED, "agent": _AGENT, "stream": True}, "input"),
        ({"environment": NONE, "input": "x"}, "agent"),
        ({"environment": NONE, "input": "x", "agent": {}}, "agent.model"),
        ({**_FINE, "input": ""}, "input"),
        ({**_FINE, "input": []}, "input"),
        ({**_FINE, "input": [{**_SAID, "role": "assistant"}]}, "input[0].role"),
        ({**_FINE, "input": [{**_SAID, "content": "x"}]}, "input[0].content"),
        ({**_FINE, "input": [{**_SAID, "content": [{"type": "input_file"}]}]}, "input[0].content[0].type"),
        ({**_FINE, "agent": {**_AGENT, "temperature": 1}}, "agent.temperature"),
        ({**_FINE, "agent": {**_AGENT, "name": "n"}}, "agent.name"),
        ({**_FINE, "agent": {**_AGENT, "tools": [{"type": "file_search"}]}}, "agent.tools[0].type"),
        ({**_FINE, "agent_id": "a" * 65}, "agent_id"),
        ({**_FINE, "stream_options": {}}, "stream_options"),
        ({**_FINE, "spend_control": {"limit": 0}}, "spend_control.limit"),
        ({**_FINE, "spend_control": {}}, "spend_control.limit"),
        ({**_FINE, "review": "maybe"}, "review"),
        ({**_FINE, "metadata": {"k": 1}}, "metadata.k"),
        ({**_FINE, "thread": "x"}, "thread"),
        ({**_FINE, "environment": {"type": "moon"}}, "environment.type"),
        ({**_FINE, "environment": {"type": "self_hosted", "workspace_directory": "/w"}}, "environment"),
        ({**_FINE, "environment": {**HOSTED, "packages": {"python": ["x"]}}}, "environment.packages"),
        ({**_FINE, "environment": {**HOSTED, "environment_id": "env_1"}}, "environment.environment_id"),
        ({**_FINE, "environment": {**NONE, "network": {}}}, "environment.network"),
    ],
)
async def test_a_session_that_cannot_be_opened_is_refused_where_the_fault_is(
    world: Sessions, body: Json, param: str
) -> None:
    status, error = await world.api.refused("POST", SESSIONS, body)
    assert (status, error["code"], error["param"]) == (400, "invalid_request_error", param)
    assert (await world.api.get(SESSIONS))["data"] == []


@pytest.mark.parametrize("said", [" ", "\n"])
async def test_blanks_are_something_to_say(world: Sessions, said: str) -> None:
    assert (await world.opened(said))["status"] == "idle"


async def test_an_environment_may_be_described_as_far_as_it_is_here(world: Sessions) -> None:
    environment = {
        **HOSTED,
        "container_size": "small",
        "env": {"A": "s3cret"},
        "files": [],
        "network": {"access": "restricted", "allowed_domains": ["a.example"]},
    }
    shown = (await world.open(environment=environment))["environment"]
    assert (shown["container_size"], shown["network"]["allowed_domains"]) == ("small", ["a.example"])
    assert "env" not in shown


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "events"),
        ({"events": [{}]}, "events[0].type"),
        ({"events": [{"type": "agent.session.input.wave"}]}, "events[0].type"),
        ({"events": [{"type": "agent.session.input.mcp_approval_request_result"}]}, "events[0].type"),
        ({"events": [{"type": "agent.session.input.message"}]}, "events[0].input"),
        ({"events": [{"type": "agent.session.input.message", "input": []}]}, "events[0].input"),
        ({"events": [{"type": "agent.session.input.message", "input": "x"}]}, "events[0].input"),
        ({"events": [{"type": "agent.session.input.cancel", "why": "x"}]}, "events[0].why"),
        (
            {"events": [{"type": "agent.session.input.tool_result", "turn_id": "t", "call_id": "c"}]},
            "events[0].success",
        ),
    ],
)
async def test_an_event_that_cannot_be_read_is_refused_where_the_fault_is(
    world: Sessions, body: Json, param: str
) -> None:
    session = await world.opened()
    status, error = await world.api.refused("POST", f"{SESSIONS}/{session['id']}/events", body)
    assert (status, error["code"], error["param"]) == (400, "invalid_request_error", param)


@pytest.mark.parametrize("key", ["", "k" * 257])
async def test_a_key_has_a_length(world: Sessions, key: str) -> None:
    session = await world.opened()
    path = f"{SESSIONS}/{session['id']}/events"
    response = await world.api.send("POST", path, {"events": []}, headers={"Idempotency-Key": key})
    assert response.status_code == 400


@pytest.mark.parametrize(
    "body", [{}, {"input": "x"}, {"agent": {"instructions": "x"}}, {"agent": {"reasoning": {"summary": "auto"}}}]
)
async def test_a_change_that_cannot_be_made_is_refused(world: Sessions, body: Json) -> None:
    session = await world.opened()
    status, error = await world.api.refused("POST", f"{SESSIONS}/{session['id']}", body)
    assert (status, error["code"]) == (400, "invalid_request_error")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("POST", ""),
        ("DELETE", ""),
        ("GET", "/events"),
        ("POST", "/events"),
        ("GET", "/items"),
        ("GET", "/turns"),
        ("GET", "/turns/turn_x"),
        ("GET", "/turns/turn_x/items"),
        ("GET", "/subagents"),
        ("GET", "/artifacts"),
    ],
)
async def test_a_session_that_is_not_there_is_not_found(world: Sessions, method: str, path: str) -> None:
    body = {"metadata": {}} if method == "POST" and not path else {"events": []} if method == "POST" else None
    status, error = await world.api.refused(method, f"{SESSIONS}/sess_x{path}", body)
    assert (status, error["code"]) == (404, "not_found_error")


async def test_a_turn_belongs_to_its_session(world: Sessions) -> None:
    one, two = await world.opened(), await world.opened()
    turn = await world.turn(one)
    for below in ("", "/items"):
        path = f"{SESSIONS}/{two['id']}/turns/{turn['id']}{below}"
        assert (await world.api.refused("GET", path))[0] == 404


@pytest.mark.parametrize("path", ["traces", "artifacts/a", "artifacts/a/content", "subagents/a", "subagents/a/turns"])
async def test_the_rest_of_the_surface_is_not_found(world: Sessions, path: str) -> None:
    session = await world.opened()
    status, error = await world.api.refused("GET", f"{SESSIONS}/{session['id']}/{path}")
    assert (status, error["code"]) == (404, "not_found_error")


async def test_an_unknown_agent_is_not_found(world: Sessions) -> None:
    body = {"environment": NONE, "agent_id": "agent_x", "input": "x"}
    status, error = await world.api.refused("POST", SESSIONS, body)
    assert (status, error["code"]) == (404, "not_found_error")


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("lenient", [False, True])
async def test_no_body_about_a_session_is_a_fault_of_the_server(seed: int, lenient: bool) -> None:
    chance = random.Random(seed)
    async with sessions(lenient=lenient) as world:
        session = await world.opened()
        path = f"{SESSIONS}/{session['id']}"
        assert (await world.opened(**_EVERYTHING))["status"] == "idle"
        examples = [(SESSIONS, _EVERYTHING), (path, _CHANGES), (f"{path}/events", _EVENTS)]
        for _ in range(60):
            to, example = chance.choice(examples)
            content = fuzzing.as_json(chance, fuzzing.mutated(chance, example))
            response = await world.api.raw(to, content)
            assert response.status_code in (200, 201, 202, 400, 409, 413), (content[:200], response.text)
            assert response.is_success or set(response.json()["error"]) == {"type", "code", "message", "param"}
        assert (await world.api.get(SESSIONS, limit=100))["data"]
        assert await world.items(session)


async def test_a_lenient_server_ignores_what_nobody_knows() -> None:
    async with sessions(lenient=True) as world:
        session = await world.opened("", temperature=1, spend_control={"limit": 0})
    assert session["status"] == "idle"
