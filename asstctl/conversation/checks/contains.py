"""`contains: text` or a list: every one of them is in the reply."""

from asstctl.conversation.checks.check import TextCheck, no_text
from asstctl.conversation.text import as_json

CONTAINS = TextCheck(
    name="contains",
    holds=lambda reply, expected: str(expected) in reply,
    says=lambda expected: f"contain {as_json(expected)}",
    refuses=no_text,
    each=True,
)
