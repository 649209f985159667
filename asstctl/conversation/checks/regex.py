"""`regex: pattern`: found anywhere in the reply; `(?i)` and its like are written in the pattern."""

from asstctl.conversation.checks.check import TextCheck, Undecided
from asstctl.conversation.text import as_json
from asstctl.core.json_types import Json
from asstctl.documents.regex import RegexTimeout, check_regex, search


def _holds(reply: str, pattern: Json) -> bool:
    try:
        return search(str(pattern), reply)
    except RegexTimeout:
        raise Undecided("the pattern took too long on this reply") from None


def _refuses(value: Json) -> str | None:
    if not isinstance(value, str) or not value:
        return "takes a regular expression"
    wrong = check_regex(value)
    return f"is not a regular expression: {wrong}" if wrong else None


REGEX = TextCheck(
    name="regex",
    holds=_holds,
    says=lambda pattern: f"match the pattern {as_json(pattern)}",
    refuses=_refuses,
    each=True,
    slow=True,
)
