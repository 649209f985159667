"""Saved agents: what the service fills in, and what an update changes."""

from typing import Any

import pytest

from tests.emulator.agents.world import ASK, AgentsApi, agents
from tests.emulator.harness import Clock

pytestmark = pytest.mark.anyio

Json = Any

DEFAULTS = {
    "name": None,
    "instructions": None,
    "tools": [],
    "reasoning": {"effort": None, "summary": None},
    "text": {"format": {"type": "text"}, "verbosity": "medium"},
    "service_tier": "auto",
    "multi_agent": {"enabled": False, "max_concurrent_subagents": None},
    "compaction": {"async": False},
    "experimental": {"time_awareness": False},
    "metadata": {},
}
SCHEMA = {"type": "object", "properties": {"b": {}, "a": {}}}
EVERYTHING: dict[str, Json] = {
    "name": " tutor ",
    "instructions": "Explain.",
    "tools": [ASK],
    "reasoning": {"effort": "low", "summary": "auto"},
    "text": {"format": {"type": "json_schema", "schema": SCHEMA}, "verbosity": "high"},
    "service_tier": "flex",
    "multi_agent": {"enabled": True, "max_concurrent_subagents": 2},
    "compaction": {"async": True},
    "experimental": {"time_awareness": True},
    "metadata": {"k": "v"},
}
FILLED_ASK = {**ASK, "defer_loading": False, "async": False}
STORED = {**EVERYTHING, "tools": [FILLED_ASK]}


async def test_an_agent_of_a_model_alone_has_every_default(api: AgentsApi) -> None:
    response = await api.send("POST", "/agents", {"model": "gpt-5"})
    agent = response.json()
    assert response.status_code == 201
    assert agent == {
        "id": agent["id"],
        "object": "agent",
        "created_at": agent["created_at"],
        "updated_at": agent["created_at"],
        "model": "gpt-5",
        **DEFAULTS,
    }
    assert agent["id"].startswith("agent_")


async def test_null_at_creation_is_the_default(api: AgentsApi) -> None:
    nulls = dict.fromkeys(DEFAULTS.keys() - {"experimental"})
    agent = await api.agent(**nulls)
    assert DEFAULTS.items() <= agent.items()


async def test_what_is_given_is_kept_as_it_is(api: AgentsApi) -> None:
    agent = await api.agent(**EVERYTHING)
    assert STORED.items() <= agent.items()
    assert await api.get(f"/agents/{agent['id']}") == agent


@pytest.mark.parametrize(
    ("field", "given", "shown"),
    [
        ("name", "", ""),
        ("instructions", "", ""),
        ("reasoning", {}, {"effort": None, "summary": None}),
        ("reasoning", {"summary": "concise"}, {"effort": None, "summary": "concise"}),
        ("text", {}, DEFAULTS["text"]),
        ("text", {"format": None, "verbosity": None}, DEFAULTS["text"]),
        ("text", {"verbosity": "low"}, {"format": {"type": "text"}, "verbosity": "low"}),
        ("multi_agent", {"enabled": True}, {"enabled": True, "max_concurrent_subagents": 6}),
        (
            "multi_agent",
            {"enabled": False, "max_concurrent_subagents": 3},
            {"enabled": False, "max_concurrent_subagents": None},
        ),
        ("compaction", {}, {"async": False}),
        ("compaction", {"async": None}, {"async": False}),
        ("experimental", {}, {"time_awareness": False}),
    ],
)
async def test_what_is_left_out_within_a_field_is_filled_in(
    api: AgentsApi, field: str, given: Json, shown: Json
) -> None:
    agent = await api.agent(**{field: given})
    assert agent[field] == shown


@pytest.mark.parametrize(
    ("given", "filled"),
    [
        (ASK, {"defer_loading": False, "async": False}),
        ({**ASK, "name": "any name " * 20, "async": True}, {"defer_loading": False}),
        ({"type": "tool_search"}, {}),
        ({"type": "automations"}, {}),
        ({"type": "programmatic_tool_calling"}, {"enabled": True}),
        ({"type": "programmatic_tool_calling", "enabled": False}, {}),
        ({"type": "computer_use"}, {"include_screenshots": False}),
        (
            {"type": "web_search"},
            {"mode": "live", "context_size": "medium", "allowed_domains": None, "location": None},
        ),
        (
            {"type": "web_search", "mode": None, "context_size": "low", "allowed_domains": [], "location": {}},
            {"mode": "live", "location": {"city": None, "country": None, "region": None, "timezone": None}},
        ),
        (
            {"type": "mcp", "server_label": "docs", "transport": {"type": "http", "server_url": "https://x.example"}},
            {
                "transport": {"type": "http", "server_url": "https://x.example", "headers": {}},
                "allowed_tools": None,
                "connection_origin": "service",
                "credential_id": None,
                "request_metadata": {},
                "required": False,
            },
        ),
        (
            {
                "type": "mcp",
                "server_label": "docs",
                "transport": {"type": "stdio", "command": "docs", "cwd": "/", "args": None},
                "allowed_tools": [],
                "connection_origin": "environment",
                "credential_id": "cred_1",
                "request_metadata": None,
                "required": True,
            },
            {
                "transport": {"type": "stdio", "command": "docs", "cwd": "/", "args": [], "env_vars": []},
                "request_metadata": {},
            },
        ),
    ],
    ids=lambda value: value.get("type"),
)
async def test_what_is_left_out_within_a_tool_is_filled_in(api: AgentsApi, given: Json, filled: Json) -> None:
    agent = await api.agent(tools=[given])
    assert agent["tools"] == [{**given, **filled}]


