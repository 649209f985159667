"""Tape: the requests of one conversation and their answers, as the transport sees them. The seam between the two.

`net` turns HTTP into these values and back, `conversation.tapes` decides what is kept, under which key, and what it
means that one is not there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from asstctl.core.json_types import EMPTY, Json


@dataclass(frozen=True, slots=True)
class Asking:
    """One request: the method, the path below the base URL with its query sorted, and the body as JSON.

    A multipart body is a map of its fields; a file in it is its name, size and sha256.
    """

    method: str
    path: str
    body: Json = None


@dataclass(frozen=True, slots=True)
class StreamedEvent:
    """One server-sent event, `seconds` after the answer began."""

    seconds: float
    event: str
    data: str


@dataclass(frozen=True, slots=True)
class Answering:
    """One answer: status, headers by their lower-case names, and a JSON body or the events of a stream.

    `seconds` passed before it began. A stream that broke off is `truncated`.
    """

    status: int
    seconds: float
    headers: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    body: Json = None
    events: tuple[StreamedEvent, ...] = ()
    truncated: bool = False


class Deck(Protocol):
    """What a tape is played on: it answers requests from a tape, or is told what was asked and answered."""

    def play(self, asking: Asking) -> Answering | None:
        """The answer on the tape; None where requests go out. Raises TapeMissing for one that is not on it."""
        ...

    def keep(self, asking: Asking, answering: Answering) -> None:
        """Hear of an exchange that took place."""
        ...
