"""Bodies of the requests that open sessions of the Agents wire and speak to them (agents facts, 3.1 and 3.2). Pure."""

import math
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from asstctl.core.json_types import Json
from asstctl.core.thread import Image, Said, Tool, ToolOutput
from asstctl.providers.agents.wire import CANCEL, ENVIRONMENT, HOSTED_ENVIRONMENT, MESSAGE, TOOL_RESULT

Event = Mapping[str, Any]


def session_body(
    agent: str,
    said: Sequence[Json],
    tools: frozenset[str],
    metadata: Mapping[str, str] | None,
    max_cost: float | None = None,
) -> dict[str, Any]:
    """The body that opens a session with what a user says first. Code runs in a hosted environment alone. `max_cost`
    is in US dollars; the wire counts whole cents, of which it wants at least one."""
    hosted = Tool.CODE_INTERPRETER in tools
    body: dict[str, Any] = {
        "agent_id": agent,
        "environment": dict(HOSTED_ENVIRONMENT if hosted else ENVIRONMENT),
        "input": list(said),
    }
    if metadata:
        body["metadata"] = dict(metadata)
    if max_cost is not None and math.isfinite(max_cost):
        body["spend_control"] = {"limit": max(math.ceil(Decimal(str(max_cost)) * 100), 1)}
    return body


def said_body(said: Said, pictures: Mapping[str, str]) -> dict[str, Any]:
    """One message of a user. `pictures` are data URLs by what `upload` called them: this wire knows no other way to
    show a file. Raises ValueError for what it cannot hold."""
    if said.role != "user" or said.attachments:
        raise ValueError("a session takes what a user says, without files")
    text = [{"type": "input_text", "text": said.text}] if said.text else []
    images = [{"type": "input_image", "image_url": _url(image, pictures)} for image in said.images]
    return {"role": "user", "content": [*text, *images]}


def message_event(said: Sequence[Json]) -> Event:
    """The event that says something, which begins a turn where none goes on."""
    return {"type": MESSAGE, "input": list(said)}


def result_events(turn: str, outputs: Iterable[ToolOutput]) -> list[Event]:
    """The events that answer calls of a turn. What a function says of its own failure is an output too."""
    return [
        {"type": TOOL_RESULT, "turn_id": turn, "call_id": one.call_id, "success": True, "output": one.output}
        for one in outputs
    ]


def cancel_event() -> Event:
    """The event that ends the turn that goes on."""
    return {"type": CANCEL}


def _url(image: Image, pictures: Mapping[str, str]) -> str:
    # The wire has no `detail`.
    return pictures[image.file] if image.file else image.url
