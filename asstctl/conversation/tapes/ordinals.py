"""Ids as ordinals (`thread#1`, `run#2`), and no times and no run of ours: what is the same in every recording.

Whatever an answer or a request calls an id becomes the noun of its object and a number, in the order in which they
come; a text that a server was told holds the ordinal wherever it held the id. An ordinal is an id like any other to
whoever replays: what is asked with it is what was asked.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from asstctl.core.json_text import json_text, read_sound_json
from asstctl.core.json_types import Json
from asstctl.core.tape import Answering, Asking, StreamedEvent
from asstctl.core.thread import RUN_KEY

_ORDINAL = re.compile(r"[a-z][a-z_.]*#\d+")

_COLLECTIONS = {
    "threads": "thread",
    "runs": "run",
    "messages": "message",
    "steps": "step",
    "files": "file",
    "vector_stores": "vector_store",
    "file_batches": "file_batch",
    "assistants": "assistant",
    "sessions": "session",
    "turns": "turn",
}
"""Parts of a path after which an id stands."""

_VOLATILE_QUERY = frozenset({"api-version"})

_OPENS_A_SESSION = "/agents/sessions"
_VOLATILE_BODY = frozenset({"spend_control"})
"""What the body that opens a session says of a run's limits: another limit makes no other conversation."""

_USERS_OWN = frozenset({"metadata", "attributes", "parameters", "schema", "json_schema", "embedding"})
"""Below these keys nothing is an id, whatever it is called."""

_TIMES = frozenset({"created", "duration_ms"})
"""What is a time beside all that is called `..._at`."""

_OF_OUR_RUN = frozenset({RUN_KEY})
_ECHOED = _OF_OUR_RUN | {"instructions", "tools", "response_format"}
"""What a run repeats of its assistant: the header of a tape knows it by its digests."""

_OF_AGENT = frozenset({"id", "model"})
"""What is kept of the agent that a session repeats."""

_COUNTED_LATE = frozenset({"usage", "spend_control"})
"""What a session says of the past: when it is counted is chance, and turns say it too."""

_SHORTEST = 12
"""An id of fewer characters is not looked for in texts: it could stand there by chance."""


class Ordinals:
    """The ids of one tape. It learns them from what it is shown, in that order."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self._counts: dict[str, int] = {}
        self._inside: re.Pattern[str] | None = None

    def of_asking(self, asking: Asking) -> Asking:
        """A request as a tape holds it."""
        path = "/".join(self._path_parts(asking.path))
        self._learn(dict(asking.query))
        query = [(name, self._known.get(text, text)) for name, text in asking.query if name not in _VOLATILE_QUERY]
        body = asking.body
        if asking.path == _OPENS_A_SESSION and isinstance(body, Mapping):
            body = {name: value for name, value in body.items() if name not in _VOLATILE_BODY}
        return Asking(asking.method, path, tuple(query), self.of_value(body))

    def of_answering(self, answering: Answering) -> Answering:
        """An answer as a tape holds it."""
        events = tuple(self._event(one) for one in answering.events)
        return replace(answering, body=self.of_value(answering.body), events=events)

    def of_value(self, value: Json) -> Json:
        """A value of a request or an answer."""
        self._learn(value)
        return self._value(value)

    def _event(self, one: StreamedEvent) -> StreamedEvent:
        data = event_value(one.data)
        return one if data is None else replace(one, data=json_text(self.of_value(data)))

    def _path_parts(self, path: str) -> Iterator[str]:
        before = ""
        for part in path.split("/"):
            if (noun := _COLLECTIONS.get(before)) and part not in _COLLECTIONS:
                self._name(part, noun)
                yield self._known.get(part, part)
            else:
                yield part
            before = part

    def _learn(self, value: Json) -> None:
        for id, noun in _ids(value):
            self._name(id, noun)

    def _name(self, id: str, noun: str) -> None:
        if not id or id in self._known or _ORDINAL.fullmatch(id):
            return
        self._counts[noun] = self._counts.get(noun, 0) + 1
        self._known[id] = f"{noun}#{self._counts[noun]}"
        self._inside = None

    def _value(self, value: Json, key: str = "") -> Json:
        if isinstance(value, str):
            return self._known.get(value, value) if _is_id(key) else self._text(value)
        if isinstance(value, Mapping):
            left_out = _ECHOED if value.get("object") == "thread.run" else _OF_OUR_RUN
            if value.get("object") == "agent.session" and isinstance(agent := value.get("agent"), Mapping):
                value = {**value, "agent": {name: item for name, item in agent.items() if name in _OF_AGENT}}
                left_out = _OF_OUR_RUN | _COUNTED_LATE
            kept = {name: self._value(item, name) for name, item in value.items() if name not in left_out}
            return {name: item for name, item in kept.items() if not (name == "metadata" and item == {})}
        if isinstance(value, list | tuple):
            return [self._value(item, key) for item in value]
        return 0 if _is_time(key, value) else value

    def _text(self, text: str) -> str:
        if len(text) < _SHORTEST or not self._known:
            return text
        if self._inside is None:
            long = sorted((id for id in self._known if len(id) >= _SHORTEST), key=len, reverse=True)
            self._inside = re.compile("|".join(map(re.escape, long)) or "(?!)")
        return self._inside.sub(lambda found: self._known[found[0]], text)


def event_value(data: str) -> Mapping[str, Any] | None:
    """What an event of a stream says, where it is an object."""
    try:
        value = read_sound_json(data)
    except ValueError:
        return None
    return value if isinstance(value, Mapping) else None


def _ids(value: Json, key: str = "") -> Iterator[tuple[str, str]]:
    """All that is called an id, with its noun, in the order in which it is written; an object's own id first."""
    if isinstance(value, Mapping):
        own = value.get("id")
        if isinstance(own, str):
            yield own, _noun(value)
        for name, item in value.items():
            if name.endswith("_id") and isinstance(item, str):
                yield item, name.removesuffix("_id")
            elif name.endswith("_ids") and isinstance(item, list | tuple):
                yield from ((one, name.removesuffix("_ids")) for one in item if isinstance(one, str))
            elif name not in _USERS_OWN:
                yield from _ids(item, name)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _ids(item, key)


def _noun(value: Mapping[str, Any]) -> str:
    kind = value.get("object")
    if isinstance(kind, str) and kind:
        parts = kind.split(".")
        if parts[0] == "agent":
            return parts[-1]
        return kind if parts[0] != "thread" else "step" if "step" in parts else parts[min(len(parts), 2) - 1]
    if value.get("type") == "message":
        return "message"
    return "call" if "type" in value else "object"


def _is_id(key: str) -> bool:
    return key == "id" or key.endswith(("_id", "_ids"))


def _is_time(key: str, value: Json) -> bool:
    return (key.endswith("_at") or key in _TIMES) and isinstance(value, int | float) and not isinstance(value, bool)
