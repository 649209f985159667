"""`code: {input: pattern, logs: pattern, images: n}`: the code interpreter ran code of which all of this is true.

A text is contained in the input or the logs; an empty map asks for any code at all.
"""

from collections.abc import Callable, Mapping

from asstctl.conversation.checks.check import Check, no_map_of
from asstctl.conversation.checks.patterns import no_pattern, text_fits
from asstctl.conversation.matchers import expected_text, fits
from asstctl.conversation.observed import Observed
from asstctl.conversation.shapes import PATTERN, map_of, means
from asstctl.core.conversation import FailureKind, Mismatch
from asstctl.core.json_text import json_text
from asstctl.core.json_types import Json
from asstctl.core.thread import CodeRun, Need

_HOLDS: Mapping[str, Callable[[Json, CodeRun], bool]] = {
    "input": lambda pattern, run: text_fits(pattern, run.input),
    "logs": lambda pattern, run: text_fits(pattern, run.logs),
    "images": lambda pattern, run: fits(pattern, run.images),
}
_no_keys = no_map_of(input=no_pattern, logs=no_pattern, images=no_pattern)


def _refuses(value: Json) -> str | None:
    return None if isinstance(value, Mapping) and not value else _no_keys(value)


def _says(value: Json) -> str:
    assert isinstance(value, Mapping)
    parts = [f"{key} {_expected(key, pattern)}" for key, pattern in value.items()]
    return f"run code{' with ' if parts else ''}{' and '.join(parts)}"


def _expected(key: str, pattern: Json) -> str:
    return f"containing {json_text(pattern)}" if isinstance(pattern, str) else expected_text(pattern)


def _ran(observed: Observed) -> tuple[str, str]:
    runs = [f"input {json_text(r.input)}, logs {json_text(r.logs)}, images {r.images}" for r in observed.code]
    return "code", "; ".join(runs) or "none"


def _differences(observed: Observed, value: Json) -> tuple[Mismatch, ...]:
    assert isinstance(value, Mapping)
    if any(all(_HOLDS[key](pattern, run) for key, pattern in value.items()) for run in observed.code):
        return ()
    path, actual = _ran(observed)
    return (Mismatch(path, _says(value).removeprefix("run "), actual),)


CODE = Check(
    name="code",
    kind=FailureKind.CODE,
    says=_says,
    refuses=_refuses,
    takes=map_of(
        {
            "input": means("What the code is like; a text is contained in it.", PATTERN),
            "logs": means("What it printed; a text is contained in it.", PATTERN),
            "images": means("How many images it made.", PATTERN),
        },
        least=0,
    ),
    slow=True,
    needs=lambda value: frozenset({Need.STEPS}),
    differences=_differences,
    shown=_ran,
    subject="the code interpreter",
)
