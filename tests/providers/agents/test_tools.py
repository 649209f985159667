"""Tools of the Agents wire, both ways: functions, MCP servers, web search, and what has no neutral form."""

from typing import Any

import pytest

from asstctl.core.errors import Refused
from asstctl.kinds import KINDS
from asstctl.providers.agents.tools import neutral, on_wire, sendable
from tests.providers.agents.samples import CITY, EMPTY, flat, function, search, server

URL = "https://crm.example/mcp"
CRM = {"type": "mcp", "server_url": URL, "server_label": "crm"}


@pytest.mark.parametrize(
    ("raw", "tool"),
    [
        (flat(), function()),
        (flat(description="Asks.", parameters=CITY), function(description="Asks.", parameters=CITY)),
        (flat(defer_loading=True), function(defer_loading=True)),
        ({**flat(), "async": True}, {"type": "function", "function": {"name": "ask", "async": True}}),
        ({**flat(), "async": None}, function()),
        ({**flat(), "returns": CITY}, function()),
        (server(), CRM),
        (server(allowed_tools=[]), {**CRM, "allowed_tools": []}),
        (
            server(allowed_tools=["a"], credential_id="cred_1"),
            {**CRM, "allowed_tools": ["a"], "credential_id": "cred_1"},
        ),
        (server(timeout=30), CRM),
        (search(), {"type": "web_search"}),
        (search(mode="cached", allowed_domains=[]), {"type": "web_search", "mode": "cached", "allowed_domains": []}),
        (
            search(location={"city": "Oslo", "country": None, "region": None, "timezone": None}),
            {"type": "web_search", "location": {"city": "Oslo"}},
        ),
        (search(safe=True), {"type": "web_search"}),
    ],
)
def test_what_manifests_have_words_for_takes_their_form(raw: dict[str, Any], tool: dict[str, Any]) -> None:
    assert neutral(raw) == tool


@pytest.mark.parametrize(
    "raw",
    [
        server(connection_origin="environment"),
        server(required=True),
        server(request_metadata={"a": 1}),
        server(transport={"type": "http", "server_url": URL, "headers": {"x-team": "a"}}),
        server(transport={"type": "stdio", "command": "crm", "cwd": "/workspace", "args": [], "env_vars": []}),
        {"type": "holodeck", "deck": 3},
    ],
)
def test_what_manifests_have_no_words_for_stays_as_it_is(raw: dict[str, Any]) -> None:
    assert neutral(raw) == raw


def test_a_switch_that_somebody_turned_on_is_a_difference() -> None:
    canonical = KINDS["assistant"].fields["tools"].canonical

    assert canonical([neutral(flat(defer_loading=True))]) != canonical([function()])
    assert canonical([neutral(flat())]) == canonical([function()])


@pytest.mark.parametrize(
    ("tool", "raw"),
    [
        (function(), {"type": "function", "name": "ask", "description": "", "parameters": EMPTY}),
        (function(description=None, parameters=None, strict=False), on_wire(function())),
        (
            function(description="x", parameters=CITY),
            {"type": "function", "name": "ask", "description": "x", "parameters": CITY},
        ),
        (
            {**CRM, "allowed_tools": ["a"], "credential_id": "cred_1"},
            {
                "type": "mcp",
                "server_label": "crm",
                "transport": {"type": "http", "server_url": URL},
                "allowed_tools": ["a"],
                "credential_id": "cred_1",
            },
        ),
        ({"type": "web_search", "mode": None, "context_size": "low"}, {"type": "web_search", "context_size": "low"}),
        (server(required=True), server(required=True)),
        (flat(defer_loading=True), flat(defer_loading=True)),
    ],
)
def test_what_manifests_write_takes_the_form_of_the_wire(tool: dict[str, Any], raw: dict[str, Any]) -> None:
    assert on_wire(tool) == raw


@pytest.mark.parametrize(
    "tool",
    [
        "ask",
        {},
        {"type": "holodeck"},
        {"type": "code_interpreter"},
        {"type": ["function"]},
        function(strict=True),
        function(returns={}),
        {**CRM, "credential": "crm"},
        {**CRM, "headers": {"authorization": "x"}},
        {"type": "web_search", "safe": True},
        server(transport={"type": "http", "server_url": URL, "tls": {}}),
        server(transport={"type": "carrier-pigeon"} | {"loft": 3}),
    ],
)
def test_what_this_program_does_not_know_is_not_sent(tool: Any) -> None:
    with pytest.raises(Refused) as caught:
        on_wire(tool)

    assert "cannot" in caught.value.summary or "is an object" in caught.value.summary


@pytest.mark.parametrize("raw", [flat(), server(), search(), {"type": "tool_search"}, {"type": "automations"}])
def test_what_the_service_gives_back_it_takes(raw: dict[str, Any]) -> None:
    assert sendable(raw) == raw
