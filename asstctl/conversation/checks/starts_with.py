"""`starts-with: text`: how the reply begins."""

from asstctl.conversation.checks.check import no_text, text_check
from asstctl.core.json_text import json_text

STARTS_WITH = text_check(
    "starts-with",
    holds=lambda reply, expected: reply.startswith(str(expected)),
    says=lambda expected: f"start with {json_text(expected)}",
    refuses=no_text,
    closing=False,
)
