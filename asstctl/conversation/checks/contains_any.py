"""`contains-any: [texts]`: at least one of them is in the reply."""

from collections.abc import Sequence

from asstctl.conversation.checks.check import no_text, text_check
from asstctl.conversation.shapes import SOME_TEXT, list_of
from asstctl.core.json_text import json_text
from asstctl.core.json_types import Json


def _refuses(value: Json) -> str | None:
    fine = isinstance(value, Sequence) and not isinstance(value, str) and value and not any(map(no_text, value))
    return None if fine else "takes a list of texts"


def _texts(value: Json) -> list[str]:
    assert isinstance(value, Sequence)
    return [str(text) for text in value]


CONTAINS_ANY = text_check(
    "contains-any",
    holds=lambda reply, expected: any(text in reply for text in _texts(expected)),
    says=lambda expected: f"contain any of {', '.join(map(json_text, _texts(expected)))}",
    refuses=_refuses,
    takes=list_of(SOME_TEXT),
)
