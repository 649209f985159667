"""The state machines of sessions and their turns: pure functions from one body to the next.

    turn      queued -> in_progress -> completed | failed | cancelled | waiting
              waiting -> in_progress (every call is answered) | failed | cancelled
    session   idle -> in_progress -> idle | requires_action | budget_reached
              requires_action -> in_progress | idle | budget_reached
              budget_reached -> idle (its limit is raised)

A session never fails here: it has no sandbox to provision. Nothing costs anything but by the quirk `cost`.
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


def is_spent(session: Body) -> bool:
    """Whether it has cost what it may."""
    limit = session["spend_control"]["limit"]
    return limit is not None and session["_spent"] >= limit


def relimited(session: Body) -> Body:
    """The session, whose limit may have changed."""
    return {**session, "status": "idle"} if session["status"] == "budget_reached" and not is_spent(session) else session


def resting(session: Body, turn: Body, now: int) -> Body:
    """The session after its turn, which is paid for. Tokens of turns add up to those of the session."""
    usage = total_usage(used for used in (session["usage"], turn["usage"]) if used is not None)
    return {
        **session,
        "status": "budget_reached" if is_spent(session) else "idle",
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
