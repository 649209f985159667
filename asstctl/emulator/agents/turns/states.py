"""The state machines of sessions and their turns: pure functions from one body to the next.

    turn      queued -> in_progress -> completed | failed | cancelled | waiting
              waiting -> in_progress (every call is answered) | failed | cancelled
    session   idle -> in_progress -> idle | requires_action
              requires_action -> in_progress | idle

A session never fails here and never runs out of budget: it has no sandbox to provision, and nothing costs anything.
What bodies hold beside what is shown begins with an underscore.
"""

from collections.abc import Iterable
from typing import Any

Json = Any
Body = dict[str, Json]

OVER = ("completed", "failed", "cancelled")
BUSY = ("in_progress", "requires_action")

_NEXT = {
    "queued": ("in_progress", "failed", "cancelled"),
    "in_progress": ("waiting", *OVER),
    "waiting": ("in_progress", "failed", "cancelled"),
}


def is_busy(session: Body) -> bool:
    return session["status"] in BUSY


def moved(turn: Body, status: str, **changes: Json) -> Body:
    assert status in _NEXT.get(turn["status"], ()), f"a turn cannot go from {turn['status']} to {status}"
    return {**turn, "status": status, **changes}


def working(session: Body, turn: Body, now: int) -> Body:
    """The session while its turn goes on."""
    return {**session, "status": "in_progress", "required_actions": [], "last_active_at": now, "_turn": turn["id"]}


def requiring(session: Body, turn: Body, now: int) -> Body:
    """The session while its turn waits for the calls that it holds."""
    actions = [required_action(call) for call in turn["_calls"]]
    return {**session, "status": "requires_action", "required_actions": actions, "last_active_at": now}


def resting(session: Body, turn: Body, now: int) -> Body:
    """The session after its turn. Tokens of turns add up to those of the session."""
    usage = total_usage(used for used in (session["usage"], turn["usage"]) if used is not None)
    return {
        **session,
        "status": "idle",
        "required_actions": [],
        "last_active_at": now,
        "usage": usage,
        "_turn": None,
        "_ended": turn["_ended"],
    }


def required_action(call: Body) -> Body:
    return {"type": "function_call", **{name: call[name] for name in ("turn_id", "call_id", "name", "arguments")}}


def usage_of(prompt: int, completion: int, cached: int = 0, reasoning: int = 0) -> Body:
    return {
        "input_tokens": prompt,
        "input_tokens_details": {"cached_tokens": cached},
        "output_tokens": completion,
        "output_tokens_details": {"reasoning_tokens": reasoning},
        "total_tokens": prompt + completion,
    }


def total_usage(used: Iterable[Body]) -> Body:
    all_used = list(used)
    return usage_of(
        sum(usage["input_tokens"] for usage in all_used),
        sum(usage["output_tokens"] for usage in all_used),
        sum(usage["input_tokens_details"]["cached_tokens"] for usage in all_used),
        sum(usage["output_tokens_details"]["reasoning_tokens"] for usage in all_used),
    )
