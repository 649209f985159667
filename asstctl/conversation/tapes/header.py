"""What a tape is a tape of: the first line of its file.

The fingerprints are of all that can change what is said: the assistant as it is configured, the files that it reads,
the stubs, and what the conversation itself says. Expectations are not among them: a tape is there to be judged anew.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from asstctl.conversation.case import Case, UserFile
from asstctl.core.capabilities import Way
from asstctl.core.json_types import EMPTY, Json
from asstctl.core.reference import FILE
from asstctl.core.resource import Desired
from asstctl.kinds.canonical import digest, plain, tools

T = TypeVar("T")

VERSION = 1

_SAYS_NOTHING = frozenset({"name", "description", "metadata"})
"""Fields of which no model is told."""

_LONGEST_SHOWN = 60
_LINE_DIGITS, _DIGITS = 6, 16
"""Of the digests of a line, and of a file."""


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """What a recording depends on. Values are short ones as they are, and digests of others.

    `configuration` is by field, each tool a field of its own; `lines` has a digest for each line of long texts, so that
    a change has a place; `files` are all files that are read, by path; `stubs` are by function; `said` is by the parts
    of the conversation.
    """

    configuration: Mapping[str, Json] = field(default_factory=lambda: EMPTY)
    lines: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    files: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    stubs: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    said: Mapping[str, str] = field(default_factory=lambda: EMPTY)


@dataclass(frozen=True, slots=True)
class Header:
    """`conversation` is `FILE::ID`, with the cell of its matrix; `assistant` an address. `target` is where it was
    recorded, `replies` where the answers came from there, and `exercised` whether instructions had a part in them.
    """

    conversation: str
    assistant: str
    repeat: int
    target: str
    replies: str
    exercised: bool
    made_with: Fingerprints = Fingerprints()


def configured(assistant: Desired, others: Iterable[Desired] = ()) -> Fingerprints:
    """What a recording depends on of an assistant as the files say it should be; `others` is what it depends on."""
    configuration: dict[str, Json] = {}
    lines: dict[str, str] = {}
    read: dict[str, str] = {}
    for name, value in _telling(assistant):
        if name == "tools":
            configuration |= {f"tools.{tool}": digest(one) for tool, one in _by_name(value)}
            continue
        configuration[name] = _shown(name, _without_content(value, read))
        if name == "instructions" and isinstance(value, str):
            lines[name] = line_digests(value)
    configuration |= {loss.field: loss.way for loss in assistant.losses if loss.way is not Way.DROP}
    for other in others:
        if other.address.kind != "vector_store":
            continue
        held = {one.file.path: one for one in other.files or ()}
        for path, one in held.items():
            read[path] = digest([one.file.sha256, plain(dict(one.attributes)), plain(one.chunking)])
        fields = {name: plain(value) for name, value in _telling(other)}
        configuration[str(other.address)] = digest({**fields, "files": sorted(held)})
    return Fingerprints(_in_order(configuration), lines, _in_order(read))


def with_case(assistant: Fingerprints, case: Case, files: Mapping[str, str] = EMPTY) -> Fingerprints:
    """The same with a conversation; `files` has the SHA-256 of its own files by their paths."""
    read = {**assistant.files, **{path: known[:_DIGITS] for path, known in files.items()}}
    return replace(assistant, files=_in_order(read), stubs=_in_order(_stubs(case)), said=dict(_said(case)))


def line_digests(text: str) -> str:
    """A few digits for each line of a text."""
    lines = text.replace("\r\n", "\n").split("\n")
    return " ".join(hashlib.sha256(line.encode(errors="replace")).hexdigest()[:_LINE_DIGITS] for line in lines)


def user_files(case: Case) -> Iterator[UserFile]:
    """Every file that a conversation sends."""
    yield from case.files
    for message in case.messages:
        yield from message.files
    for turn in case.turns:
        yield from turn.files


def _in_order(found: dict[str, T]) -> dict[str, T]:
    return dict(sorted(found.items()))


def _telling(one: Desired) -> Iterator[tuple[str, Json]]:
    """The fields that are declared and have a part in what is said."""
    return ((name, value) for name, value in one.fields.items() if name not in _SAYS_NOTHING and value is not None)


def _by_name(value: Json) -> Iterator[tuple[str, Json]]:
    found = tools(value)
    return iter(found.items()) if isinstance(found, Mapping) else iter(())


def _shown(name: str, value: Json) -> Json:
    """A value that is short as it is, so that a message can say what it was."""
    short = isinstance(value, str) and len(value) <= _LONGEST_SHOWN and "\n" not in value and name != "instructions"
    return value if short or isinstance(value, bool | int | float) else digest(plain(value))


def _without_content(value: Json, read: dict[str, str]) -> Json:
    """A value whose files are known by their paths alone; their digests go to `read`."""
    if isinstance(value, Mapping):
        if FILE in value:
            read[str(value[FILE])] = str(value.get("sha256", ""))[:_DIGITS]
            return str(value[FILE])
        return {name: _without_content(item, read) for name, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_without_content(item, read) for item in value]
    return value


def _stubs(case: Case) -> dict[str, str]:
    typed: Any = case.typed
    stubs = typed.get("stubs") if isinstance(typed, Mapping) else None
    return {name: digest(plain(rules)) for name, rules in stubs.items()} if isinstance(stubs, Mapping) else {}


def _said(case: Case) -> Iterator[tuple[str, str]]:
    if case.messages or case.files or case.metadata:
        messages = [[one.role, one.text, _files(one.files)] for one in case.messages]
        yield "thread", digest([messages, _files(case.files), dict(case.metadata)])
    if case.overrides:
        yield "run", digest(plain(dict(case.overrides)))
    for number, turn in enumerate(case.turns, start=1):
        yield f"turn {number}", digest([turn.user, _files(turn.files)])


def _files(files: Iterable[UserFile]) -> list[Json]:
    return [
        [one.shown, one.url, one.detail, None if one.tools is None else [str(t) for t in one.tools]] for one in files
    ]
