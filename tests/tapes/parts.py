"""What tests of tapes have in common."""

from collections.abc import Sequence
from typing import Any

from asstctl.conversation.tapes.header import Fingerprints, Header
from asstctl.conversation.tapes.recording import Recording
from asstctl.conversation.tapes.text import Tape
from asstctl.core.json_types import Json
from asstctl.core.tape import Answering, Asking, StreamedEvent

HEADER = Header("a.convo.yaml::a", "assistant.a", 1, "local", "echoed", False, Fingerprints({"model": "m"}))


class Clock:
    """A clock that goes on by a second whenever somebody looks."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        self.seconds += 1
        return self.seconds


def ask(words: str, body: Json = None, **query: str) -> Asking:
    method, _, path = words.partition(" ")
    return Asking(method, path, tuple(sorted(query.items())), body)


def answer(body: Json = None, *, status: int = 200, seconds: float = 1.0, **more: Any) -> Answering:
    return Answering(status, seconds, {"content-type": "application/json"}, body, **more)


def stream(*events: tuple[str, str], truncated: bool = False) -> Answering:
    told = tuple(StreamedEvent(float(at), event, data) for at, (event, data) in enumerate(events))
    return Answering(200, 1.0, {"content-type": "text/event-stream"}, events=told, truncated=truncated)


def taped(*exchanges: tuple[Asking, Answering], errors: bool = False, order: Sequence[int] = ()) -> Tape:
    """The tape of these exchanges, asked in their order and answered in that order or another."""
    deck = Recording(clock=Clock(), errors=errors)
    places = [deck.asked() for _ in exchanges]
    for place in order or places:
        deck.keep(place, *exchanges[place])
    return deck.tape(HEADER)
