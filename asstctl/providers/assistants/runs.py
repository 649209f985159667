"""What run objects of the Assistants v2 wire say. Pure.

Sending, and waiting between two looks at a run, is for `threads.py`.
"""

from collections.abc import Mapping
from typing import Any

from asstctl.core.errors import BadAnswer
from asstctl.core.thread import RunState, ToolCall, Usage
from asstctl.providers.assistants.ids import is_id

WAITING = frozenset({"completed", "requires_action", "failed", "incomplete", "expired", "cancelled"})
"""Statuses in which nothing moves without us."""

MOVING = frozenset({"queued", "in_progress", "cancelling"})


def id_of(value: Mapping[str, Any], noun: str) -> str:
    """The id of an object just made."""
    id = value.get("id")
    if not is_id(id):
        raise BadAnswer(f"the server sent something that is not a {noun}", detail="it has no id")
    return str(id)


RATE_LIMIT = "rate_limit_exceeded"

PROVIDERS_OWN_TROUBLE = ("server_error", RATE_LIMIT)
"""Codes of a run's `last_error` (wire facts, A4) that say nothing about the assistant."""


def status_of(run: Mapping[str, Any]) -> str:
    """The status of a run; raises BadAnswer for one that the wire does not have."""
    status = run.get("status")
    if not isinstance(status, str) or status not in WAITING | MOVING:
        raise BadAnswer("the server sent something that is not a run", detail=f"its status is {status!r:.80}")
    return status


def state_of(run: Mapping[str, Any], reply: str) -> RunState:
    """A run that waits for us or has ended, and what was said in it."""
    model = run.get("model")
    return RunState(
        id=id_of(run, "run"),
        status=status_of(run),
        calls=_pending_calls(run),
        reply=reply,
        error=_error(run),
        no_verdict=_error_code(run) in PROVIDERS_OWN_TROUBLE,
        usage=_usage(run.get("usage")),
        rate_limited=_error_code(run) == RATE_LIMIT,
        model=model if isinstance(model, str) else "",
    )


def _pending_calls(run: Mapping[str, Any]) -> tuple[ToolCall, ...]:
    if run.get("status") != "requires_action":
        return ()
    try:
        calls = run["required_action"]["submit_tool_outputs"]["tool_calls"]
        return tuple(
            ToolCall(str(call["id"]), str(call["function"]["name"]), str(call["function"]["arguments"]))
            for call in calls
        )
    except (KeyError, TypeError) as error:
        raise BadAnswer(
            "the server sent a run whose calls cannot be read", detail=f"{run.get('id')!r:.80}: required_action"
        ) from error


def _error_code(run: Mapping[str, Any]) -> object:
    last = run.get("last_error")
    return last.get("code") if isinstance(last, Mapping) else None


def _error(run: Mapping[str, Any]) -> str:
    last, incomplete = run.get("last_error"), run.get("incomplete_details")
    if isinstance(last, Mapping):
        code, message = last.get("code"), last.get("message")
        return f"{code}: {message}" if code and message else str(message or code or "")
    if isinstance(incomplete, Mapping) and incomplete.get("reason"):
        return str(incomplete["reason"])
    return ""


def _usage(usage: object) -> Usage | None:
    if not isinstance(usage, Mapping):
        return None
    return Usage.told(usage.get("prompt_tokens"), usage.get("completion_tokens"))
