"""Whether a tape was made with what the files say now, and in words what has changed since. Pure."""

from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher

from asstctl.conversation.tapes.header import Fingerprints, Header
from asstctl.core.json_text import json_text
from asstctl.core.json_types import Json

MOST_LINES = 5_000
"""A text with more lines is not compared line by line."""

MOST_PLACES = 4


def changes(header: Header, now: Fingerprints) -> tuple[str, ...]:
    """What is different, in sentences; nothing for a tape that is fresh."""
    then, owner = header.made_with, header.assistant
    return (
        *(f"{owner}: {said}" for said in _fields(then, now)),
        *(_sentence(f"the file {path}", how) for path, how in _differing(then.files, now.files)),
        *(_sentence(f"the stub of {name}", how) for name, how in _differing(then.stubs, now.stubs)),
        *_said(then.said, now.said),
    )


def changed_lines(then: str, now: str) -> str:
    """Which lines of a text differ, as they are numbered now; both as `line_digests`."""
    before, after = then.split(), now.split()
    if max(len(before), len(after)) > MOST_LINES:
        return ""
    places: list[str] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "delete":
            gone = "1 line" if i2 - i1 == 1 else f"{i2 - i1} lines"
            places.append(f"{gone} gone after line {j1}" if j1 else f"{gone} gone at the top")
        elif tag != "equal":
            places.append(f"line {j1 + 1}" if j2 - j1 == 1 else f"lines {j1 + 1}-{j2}")
    more = [f"{len(places) - MOST_PLACES} more places"] if len(places) > MOST_PLACES else []
    return ", ".join([*places[:MOST_PLACES], *more])


def _fields(then: Fingerprints, now: Fingerprints) -> Iterator[str]:
    for name, how in _differing(then.configuration, now.configuration):
        what = name.replace("tools.", "tool ", 1) if name.startswith("tools.") else name
        said = _sentence(what, how)
        if name in then.lines and name in now.lines:
            lines = changed_lines(then.lines[name], now.lines[name])
            said += f" ({lines})" if lines else ""
        elif how == "changed" and name in {"model", "temperature", "top_p", "reasoning_effort"}:
            said += f" ({_value(then.configuration[name])}, now {_value(now.configuration[name])})"
        yield said


def _said(then: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    parts = [part for part, _ in _differing(then, now)]
    if parts:
        yield f"the conversation changed since it was recorded ({', '.join(parts)})"


def _differing(then: Mapping[str, Json], now: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    """What is not the same on both sides, and how that came."""
    for name in dict.fromkeys((*then, *now)):
        if name not in now:
            yield name, "is gone"
        elif name not in then:
            yield name, "is new"
        elif then[name] != now[name]:
            yield name, "changed"


def _sentence(what: str, how: str) -> str:
    return f"{what} {how} since it was recorded"


def _value(value: Json) -> str:
    return value if isinstance(value, str) else json_text(value)
