"""The items of a turn, as the wire shows them, and what the server notes of them beside. Pure.

`_round` is the call of the model that an item came of; of what a user said, the last one that had begun by then.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from asstctl.emulator.ids import new_id
from asstctl.emulator.replies.values import ToolCall

Json = Any
Body = dict[str, Json]

WORKSPACE = "/workspace"


def shown_item(item: Mapping[str, Json]) -> Body:
    return {name: value for name, value in item.items() if not name.startswith("_")}


def user_message(turn: Body, content: Sequence[Json]) -> Body:
    return {
        "id": new_id("msg_"),
        "type": "message",
        "role": "user",
        "status": "completed",
        "phase": None,
        "content": list(content),
        "turn_id": turn["id"],
        "_round": turn["_round"],
    }


def assistant_message(item_id: str, turn: Body, texts: Sequence[str], status: str, phase: str | None) -> Body:
    return {
        "id": item_id,
        "type": "message",
        "role": "assistant",
        "status": status,
        "phase": phase,
        "content": [text_part(text) for text in texts],
        "turn_id": turn["id"],
        "_round": turn["_round"],
    }


def text_part(text: str) -> Body:
    return {"type": "output_text", "text": text}


def function_call(turn: Body, asked: ToolCall, at: float, index: int) -> Body:
    """A call that waits for its answer. `_asked` are the arguments as they came, `_at` is when it was announced and
    `_index` its place in what the turn puts out."""
    return {
        "id": new_id("fc_"),
        "type": "function_call",
        "status": "in_progress",
        "call_id": new_id("call_"),
        "name": asked.function,
        "arguments": _arguments(asked.arguments),
        "turn_id": turn["id"],
        "_round": turn["_round"],
        "_asked": asked.arguments,
        "_at": at,
        "_index": index,
    }


def function_output(call: Body, result: Mapping[str, Json]) -> Body:
    """What the client sent for a call."""
    success = result["success"]
    return {
        "id": new_id("fco_"),
        "type": "function_call_output",
        "status": "completed" if success else "failed",
        "call_id": call["call_id"],
        "output": result.get("output") if success else None,
        "error": None if success else result.get("error"),
        "turn_id": call["turn_id"],
        "_round": call["_round"],
    }


def output_text(item: Body) -> str:
    """An output as a model reads it: its text, or why there is none."""
    output = item["output"]
    if item["status"] == "failed":
        return item["error"] or "The call failed."
    if isinstance(output, list):
        return "\n".join(part["text"] for part in output if part["type"] == "input_text")
    return output or ""


def command(turn: Body, code: str) -> Body:
    """Code that is about to run in the session's environment."""
    return {
        "id": new_id("cmd_"),
        "type": "command_execution",
        "status": "in_progress",
        "command": code,
        "cwd": WORKSPACE,
        "output": None,
        "exit_code": None,
        "duration_ms": None,
        "turn_id": turn["id"],
        "_round": turn["_round"],
    }


def _arguments(text: str) -> Json:
    """The arguments as the JSON value that they are, or as text where no answer could carry that value."""
    value = json.loads(text)
    try:
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):  # an encoding error is one
        return text
    return value
