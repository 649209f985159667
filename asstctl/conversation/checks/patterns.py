"""Patterns in the values of checks."""

from asstctl.conversation.checks.check import Undecided
from asstctl.conversation.matchers import fits, problems
from asstctl.core.json_types import Json
from asstctl.documents.regex import RegexTimeout


def no_pattern(value: Json) -> str | None:
    """Refuses a pattern whose matchers are misused."""
    problem = next(problems(value), None)
    return f"cannot be used: {problem.summary}" if problem else None


def text_fits(pattern: Json, text: str) -> bool:
    """Whether a text that a program wrote is as the pattern says; a text as pattern is contained in it."""
    try:
        return pattern in text if isinstance(pattern, str) else fits(pattern, text)
    except RegexTimeout as problem:
        raise Undecided(f"the pattern took too long: {problem.pattern}") from problem
