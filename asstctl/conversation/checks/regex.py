"""`regex: pattern`: found anywhere in the reply; `(?i)` and its like are written in the pattern."""

from asstctl.conversation.checks.check import Undecided, text_check
from asstctl.conversation.matchers import no_regex
from asstctl.core.json_text import json_text
from asstctl.core.json_types import Json
from asstctl.documents.regex import RegexTimeout, search


def _holds(reply: str, pattern: Json) -> bool:
    try:
        return search(str(pattern), reply)
    except RegexTimeout:
        raise Undecided("the pattern took too long on this reply") from None


REGEX = text_check(
    "regex",
    holds=_holds,
    says=lambda pattern: f"match the pattern {json_text(pattern)}",
    refuses=no_regex,
    each=True,
    slow=True,
)
