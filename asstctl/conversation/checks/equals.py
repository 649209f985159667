"""`equals: text`: the whole reply, character by character."""

from asstctl.conversation.checks.check import text_check
from asstctl.conversation.shapes import TEXT
from asstctl.core.json_text import json_text
from asstctl.core.json_types import Json


def _refuses(value: Json) -> str | None:
    return None if isinstance(value, str) else "takes a text"  # an empty one is a meaning here: no reply


EQUALS = text_check(
    "equals",
    holds=lambda reply, expected: reply == expected,
    says=lambda expected: f"be exactly {json_text(expected)}",
    refuses=_refuses,
    takes=TEXT,
    closing=False,
)
