"""What the events of a streamed run say. Pure.

Names and shapes are of the wire; a server that packs an event's name into its data is understood as well. Sending and
telling is for `requests` and `threads`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from asstctl.providers.assistants.ids import is_id
from asstctl.providers.assistants.runs import WAITING

_RUN, _STEP, _MESSAGE = "thread.run.", "thread.run.step.", "thread.message."
_OVER = frozenset({"completed", "incomplete"})


@dataclass(frozen=True, slots=True)
class Event:
    """One server-sent event."""

    name: str
    data: Mapping[str, Any]


def event_of(said: object) -> Event | None:
    """What the SDK made of an event; None for what is none of a thread."""
    if not isinstance(said, Mapping):
        return None
    name, data = said.get("event"), said.get("data")
    return Event(name, data) if isinstance(name, str) and isinstance(data, Mapping) else None


@dataclass
class Heard:
    """What a stream has told of one run so far: the run as it was told last, and its messages in their order."""

    run: Mapping[str, Any] = field(default_factory=dict)
    text: str = ""
    """What was said while it was heard, as `take` gave it."""
    _messages: dict[str, Mapping[str, Any] | None] = field(default_factory=dict)
    _part: object = None
    """The message, and the part of it, that the last piece of text was of."""

    def take(self, event: Event) -> str:
        """Hear one event; the text that it adds, with a line break before each message and part but the first."""
        name, data, id = event.name, event.data, event.data.get("id")
        if name == f"{_MESSAGE}delta":
            said = "".join(self._separated(id, index, piece) for index, piece in _pieces(data))
            self.text += said
            return said
        if name.startswith(_MESSAGE) and isinstance(id, str):
            over = name.removeprefix(_MESSAGE) in _OVER
            self._messages[id] = data if over else self._messages.get(id)
        elif name.startswith(_RUN) and not name.startswith(_STEP) and is_id(id):
            self.run = data
        return ""

    @property
    def ended(self) -> bool:
        """Whether the run waits for us or is over: it says so itself, whatever its event is called."""
        status = self.run.get("status")
        return isinstance(status, str) and status in WAITING

    @property
    def messages(self) -> tuple[Mapping[str, Any], ...] | None:
        """All messages; None where one of them was not told to its end."""
        whole = tuple(message for message in self._messages.values() if message is not None)
        return whole if len(whole) == len(self._messages) and (whole or not self.text) else None

    def _separated(self, message: object, index: object, piece: str) -> str:
        before, self._part = self._part, (message, index)
        return f"\n{piece}" if before not in (None, self._part) else piece


def rest_of(reply: str, before: str, heard: str) -> str:
    """What of a reply is still to be told, where `before` was said earlier in its run and `heard` has been told since.

    Nothing where the reply is not what was heard: a text cannot be untold.
    """
    if not reply.startswith(before):
        return ""
    new = reply[len(before) :].removeprefix("\n") if before else reply
    return new[len(heard) :] if new.startswith(heard) else ""


def _pieces(data: Mapping[str, Any]) -> Iterator[tuple[object, str]]:
    delta = data.get("delta")
    content = delta.get("content") if isinstance(delta, Mapping) else None
    for part in content if isinstance(content, list) else ():
        if not isinstance(part, Mapping):
            continue
        text = part.get("text")
        piece = text.get("value") if isinstance(text, Mapping) else part.get("refusal")
        if isinstance(piece, str) and piece:
            yield part.get("index"), piece
