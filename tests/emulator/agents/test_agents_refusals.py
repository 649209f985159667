"""What saved agents refuse, and by which path of JSON it is named."""

from typing import Any

import pytest

from asstctl.emulator.agents.objects.tools import MAX_BYTES
from tests.emulator.agents.world import ASK, AgentsApi, agents

pytestmark = pytest.mark.anyio

Json = Any

_WEB = {"type": "web_search"}
_MCP = {"type": "mcp", "server_label": "docs", "transport": {"type": "http", "server_url": "https://x.example"}}
_ARRAY = {"type": "array", "items": {}}
_OBJECT = "schema must be a JSON Schema of 'type: \"object\"'"


def _tool(**changes: Json) -> Json:
    return {"tools": [{**ASK, **changes}]}


REFUSED = [
    ({"model": None}, "model"),
    ({"model": 5}, "model"),
    ({"model": ""}, "model"),
    ({"name": "n" * 129}, "name"),
    ({"name": 5}, "name"),
    ({"instructions": "x" * 1_048_577}, "instructions"),
    ({"temperature": 1}, "temperature"),
    ({"tool_choice": "auto"}, "tool_choice"),
    ({"description": "d"}, "description"),
    ({"Metadata": {}}, "Metadata"),
    ({"metadata": {str(number): "" for number in range(17)}}, "metadata"),
    ({"metadata": {"k" * 65: "v"}}, "metadata"),
    ({"metadata": {"k": "v" * 513}}, "metadata.k"),
    ({"metadata": {"k": 5}}, "metadata.k"),
    ({"metadata": {"k": None}}, "metadata.k"),
    ({"metadata": []}, "metadata"),
    ({"tools": {}}, "tools"),
    ({"tools": [5]}, "tools[0]"),
    ({"tools": [{}]}, "tools[0].type"),
    ({"tools": [{"type": "code_interpreter"}]}, "tools[0].type"),
    ({"tools": [{"type": "function", "function": ASK}]}, "tools[0].function"),
    ({"tools": [{"type": "function", "name": "a", "description": "d"}]}, "tools[0].parameters"),
    ({"tools": [{"type": "function", "name": "a", "parameters": {}}]}, "tools[0].description"),
    (_tool(strict=True), "tools[0].strict"),
    (_tool(parameters=None), "tools[0].parameters"),
    ({"tools": [_WEB, {**ASK, "async": None}]}, "tools[1].async"),
    ({"tools": [{**_WEB, "mode": "dead"}]}, "tools[0].mode"),
    ({"tools": [{**_WEB, "location": {"planet": "Mars"}}]}, "tools[0].location.planet"),
    ({"tools": [{**_WEB, "allowed_domains": [5]}]}, "tools[0].allowed_domains[0]"),
    ({"tools": [{"type": "tool_search", "enabled": True}]}, "tools[0].enabled"),
    ({"tools": [{**_MCP, "transport": {"type": "http"}}]}, "tools[0].transport.server_url"),
    ({"tools": [{**_MCP, "transport": {"type": "sse", "server_url": "x"}}]}, "tools[0].transport.type"),
    (
        {"tools": [{**_MCP, "transport": {**_MCP["transport"], "authorization": "secret"}}]},  # type: ignore[dict-item]
        "tools[0].transport.authorization",
    ),
    ({"tools": [_tool(description="x" * MAX_BYTES)["tools"][0]]}, "tools"),
    ({"reasoning": {"effort": "huge"}}, "reasoning.effort"),
    ({"reasoning": {"budget": 1}}, "reasoning.budget"),
    ({"service_tier": "cheap"}, "service_tier"),
    ({"text": {"format": {"type": "json_object"}}}, "text.format.type"),
    ({"text": {"format": {"type": "json_schema"}}}, "text.format.schema"),
    ({"text": {"format": {"type": "json_schema", "schema": {}, "strict": True}}}, "text.format.strict"),
    ({"text": {"verbosity": "chatty"}}, "text.verbosity"),
    ({"multi_agent": {}}, "multi_agent.enabled"),
    ({"multi_agent": {"enabled": "yes"}}, "multi_agent.enabled"),
    ({"multi_agent": {"enabled": True, "max_concurrent_subagents": 0}}, "multi_agent.max_concurrent_subagents"),
    ({"multi_agent": {"enabled": True, "max_concurrent_subagents": 2**32}}, "multi_agent.max_concurrent_subagents"),
    ({"multi_agent": {"enabled": True, "max_concurrent_subagents": None}}, "multi_agent.max_concurrent_subagents"),
    ({"compaction": {"async": "later"}}, "compaction.async"),
    ({"experimental": None}, "experimental"),
    ({"experimental": {"time_awareness": None}}, "experimental.time_awareness"),
    ({"experimental": {"telepathy": True}}, "experimental.telepathy"),
]


