"""`ends-with: text`: how the reply ends."""

from asstctl.conversation.checks.check import no_text, text_check
from asstctl.core.json_text import json_text

ENDS_WITH = text_check(
    "ends-with",
    holds=lambda reply, expected: reply.endswith(str(expected)),
    says=lambda expected: f"end with {json_text(expected)}",
    refuses=no_text,
    closing=False,
)
