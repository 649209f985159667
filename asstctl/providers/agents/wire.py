"""What the beta of the Agents API may change without changing its shape: header, paths, address, defaults.

One table, because the reference speaks of a GA contract that differs in just these (agents facts, section 0).
"""

from collections.abc import Mapping

from asstctl.core.json_types import Json

BASE_URL = "https://api.openai.com/v1"
"""OpenAI's own address, where a target names no other."""

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

ENVIRONMENT: Mapping[str, Json] = {"type": "none"}
HOSTED_ENVIRONMENT: Mapping[str, Json] = {"type": "openai_hosted"}
