"""`icontains: text` or a list: every one of them is in the reply, whatever its case and width."""

from asstctl.conversation.checks.check import no_text, text_check
from asstctl.conversation.text import fold
from asstctl.core.json_text import json_text

ICONTAINS = text_check(
    "icontains",
    holds=lambda reply, expected: fold(str(expected)) in fold(reply),
    says=lambda expected: f"contain {json_text(expected)} (both sides compared NFKC-casefolded)",
    refuses=no_text,
    each=True,
)
