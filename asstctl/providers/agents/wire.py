"""What the beta of the Agents API may change without changing its shape: header, paths, address, defaults.

One table, because the reference speaks of a GA contract that differs in just these (agents facts, section 0).
"""

from collections.abc import Mapping

from asstctl.core.json_types import Json

BASE_URL = "https://api.openai.com/v1"
"""OpenAI's own address, where a target names no other."""

DIALECT = "Agents API"
"""What people call the wire."""

BETA: Mapping[str, str] = {"openai-beta": "agents=v1"}
AGENTS = "/agents"
SESSIONS = "/agents/sessions"

LIST_LAG = 5.0
"""Seconds until a listing shows an agent that was just made (agents facts, section 0)."""

AGENT_DEFAULTS: Mapping[str, Json] = {
    "service_tier": "auto",
    "text": {"format": {"type": "text"}, "verbosity": "medium"},
    "multi_agent": {"enabled": False, "max_concurrent_subagents": None},
    "compaction": {"async": False},
    "experimental": {"time_awareness": False},
    "reasoning": {"effort": None, "summary": None},
}
"""What the service fills in where nothing was sent (agents facts, section 2.1)."""

EXTENSION_TOOLS: Mapping[str, Mapping[str, Json]] = {
    "tool_search": {},
    "programmatic_tool_calling": {"enabled": True},
    "computer_use": {"include_screenshots": False},
    "automations": {},
}
"""Tools that only agents have, by type, with what the service fills in: manifests write them as an extension."""

TOOL_MEMBERS: Mapping[str, frozenset[str]] = {
    "function": frozenset({"name", "description", "parameters", "defer_loading", "async"}),
    "mcp": frozenset(
        {
            "server_label",
            "transport",
            "allowed_tools",
            "connection_origin",
            "credential_id",
            "request_metadata",
            "required",
        }
    ),
    "web_search": frozenset({"mode", "context_size", "allowed_domains", "location"}),
    **{name: frozenset(filled) for name, filled in EXTENSION_TOOLS.items()},
}
"""What a request may hold of each tool beside its type: the service refuses any other member (section 2.2)."""

TRANSPORT_MEMBERS: Mapping[str, frozenset[str]] = {
    "http": frozenset({"server_url", "headers"}),
    "stdio": frozenset({"command", "cwd", "args", "env_vars"}),
}
"""The same of the transport of an MCP server, by its type."""

NO_PARAMETERS: Mapping[str, Json] = {"type": "object", "properties": {}}
"""The schema of a function that takes none: the service wants one, and manifests may leave it out."""

TOOL_DEFAULTS: Mapping[str, Mapping[str, Json]] = {
    "function": {"description": "", "parameters": NO_PARAMETERS, "defer_loading": False, "async": False},
    "mcp": {"connection_origin": "service", "request_metadata": {}, "required": False},
    "web_search": {"mode": "live", "context_size": "medium"},
}
"""What the service fills into the other tools, or manifests leave out."""

SUBAGENTS = 6
"""How many subagents there may be at once where an agent has them and says nothing of their number."""

ENVIRONMENT: Mapping[str, Json] = {"type": "none"}
HOSTED_ENVIRONMENT: Mapping[str, Json] = {"type": "openai_hosted"}

MESSAGE = "agent.session.input.message"
TOOL_RESULT = "agent.session.input.tool_result"
CANCEL = "agent.session.input.cancel"
