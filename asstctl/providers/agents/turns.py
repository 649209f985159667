"""What session and turn objects of the Agents wire say (agents facts, section 3). Pure.

What was said in a turn is in its items (`items`); sending, and waiting between two looks, is for `threads`.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from asstctl.core.errors import BadAnswer
from asstctl.core.json_text import json_text
from asstctl.core.thread import RunState, ToolCall, Usage
from asstctl.providers.assistants.ids import is_id

Session = Mapping[str, Any]
Turn = Mapping[str, Any]

OVER = frozenset({"completed", "failed", "cancelled"})
"""Statuses of a turn that is over."""

_OF_TURNS = OVER | {"queued", "in_progress", "waiting"}
_OF_SESSIONS = frozenset({"idle", "in_progress", "requires_action", "budget_reached", "failed"})

RATE_LIMIT = "rate_limit_exceeded"
COST_LIMIT = "session_budget_exceeded"

PROVIDERS_OWN_TROUBLE = frozenset(
    {
        RATE_LIMIT,
        "server_error",
        "internal_error",
        "server_overloaded",
        "flex_unavailable",
        "connection_failed",
        "request_timeout",
        "sandbox_error",
        "executor_version_incompatible",
        "authentication_error",
        "billing_not_active",
        "credit_balance_exhausted",
        "usage_limit_exceeded",
        COST_LIMIT,
        "project_spend_limit_exceeded",
        "organization_spend_limit_exceeded",
        "organization_usage_limit_exceeded",
    }
)
"""Codes of a failed turn that say nothing about the assistant. One that is not known may say anything."""

_BEYOND_US = {
    "mcp_approval_request": "somebody has to approve a call of an MCP server",
    "computer_use_approval_request": "somebody has to approve what it does with a computer",
    "environment_connection": "an environment has to be connected",
}
"""Actions that a session may require and that no conversation can take."""

_LONGEST = 80


def session_status(session: Session) -> str:
    """The status of a session; raises BadAnswer for one that the wire does not have."""
    return _status(session, _OF_SESSIONS, "session")


def is_over(turn: Turn) -> bool:
    """Whether nothing more comes of a turn."""
    return _status(turn, _OF_TURNS, "turn") in OVER


def turns_in(page: Mapping[str, Any]) -> tuple[Turn, ...]:
    """The turns on a page of a list; raises BadAnswer where one has no id."""
    turns = page.get("data")
    if not isinstance(turns, list) or not all(isinstance(one, Mapping) and is_id(one.get("id")) for one in turns):
        raise BadAnswer("the server sent a list of turns that cannot be read")
    return tuple(turns)


def rests(session: Session, turn: Turn | None, answered: Collection[str]) -> bool:
    """Whether nothing moves without us in a session, whose turn, where it is seen by now, is this one."""
    match session_status(session):
        case "idle":  # be it that it has not begun
            return turn is not None and is_over(turn)
        case "requires_action":
            return bool(beyond_us(session) or (turn is not None and pending_calls(session, turn["id"], answered)))
        case status:
            return status != "in_progress"


def state_of(session: Session, turn: Turn | None, answered: Collection[str], reply: str) -> RunState:
    """Where the turn stands of a session that rests, with what was said in it so far.

    A spent budget and a dead session are the provider's affair; a wait for approval comes from how the assistant is
    set up, and so is about it.
    """
    id, model, status = str(turn["id"]) if turn else "", model_of(session), session_status(session)
    if turn and is_over(turn):
        ended = _ended(turn, reply, model)
        return replace(ended, error=_spent(session)) if ended.cost_limited else ended
    if status == "requires_action" and (calls := pending_calls(session, id, answered)):
        return RunState(id, "requires_action", calls=calls, reply=reply, model=model)
    if status == "requires_action":
        return RunState(id, "failed", reply=reply, error=beyond_us(session), model=model)
    if spent := spent_state(session):
        return replace(spent, id=id, reply=reply)
    return RunState(id, "failed", reply=reply, error=_death_of(session), no_verdict=True, model=model)


def spent_state(session: Session) -> RunState | None:
    """What a run comes to in a session that has cost what it may; None for one that may cost more."""
    if session_status(session) != "budget_reached":
        return None
    return RunState("", "failed", error=_spent(session), no_verdict=True, cost_limited=True, model=model_of(session))


def pending_calls(session: Session, turn: str, answered: Collection[str]) -> tuple[ToolCall, ...]:
    """The calls that a turn waits for. Those that were `answered` may still be listed for a while."""
    calls = [
        _call(one) for one in _actions(session) if one.get("type") == "function_call" and one.get("turn_id") == turn
    ]
    return tuple(call for call in calls if call.id not in answered)


def beyond_us(session: Session) -> str:
    """Why a session cannot go on, where it waits for something that no conversation can give; nothing elsewhere."""
    for one in _actions(session):
        kind = one.get("type")
        if kind != "function_call":
            what = _BEYOND_US.get(str(kind)) or f"it requires {kind!r:.{_LONGEST}}, which is not known here"
            return f"the turn cannot go on: {what}{_asked_of(one)}"
    return ""


def model_of(session: Session) -> str:
    """The model of a session's agent."""
    agent = session.get("agent")
    model = agent.get("model") if isinstance(agent, Mapping) else None
    return model if isinstance(model, str) else ""