async def test_tools_keep_their_order(api: AgentsApi) -> None:
    tools = [{"type": "tool_search"}, {**ASK, "name": "b"}, {"type": "automations"}, {**ASK, "name": "a"}]
    assert [tool.get("name") for tool in (await api.agent(tools=tools))["tools"]] == [None, "b", None, "a"]


# Updates


@pytest.mark.parametrize("field", EVERYTHING)
async def test_an_update_changes_the_field_that_it_has_and_no_other(api: AgentsApi, field: str) -> None:
    agent = await api.agent()
    changed = await api.post(f"/agents/{agent['id']}", {field: EVERYTHING[field]})
    assert changed == {**agent, "updated_at": changed["updated_at"], field: STORED[field]}
    assert await api.get(f"/agents/{agent['id']}") == changed


@pytest.mark.parametrize("field", sorted(EVERYTHING.keys() - {"experimental"}))
async def test_null_in_an_update_is_the_default(api: AgentsApi, field: str) -> None:
    agent = await api.agent(**EVERYTHING)
    changed = await api.post(f"/agents/{agent['id']}", {field: None})
    assert changed == {**agent, "updated_at": changed["updated_at"], field: DEFAULTS[field]}


@pytest.mark.parametrize(
    ("field", "given", "left"),
    [
        ("reasoning", {"effort": "high"}, {"effort": "high", "summary": None}),
        ("text", {"verbosity": "low"}, {"format": {"type": "text"}, "verbosity": "low"}),
        ("multi_agent", {"enabled": True}, {"enabled": True, "max_concurrent_subagents": 6}),
        ("compaction", {}, {"async": False}),
        ("tools", [], []),
        ("metadata", {"other": "w"}, {"other": "w"}),
        ("metadata", {}, {}),
        ("experimental", {}, {"time_awareness": True}),
        ("experimental", {"time_awareness": False}, {"time_awareness": False}),
    ],
)
async def test_an_update_replaces_whole_fields_and_merges_what_is_experimental(
    api: AgentsApi, field: str, given: Json, left: Json
) -> None:
    agent = await api.agent(**EVERYTHING)
    assert (await api.post(f"/agents/{agent['id']}", {field: given}))[field] == left


async def test_an_update_of_nothing_moves_only_the_time() -> None:
    clock = Clock()
    async with agents(clock=clock) as api:
        agent = await api.agent(**EVERYTHING)
        clock.now += 7
        assert await api.post(f"/agents/{agent['id']}", {}) == {**agent, "updated_at": agent["created_at"] + 7}


async def test_an_update_that_is_refused_changes_nothing(api: AgentsApi) -> None:
    agent = await api.agent(name="a")
    assert (await api.refused("POST", f"/agents/{agent['id']}", {"name": "b", "colour": "red"}))[0] == 400
    assert await api.get(f"/agents/{agent['id']}") == agent


# Deletion


async def test_an_agent_is_deleted_once(api: AgentsApi) -> None:
    agent = await api.agent()
    path = f"/agents/{agent['id']}"
    assert await api.delete(path) == {"id": agent["id"], "object": "agent.deleted", "deleted": True}
    for method, body in (("DELETE", None), ("GET", None), ("POST", {})):
        status, error = await api.refused(method, path, body)
        assert (status, error["type"], error["code"]) == (404, "not_found_error", "not_found_error")


@pytest.mark.parametrize("agent_id", ["agent_missing", "undefined", "asst_1", "%00"])
async def test_missing_and_malformed_ids_look_the_same(api: AgentsApi, agent_id: str) -> None:
    status, error = await api.refused("GET", f"/agents/{agent_id}")
    assert (status, error) == (
        404,
        {"type": "not_found_error", "code": "not_found_error", "message": "Resource not found.", "param": None},
    )


async def test_models_that_agents_name_are_listed(api: AgentsApi) -> None:
    await api.agent(model="my-model")
    assert "my-model" in [model["id"] for model in (await api.get("/models"))["data"]]
