"""`json-path: {path: pattern}`: what JSONPaths find in the reply, which is JSON or holds some between code fences."""

from collections.abc import Mapping

from asstctl.conversation.checks.check import REPLY, Check, reply_shown
from asstctl.conversation.checks.reply_json import NotJson, reply_json
from asstctl.conversation.json_paths import path_mismatches, path_problems
from asstctl.conversation.matchers import expected_text
from asstctl.conversation.observed import Observed
from asstctl.conversation.shapes import PATTERN
from asstctl.core.conversation import FailureKind, Mismatch
from asstctl.core.json_types import Json


def _refuses(value: Json) -> str | None:
    if not isinstance(value, Mapping) or not value:
        return 'takes a map of JSONPaths, such as {"$.state": done}'
    problem = next(path_problems(value), None)
    return f"cannot be used: {problem.summary}" if problem else None


def _says(value: Json) -> str:
    assert isinstance(value, Mapping)
    return "be JSON with " + " and ".join(f"{path}: {expected_text(pattern)}" for path, pattern in value.items())


def _differences(observed: Observed, value: Json) -> tuple[Mismatch, ...]:
    assert isinstance(value, Mapping)
    try:
        document = reply_json(observed)
    except NotJson:
        path, actual = reply_shown(observed)
        return (Mismatch(path, "JSON", actual),)
    return tuple(m for path, pattern in value.items() for m in path_mismatches(path, pattern, document))


JSON_PATH = Check(
    name="json-path",
    kind=FailureKind.JSON,
    says=_says,
    refuses=_refuses,
    takes={"type": "object", "minProperties": 1, "additionalProperties": PATTERN},
    closing=False,
    slow=True,
    differences=_differences,
    shown=reply_shown,
    subject=REPLY,
)