def usage_of(turn: Turn) -> Usage | None:
    """What a turn used; None where that is not known, or not yet."""
    usage = turn.get("usage")
    if not isinstance(usage, Mapping):
        return None
    return Usage.told(usage.get("input_tokens"), usage.get("output_tokens"))


def _ended(turn: Turn, reply: str, model: str) -> RunState:
    error = turn.get("error")
    code, message = (error.get("code"), error.get("message")) if isinstance(error, Mapping) else (None, None)
    failed = turn.get("status") == "failed"
    return RunState(
        id=str(turn.get("id")),
        status=str(turn.get("status")),
        reply=reply,
        error=(f"{code}: {message}" if code and message else str(message or code or "")) if failed else "",
        no_verdict=failed and str(code) in PROVIDERS_OWN_TROUBLE,
        usage=usage_of(turn),
        rate_limited=failed and code == RATE_LIMIT,
        cost_limited=failed and code == COST_LIMIT,
        model=model,
    )


def _spent(session: Session) -> str:
    control = session.get("spend_control")
    cents = control.get("limit") if isinstance(control, Mapping) else None
    limit = f" of ${cents / 100:.2f}" if isinstance(cents, int) else ""
    return f"the session's own limit{limit} was reached"


def _death_of(session: Session) -> str:
    error = session.get("error")
    return f"the session failed: {error}" if isinstance(error, str) and error else "the session failed"


def _status(one: Mapping[str, Any], known: Collection[str], noun: str) -> str:
    status = one.get("status")
    if not isinstance(status, str) or status not in known:
        raise BadAnswer(f"the server sent something that is not a {noun}", detail=f"its status is {status!r:.80}")
    return status


def _actions(session: Session) -> Iterable[Mapping[str, Any]]:
    actions = session.get("required_actions")
    return [one for one in actions if isinstance(one, Mapping)] if isinstance(actions, list) else []


def _call(action: Mapping[str, Any]) -> ToolCall:
    id, name = action.get("call_id"), action.get("name")
    if not (is_id(id) and isinstance(name, str)):
        raise BadAnswer("the server sent a call that cannot be read", detail=f"{id!r:.80}: required_actions")
    return ToolCall(str(id), name, arguments_text(action.get("arguments")))


def arguments_text(arguments: Any) -> str:
    """The arguments of a call as JSON text: the wire gives them as that, or as the value itself."""
    return arguments if isinstance(arguments, str) else json_text(arguments)


def _asked_of(action: Mapping[str, Any]) -> str:
    """Whose call it is that needs an approval, as far as that is told."""
    request = action.get("request")
    told = [request.get("server_label"), request.get("name")] if isinstance(request, Mapping) else []
    names = ".".join(one for one in told if isinstance(one, str) and one)
    return f" ({names[:_LONGEST]})" if names else ""
