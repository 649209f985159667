"""What of a conversation is put on its tape: exchanges without their waiting, without bad luck and without cleaning up.

A run that is looked at until it stands still becomes one exchange: the request that started it, answered with what the
run came to. What starts a turn of the Agents API is answered with nothing: there all that is looked at before something
else is sent becomes one look each, the last. So a replay never waits, and how often somebody looked is not on the tape.
Pure.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from asstctl.core.json_text import canonical
from asstctl.core.json_types import Json
from asstctl.core.tape import Answering, Asking

MOVING = frozenset({"queued", "in_progress", "cancelling"})
"""Statuses of runs, stores and their files that change without us."""

_AGENTS = "/agents/"
_CANCELLING = "agent.session.input.cancel"


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its answer, and when both were, in seconds on one clock."""

    asking: Asking
    answering: Answering
    began: float = 0.0
    ended: float = 0.0


def is_cleaning(asking: Asking) -> bool:
    """Whether a request takes away or ends something: under replay there is nothing to take away."""
    ends = asking.path.endswith("/cancel") or _cancels(asking.body)
    return asking.method == "DELETE" or (asking.method == "POST" and ends)


def cleaned(asking: Asking) -> Answering:
    """The answer to such a request, whoever asks."""
    parts = asking.path.split("/")
    if _cancels(asking.body):
        return Answering(202, 0.0)
    if asking.method == "DELETE":
        return Answering(200, 0.0, body={"id": parts[-1], "deleted": True})
    return Answering(200, 0.0, body={"id": parts[-2], "status": "cancelled"})


def settled(exchanges: Iterable[Exchange], *, errors: bool = False) -> tuple[Exchange, ...]:
    """The exchanges to keep, in their order. `errors`: what failed and was repeated is kept too."""
    kept: list[Exchange] = []
    open_at: dict[str, int] = {}
    looked_at: dict[str, int] = {}
    ended: set[str] = set()
    for one in exchanges:
        if is_cleaning(one.asking):
            ended.add(one.asking.path.removesuffix("/cancel").removesuffix("/events"))
            continue
        if not errors and _is_bad_luck(one.answering):
            continue
        if one.asking.path.startswith(_AGENTS):
            if not (one.asking.method == "GET" and one.asking.path in ended):
                _put(one, kept, looked_at, errors=errors)
            continue
        id, moving = _moving(one.answering)
        looks = one.asking.method == "GET" and bool(id) and one.asking.path.endswith(f"/{id}")
        if looks and one.asking.path in ended:
            continue
        if looks and id in open_at:
            at = open_at[id] if moving else open_at.pop(id)
            kept[at] = _answered_by(kept[at], one)
            continue
        if moving:
            open_at[id] = len(kept)
        kept.append(one)
    return tuple(kept)


def _put(one: Exchange, kept: list[Exchange], looked_at: dict[str, int], *, errors: bool) -> None:
    """Put an exchange with the Agents API behind the others, or in the place of the one that it repeats: a look by the
    same look, an event that came too early by the same event."""
    asked = canonical([str(one.asking), [list(pair) for pair in one.asking.query], one.asking.body])
    at, looks = looked_at.get(asked), one.asking.method == "GET"
    if (
        at is not None
        and (looks or kept[at].answering.status >= 400)
        and not (errors and kept[at].answering.status >= 400)
    ):
        kept[at] = _answered_by(kept[at], one)
        return
    if not looks:
        looked_at.clear()
    looked_at[asked] = len(kept)
    kept.append(one)


def _cancels(body: Json) -> bool:
    """Whether a body is of events that end a turn."""
    events = body.get("events") if isinstance(body, Mapping) else None
    return isinstance(events, list | tuple) and any(
        isinstance(event, Mapping) and event.get("type") == _CANCELLING for event in events
    )


def _answered_by(first: Exchange, later: Exchange) -> Exchange:
    seconds = later.ended - first.began
    return replace(first, answering=replace(later.answering, seconds=seconds), ended=later.ended)


def _moving(answering: Answering) -> tuple[str, bool]:
    """The id of the object that an answer is, and whether it is still on its way."""
    body: Any = answering.body
    if not isinstance(body, Mapping) or not isinstance(body.get("id"), str):
        return "", False
    status = body.get("status")
    return body["id"], isinstance(status, str) and status in MOVING


def _is_bad_luck(answering: Answering) -> bool:
    return answering.status in {408, 429} or answering.status >= 500
