"""What the Agents API answers instead of an object, and how it words what the shared parts of the server refuse.

Its errors have few codes, and a type that follows from status and code (agents facts, section 6).
"""

from asstctl.emulator.refusals import Refusal

BETA = "agents=v1"

_CODES = {
    400: "invalid_request_error",
    401: None,
    403: "forbidden",
    404: "not_found_error",
    409: "conflict_error",
    500: "internal_error",
}
_OWN = ("invalid_beta", "agent_not_persisted", "model_not_found")
"""Codes that say more than their status does, and stay."""


def reworded(refusal: Refusal) -> Refusal:
    """The same refusal with the code and the type that this API gives to its status, if it gives any."""
    code = refusal.code if refusal.code in _OWN else _CODES.get(refusal.status, refusal.code)
    return Refusal(
        refusal.status,
        refusal.message,
        param=refusal.param,
        code=code,
        kind=_kind(refusal.status, code),
        headers=refusal.headers,
    )


def _kind(status: int, code: str | None) -> str:
    if status >= 500:
        return "server_error"
    return code if code in ("invalid_beta", "not_found_error", "conflict_error") else "invalid_request_error"


def no_beta() -> Refusal:
    return Refusal(
        400,
        f"To access the Agents API, set the 'OpenAI-Beta' header to '{BETA}'.",
        code="invalid_beta",
        kind="invalid_beta",
    )


def not_found() -> Refusal:
    """Of any kind of object: what is missing, malformed and another's look the same."""
    return Refusal(404, "Resource not found.")


def duplicate_function(name: str) -> Refusal:
    return Refusal(400, f"duplicate function tool name: {name}")


def duplicate_tool(kind: str) -> Refusal:
    return Refusal(400, f"duplicate {kind} tool")


def tools_too_large(path: str, limit: int, size: int) -> Refusal:
    text = f"Invalid '{path}': too large. Expected at most {limit} bytes of compact JSON, but got {size} instead."
    return Refusal(400, text, param=path)


def schema_of_function(name: str, root: str) -> Refusal:
    expected = "schema must be a JSON Schema of 'type: \"object\"'"
    return Refusal(400, f"Invalid schema for function '{name}': {expected}, got 'type: \"{root}\"'.")


def schema_of_text(root: str) -> Refusal:
    return Refusal(400, f'agent.text.format.schema must have top-level type "object"; got "{root}"')


def unreadable_query(reason: str) -> Refusal:
    return Refusal(400, f"Failed to deserialize query string: {reason}")


def limit_out_of_bounds(most: int) -> Refusal:
    return Refusal(400, f"limit must be between 1 and {most}")


def not_served(path: str, what: str) -> Refusal:
    """The service has it and this server has not."""
    return Refusal(400, f"This server has no {what.removeprefix('a ').removeprefix('an ')}.", param=path)


def not_persisted(agent_id: str) -> Refusal:
    text = f"The agent '{agent_id}' belongs to one session. Save an agent to use it in another."
    return Refusal(400, text, param="agent_id", code="agent_not_persisted")


def unknown_call(call_id: str) -> Refusal:
    """Word for word: clients send the result again when they read this."""
    return Refusal(400, f"Unknown pending tool call: {call_id}")


def call_of_another_turn(call_id: str, turn_id: str) -> Refusal:
    return Refusal(400, f"The tool call {call_id} does not belong to the turn {turn_id}.")


def nothing_to_change() -> Refusal:
    return Refusal(400, "Provide at least one field to update.")


def conflict(why: str) -> Refusal:
    return Refusal(409, why)


def unknown_cursor() -> Refusal:
    return Refusal(400, "Invalid 'after': there is no such item.", param="after")


def only_streamed(path: str) -> Refusal:
    return Refusal(400, f"The '{path}' parameter is only allowed when 'stream' is true.", param=path)


def idempotency_key(most: int) -> Refusal:
    return Refusal(400, f"The 'Idempotency-Key' header must have between 1 and {most} characters.")
