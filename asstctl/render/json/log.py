"""log: what is said beside a result, one JSON object a line.

line        time level event message, and the members of its event
event       request    method path status ms request_id place sent_bytes
            wait       seconds attempt why code asked
            warning    of a file: severity code summary detail hint where; else none
            progress   none
            said       none
            change     target address action outcome remote_id request_id ms
            conversation  target assistant id outcome ms
            error      the members of `error` (json.error), or code and exit_code
            summary    requests writes unanswered sent_bytes slowest_ms waits waited_seconds
            end        exit_code, always the last line
"""

import json
from datetime import datetime
from enum import StrEnum
from typing import Any

from asstctl.core.conversation import CaseResult
from asstctl.core.json_text import plain
from asstctl.core.outcome import Outcome
from asstctl.render.escape import json_safe
from asstctl.render.json.shared import Object


class Event(StrEnum):
    """What a line is about: all that there is."""

    REQUEST = "request"
    WAIT = "wait"
    WARNING = "warning"
    PROGRESS = "progress"
    SAID = "said"
    CHANGE = "change"
    CONVERSATION = "conversation"
    ERROR = "error"
    SUMMARY = "summary"
    END = "end"


_LEVELS = {Event.WARNING: "warning", Event.ERROR: "error", Event.WAIT: "warning"}


def log_line(event: Event, message: str, at: datetime, **members: Any) -> str:
    """One line, whole. Its time is RFC 3339, in UTC."""
    level = _LEVELS.get(event, "info")
    said = {"time": at.isoformat(timespec="milliseconds"), "level": level, "event": str(event), "message": message}
    return json_safe(json.dumps({**said, **members}, ensure_ascii=False, default=plain)) + "\n"


def change_object(target: str, outcome: Outcome) -> Object:
    """One change that has ended."""
    return {
        "target": target,
        "address": str(outcome.address),
        "action": str(outcome.action),
        "outcome": str(outcome.status),
        "remote_id": outcome.remote_id,
        "request_id": outcome.request_id,
        "ms": round(outcome.seconds * 1000, 1),
    }


def conversation_object(target: str, result: CaseResult) -> Object:
    """One conversation that has ended."""
    return {
        "target": target,
        "assistant": result.assistant,
        "id": result.id,
        "outcome": str(result.status),
        "ms": round(result.seconds * 1000, 1),
    }
