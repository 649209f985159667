"""Saves: what a turn keeps under a name for those after it. Pure, but for the time limit of patterns.

A path such as `calls.refund[-1].output.id` names a function of the turn's calls, which of its calls (from 0, negative
from the end; the last without it), its `args` or its `output`, and a place inside. An output that is not JSON is text.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from asstctl.conversation.case import Save
from asstctl.conversation.checks.reply_json import NotJson, reply_json
from asstctl.conversation.judging.calls import parse_arguments
from asstctl.conversation.observed import Observed
from asstctl.core.change import ABSENT, Absent
from asstctl.core.conversation import CallMade, Failure, FailureKind
from asstctl.core.json_text import read_sound_json
from asstctl.core.json_types import Json
from asstctl.documents.json_path import PathTimeout, find, is_singular
from asstctl.documents.regex import RegexTimeout, first

_PATH = re.compile(
    r"calls\.(?P<name>[\w-]+)(?:\[(?P<index>-?\d+)\])?\.(?P<side>args|output)(?P<rest>(?:\.[\w-]+|\[-?\d+\])*)"
)
_STEP = re.compile(r"\.([\w-]+)|\[(-?\d+)\]")
_HINT = "`calls.refund[-1].output.id` is one"


class NothingFound(Exception):
    """There is nothing to keep; its text completes "… was not saved: …"."""


@dataclass(frozen=True, slots=True)
class CallPath:
    """A path into the calls of a turn, read."""

    name: str
    index: int
    side: str
    steps: tuple[str | int, ...]


def read_path(text: str) -> CallPath | None:
    """The path that a text is; None where it is none."""
    found = _PATH.fullmatch(text)
    if not found:
        return None
    steps = tuple(step[1] if step[1] is not None else int(step[2]) for step in _STEP.finditer(found["rest"]))
    return CallPath(found["name"], int(found["index"] or -1), found["side"], steps)


def path_problem(text: str) -> str | None:
    """What is wrong with a path into calls, with one that is right; None: nothing."""
    return None if read_path(text) else f"`{text}` is not a path into calls; {_HINT}"


def save_all(saves: Sequence[Save], observed: Observed) -> tuple[Mapping[str, Json], tuple[Failure, ...]]:
    """What a turn that went well keeps, and a failure for each name under which there is nothing to keep."""
    kept: dict[str, Json] = {}
    failures: list[Failure] = []
    for save in saves:
        try:
            kept[save.name] = _value(save, observed)
        except NothingFound as problem:
            message = f"`{save.name}` was not saved: {problem}"
            failures.append(Failure(FailureKind.SAVE, message, where=save.where))
    return kept, tuple(failures)


def _value(save: Save, observed: Observed) -> Json:
    match save.source:
        case "calls":
            return _of_calls(save.path, observed.calls)
        case "regex":
            return _matched(save.path, observed.reply)
        case "json-path":
            return _found(save.path, observed)
        case _:
            if not observed.reply:
                raise NothingFound("the reply is empty")
            return observed.reply


def _of_calls(text: str, calls: Sequence[CallMade]) -> Json:
    path = read_path(text)
    if path is None:
        raise NothingFound(path_problem(text) or "")
    made = [call for call in calls if call.name == path.name]
    if not made:
        raise NothingFound(f"`{path.name}` was not called")
    try:
        call = made[path.index]
    except IndexError:
        times = "one call" if len(made) == 1 else f"{len(made)} calls"
        raise NothingFound(f"`{path.name}[{path.index}]` is not among {times}") from None
    value = _inside(_arguments(call) if path.side == "args" else _output(call), path.steps)
    if isinstance(value, Absent):
        raise NothingFound(f"the call has no `{text.removeprefix('calls.')}`")
    return value


def _arguments(call: CallMade) -> Json | Absent:
    arguments = parse_arguments(call.arguments)
    return ABSENT if arguments is None else arguments


def _output(call: CallMade) -> Json | Absent:
    if call.output is None:
        return ABSENT
    try:
        value: Json = read_sound_json(call.output)
    except ValueError:
        return call.output
    return value


def _inside(value: Any, steps: Sequence[str | int]) -> Json | Absent:
    for step in steps:
        if isinstance(step, str):
            value = value.get(step, ABSENT) if isinstance(value, Mapping) else ABSENT
        else:
            within = isinstance(value, list) and -len(value) <= step < len(value)
            value = value[step] if within else ABSENT
    found: Json | Absent = value
    return found


def _matched(pattern: str, reply: str) -> Json:
    try:
        found = first(pattern, reply)
    except RegexTimeout:
        raise NothingFound("the pattern took too long on this reply") from None
    if found is None:
        raise NothingFound(f"nothing in the reply matches the pattern {pattern}")
    return found


def _found(path: str, observed: Observed) -> Json:
    try:
        found = find(path, reply_json(observed))
    except NotJson:
        raise NothingFound("the reply is not JSON") from None
    except PathTimeout:
        raise NothingFound("the path took too long on this reply") from None
    if not found:
        raise NothingFound(f"{path} finds nothing in the reply")
    return found[0] if is_singular(path) else list(found)
