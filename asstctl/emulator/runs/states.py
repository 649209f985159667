"""The run's state machine, and the small ones of its steps and messages: pure functions from one body to the next.

    queued -> in_progress -> completed | failed | incomplete | expired | requires_action | cancelling
    requires_action -> queued (on outputs) | expired | cancelling
    cancelling -> cancelled, or a racing end

Who may move a run, and when, is decided in `execution.py`, `settling.py` and the routes.
"""

from collections.abc import Iterable
from typing import Any

Json = Any
Body = dict[str, Json]

ACTIVE = ("queued", "in_progress", "requires_action", "cancelling")

LIFETIME = 600
"""Seconds until a run that has not ended expires."""

_NEXT = {
    "queued": ("in_progress", "cancelling", "failed", "expired"),
    "in_progress": ("completed", "failed", "incomplete", "expired", "requires_action", "cancelling"),
    "requires_action": ("queued", "expired", "cancelling"),
    "cancelling": ("cancelled", "completed", "failed", "expired"),
}

_MOMENTS = {"completed": "completed_at", "failed": "failed_at", "cancelled": "cancelled_at", "expired": "expired_at"}

_REASONS = {"failed": "run_failed", "expired": "run_expired", "cancelled": "run_cancelled", "incomplete": "max_tokens"}
"""Why a message that a run left open is incomplete."""


def is_active(run: Body) -> bool:
    return run["status"] in ACTIVE


def moved(run: Body, status: str, **changes: Json) -> Body:
    assert status in _NEXT.get(run["status"], ()), f"a run cannot go from {run['status']} to {status}"
    return {**run, "status": status, **changes}


def started(run: Body, now: int) -> Body:
    return moved(run, "in_progress", started_at=now)


def awaiting(run: Body, calls: Iterable[Json]) -> Body:
    """`requires_action`: the calls are shown without the outputs that they do not have yet."""
    asked = [
        {
            "id": call["id"],
            "type": "function",
            "function": {"name": call["function"]["name"], "arguments": call["function"]["arguments"]},
        }
        for call in calls
    ]
    action = {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": asked}}
    return moved(run, "requires_action", required_action=action)


def requeued(run: Body) -> Body:
    return moved(run, "queued", required_action=None)


def ended(run: Body, status: str, now: int, usage: Body, **changes: Json) -> Body:
    moment = _MOMENTS.get(status)
    if moment in run:
        changes[moment] = now
    return moved(run, status, expires_at=None, required_action=None, usage=usage, **changes)


def step_ended(step: Body, status: str, now: int, usage: Body | None, error: Json = None) -> Body:
    """A step that is over shows its usage, and no longer when it would expire."""
    moment = _MOMENTS[status]
    return {**step, "status": status, moment: now, "expires_at": None, "last_error": error, "usage": usage}


def message_completed(message: Body, now: int) -> Body:
    return {**message, "status": "completed", "completed_at": now}


def message_cut(message: Body, run_status: str, now: int) -> Body:
    reason = {"reason": _REASONS[run_status]}
    return {**message, "status": "incomplete", "incomplete_details": reason, "incomplete_at": now}


def usage_of(prompt: int, completion: int, cached: int = 0, reasoning: int = 0) -> Body:
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        # Spelled without an s on the wire, unlike its neighbour.
        "prompt_token_details": {"cached_tokens": cached},
        "completion_tokens_details": {"reasoning_tokens": reasoning},
    }


def total_usage(steps: Iterable[Body]) -> Body:
    used = [step["usage"] for step in steps if step["usage"] is not None]
    return usage_of(
        sum(usage["prompt_tokens"] for usage in used),
        sum(usage["completion_tokens"] for usage in used),
        sum(usage["prompt_token_details"]["cached_tokens"] for usage in used),
        sum(usage["completion_tokens_details"]["reasoning_tokens"] for usage in used),
    )
