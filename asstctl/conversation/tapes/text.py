"""A tape as JSON Lines: the header, then an exchange a line, keys in one order. Reading executes nothing. Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from asstctl.conversation.tapes.header import VERSION, Fingerprints, Header
from asstctl.conversation.tapes.ordinals import event_value
from asstctl.conversation.tapes.settling import Exchange
from asstctl.core.diagnostic import Diagnostic, Where, error
from asstctl.core.json_text import json_text, read_sound_json
from asstctl.core.json_types import Json
from asstctl.core.tape import Answering, Asking, StreamedEvent

T = TypeVar("T")

MAX_BYTES = 32 * 1024 * 1024
MAX_LINES = 20_000

_DIGITS = 3
"""Of seconds, after the point."""

_PRINTS = tuple(one.name for one in fields(Fingerprints))


@dataclass(frozen=True, slots=True)
class Tape:
    """What was recorded of one playing."""

    header: Header
    exchanges: tuple[Exchange, ...]


def tape_lines(tape: Tape) -> Iterator[dict[str, Json]]:
    """Each line of a tape's file, as a value."""
    header = tape.header
    yield {
        "tape": VERSION,
        "conversation": header.conversation,
        "assistant": header.assistant,
        "repeat": header.repeat,
        "target": header.target,
        "replies": header.replies,
        "exercised": header.exercised,
        "made_with": {name: dict(getattr(header.made_with, name)) for name in _PRINTS},
    }
    for one in tape.exchanges:
        yield _exchange_line(one.asking, one.answering)


def tape_text(tape: Tape) -> str:
    """A tape as its file says it."""
    return "".join(f"{json_text(line)}\n" for line in tape_lines(tape))


def same_but_for_times(tape: Tape, other: Tape) -> bool:
    """Whether two recordings differ at most in how long things took."""
    return [_timeless(line) for line in tape_lines(tape)] == [_timeless(line) for line in tape_lines(other)]


def read_tape(text: str, path: str) -> tuple[Tape | None, tuple[Diagnostic, ...]]:
    """The tape that a file holds, or what is wrong with it. `path` is what people call the file."""
    lines = text.split("\n")
    if len(lines) > MAX_LINES:
        return None, (_damaged(path, 1, f"it has more than {MAX_LINES} lines"),)
    if lines and lines[-1]:
        return None, (_damaged(path, len(lines), "its last line is cut off"),)
    diagnostics: list[Diagnostic] = []
    header = _read(lines[0], path, 1, _header, diagnostics)
    read = [_read(line, path, number, _exchange, diagnostics) for number, line in enumerate(lines[1:-1], start=2)]
    exchanges = tuple(one for one in read if one is not None)
    return (None if diagnostics or header is None else Tape(header, exchanges)), tuple(diagnostics)


def _exchange_line(asking: Asking, answering: Answering) -> dict[str, Json]:
    line: dict[str, Json] = {"ask": str(asking)}
    if asking.query:
        line["query"] = [list(pair) for pair in asking.query]
    if asking.body is not None:
        line["body"] = _sorted(asking.body)
    line |= {"status": answering.status, "seconds": round(answering.seconds, _DIGITS)}
    if answering.headers:
        line["headers"] = _sorted(answering.headers)
    if answering.events or answering.truncated:
        line["events"] = [_event_line(one) for one in answering.events]
    else:
        line["answer"] = _sorted(answering.body)
    if answering.truncated:
        line["truncated"] = True
    return line


def _event_line(one: StreamedEvent) -> dict[str, Json]:
    data = event_value(one.data)
    said: dict[str, Json] = {"text": one.data} if data is None else {"data": _sorted(data)}
    return {"at": round(one.seconds, _DIGITS), "event": one.event, **said}


def _timeless(line: Mapping[str, Any]) -> str:
    events = [{**one, "at": 0} for one in line.get("events", ())]
    return json_text({**line, "seconds": 0, "events": events})


def _sorted(value: Json) -> Json:
    if isinstance(value, Mapping):
        return {name: _sorted(value[name]) for name in sorted(value)}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_sorted(item) for item in value]
    return value


class _WrongShapeError(Exception):
    """A line that is not what it should be; its text says how."""


def _read(
    line: str, path: str, number: int, shape: Callable[[dict[str, Any]], T], diagnostics: list[Diagnostic]
) -> T | None:
    try:
        value = read_sound_json(line)
        if not isinstance(value, dict):
            raise _WrongShapeError("it is not an object")
        return shape(value)
    except ValueError:
        diagnostics.append(_damaged(path, number, "it is not JSON"))
    except _WrongShapeError as problem:
        diagnostics.append(_damaged(path, number, str(problem)))
    return None


def _header(value: dict[str, Any]) -> Header:
    version = _of(value, "tape", int)
    if version > VERSION:
        raise _WrongShapeError(f"it is of version {version}, which is newer than this program")
    made = _of(value, "made_with", dict)
    prints = {name: _of(made, name, dict) for name in _PRINTS}
    for name in _PRINTS[1:]:  # all but values of the configuration are texts
        prints[name] = {key: _of(prints[name], key, str) for key in prints[name]}
    return Header(
        _of(value, "conversation", str),
        _of(value, "assistant", str),
        _of(value, "repeat", int),
        _of(value, "target", str),
        _of(value, "replies", str),
        _of(value, "exercised", bool),
        Fingerprints(**prints),
    )


def _exchange(value: dict[str, Any]) -> Exchange:
    method, _, path = _of(value, "ask", str).partition(" ")
    query = tuple(_pair(one) for one in _of(value, "query", list, []))
    headers = {name: str(text) for name, text in _of(value, "headers", dict, {}).items()}
    events = tuple(_event(one) for one in _of(value, "events", list, []))
    status, seconds = _of(value, "status", int), _of(value, "seconds", float)
    if not 100 <= status < 600 or seconds < 0:
        raise _WrongShapeError("its status or its seconds cannot be")
    answering = Answering(
        status, seconds, headers, value.get("answer"), events, truncated=_of(value, "truncated", bool, False)
    )
    return Exchange(Asking(method, path, query, value.get("body")), answering)


def _event(value: object) -> StreamedEvent:
    if not isinstance(value, dict):
        raise _WrongShapeError("one of its events is not an object")
    data = json_text(value["data"]) if "data" in value else _of(value, "text", str)
    return StreamedEvent(_of(value, "at", float), _of(value, "event", str), data)


def _pair(value: object) -> tuple[str, str]:
    if not (isinstance(value, list) and len(value) == 2 and all(isinstance(part, str) for part in value)):
        raise _WrongShapeError("its query is not a list of pairs")
    return value[0], value[1]


def _of(value: Mapping[str, Any], name: str, kind: type[T], default: T | None = None) -> T:
    """A member of this type. A whole number of seconds is a number like any other."""
    found = value.get(name, default)
    if kind is float and isinstance(found, int) and not isinstance(found, bool):
        with suppress(OverflowError):
            found = float(found)
    if not isinstance(found, kind) or (kind is int and isinstance(found, bool)):
        raise _WrongShapeError(f"its `{name}` is missing or wrong")
    return found


def _damaged(path: str, line: int, why: str) -> Diagnostic:
    return error("tape", f"line {line} is damaged: {why}", Where(path, line), hint="record it again, or restore it")
