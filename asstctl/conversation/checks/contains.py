"""`contains: text` or a list: every one of them is in the reply."""

from asstctl.conversation.checks.check import no_text, text_check
from asstctl.core.json_text import json_text

CONTAINS = text_check(
    "contains",
    holds=lambda reply, expected: str(expected) in reply,
    says=lambda expected: f"contain {json_text(expected)}",
    refuses=no_text,
    each=True,
)
