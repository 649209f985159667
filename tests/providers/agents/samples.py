"""Agents as the service gives them back, and what manifests say of them."""

from typing import Any

EMPTY = {"type": "object", "properties": {}}
CITY = {"type": "object", "properties": {"city": {"type": "string"}}}

PLAIN: dict[str, Any] = {
    "id": "agent_1",
    "object": "agent",
    "created_at": 1700000000,
    "updated_at": 1700000005,
    "name": "瓜瓜",
    "model": "gpt-6-luna",
    "instructions": "Be kind.",
    "metadata": {"lang": "zh"},
    "tools": [],
    "reasoning": {"effort": None, "summary": None},
    "text": {"format": {"type": "text"}, "verbosity": "medium"},
    "service_tier": "auto",
    "multi_agent": {"enabled": False, "max_concurrent_subagents": None},
    "compaction": {"async": False},
    "experimental": {"time_awareness": False},
}
"""One that says no more than it has to."""


def agent(**changed: Any) -> dict[str, Any]:
    """The plain one with other values."""
    return {**PLAIN, **changed}


def function(name: str = "ask", **more: Any) -> dict[str, Any]:
    """A function as manifests have it."""
    return {"type": "function", "function": {"name": name, **more}}


def flat(name: str = "ask", **more: Any) -> dict[str, Any]:
    """A function as the service gives it back."""
    filled = {"description": "", "parameters": EMPTY, "defer_loading": False, "async": False}
    return {"type": "function", "name": name, **filled, **more}


def server(**more: Any) -> dict[str, Any]:
    """An MCP server as the service gives it back."""
    return {
        "type": "mcp",
        "server_label": "crm",
        "transport": {"type": "http", "server_url": "https://crm.example/mcp", "headers": {}},
        "allowed_tools": None,
        "connection_origin": "service",
        "credential_id": None,
        "request_metadata": {},
        "required": False,
        **more,
    }


def search(**more: Any) -> dict[str, Any]:
    """A web search as the service gives it back."""
    filled = {"mode": "live", "context_size": "medium", "allowed_domains": None, "location": None}
    return {"type": "web_search", **filled, **more}


SCHEMA = {"type": "object", "properties": {"answer": {"type": "string"}}}
FORMAT = {"type": "json_schema", "json_schema": {"name": "response", "schema": SCHEMA}}
"""The schema of a reply as fields have it, and under the one name that they give it."""