@pytest.mark.parametrize(("body", "param"), REFUSED, ids=lambda value: str(value)[:60])
async def test_a_refusal_names_the_path_of_json(api: AgentsApi, body: Json, param: str) -> None:
    agent = await api.agent()
    for path in ("/agents", f"/agents/{agent['id']}"):
        status, error = await api.refused("POST", path, {"model": "gpt-5", **body})
        expected = (400, "invalid_request_error", "invalid_request_error", param)
        assert (status, error["type"], error["code"], error["param"]) == expected


async def test_an_agent_needs_a_model(api: AgentsApi) -> None:
    status, error = await api.refused("POST", "/agents", {"name": "a"})
    assert (status, error["message"], error["param"]) == (400, "Missing required parameter: 'model'.", "model")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"tools": [ASK, _WEB, ASK]}, "duplicate function tool name: ask_database"),
        ({"tools": [_WEB, {**_WEB, "mode": "cached"}]}, "duplicate web_search tool"),
        ({"tools": [{"type": "tool_search"}] * 2}, "duplicate tool_search tool"),
        (
            _tool(parameters=_ARRAY),
            f"Invalid schema for function 'ask_database': {_OBJECT}, got 'type: \"array\"'.",
        ),
        (
            {"text": {"format": {"type": "json_schema", "schema": _ARRAY}}},
            'agent.text.format.schema must have top-level type "object"; got "array"',
        ),
    ],
    ids=lambda value: str(value)[:60],
)
async def test_what_is_wrong_with_a_whole_has_a_text_and_no_path(api: AgentsApi, body: Json, message: str) -> None:
    status, error = await api.refused("POST", "/agents", {"model": "gpt-5", **body})
    assert (status, error) == (
        400,
        {"type": "invalid_request_error", "code": "invalid_request_error", "message": message, "param": None},
    )


@pytest.mark.parametrize("schema", [{}, {"properties": {}}, {"type": ["object", "null"]}, {"$ref": "#"}])
async def test_a_schema_whose_root_says_no_single_type_passes(api: AgentsApi, schema: Json) -> None:
    fields = {**_tool(parameters=schema), "text": {"format": {"type": "json_schema", "schema": schema}}}
    agent = await api.agent(**fields)
    assert (agent["tools"][0]["parameters"], agent["text"]["format"]["schema"]) == (schema, schema)


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "n" * 128, "instructions": "x" * 1_048_576, "model": "m" * 1000},
        {"metadata": {f"{number:064}": "v" * 512 for number in range(16)}},
        {"tools": [{**_MCP}, {**_MCP}]},
        {"tools": [{"type": "computer_use"}] * 2},
        {"multi_agent": {"enabled": True, "max_concurrent_subagents": 4_294_967_295}},
    ],
    ids=lambda value: str(value)[:40],
)
async def test_what_is_at_a_limit_passes(api: AgentsApi, fields: Json) -> None:
    assert (await api.agent(**fields))["id"]


async def test_the_lenient_mode_takes_all_of_it() -> None:
    fields = {
        "name": "n" * 999,
        "temperature": 1,
        "metadata": {"k" * 99: "v" * 999},
        "experimental": None,
        "tools": [{**ASK, "strict": True, "parameters": _ARRAY}, ASK, _WEB, _WEB],
    }
    async with agents(lenient=True) as api:
        agent = await api.agent(**fields)
        assert "temperature" not in agent
        assert (agent["name"], len(agent["tools"])) == ("n" * 999, 4)
        del api.http.headers["openai-beta"]
        assert (await api.get("/agents", limit=-5, after="agent_nowhere"))["data"] == []
        assert len((await api.get("/agents", limit=1000))["data"]) == 1
