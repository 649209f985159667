"""Tape: the requests of one conversation and their answers, as the transport sees them. The seam between the two.

`net` turns HTTP into these values and back, `conversation.tapes` decides what is kept, under which key, and what it
means that one is not there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from asstctl.core.json_types import EMPTY, Json

RECORD_IT = "record it"
"""How the hint begins that a tape which is of no use comes with; what stands before it is why."""


@dataclass(frozen=True, slots=True)
class Asking:
    """One request: the method, the path below the base URL with its query sorted, and the body as JSON.

    Ids in the path are as they are, not percent-encoded. A multipart body is a map of its fields; a file in it, and a
    body that is neither, is its name, size and sha256.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: Json = None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class StreamedEvent:
    """One server-sent event, `seconds` after the answer began."""

    seconds: float
    event: str
    data: str


@dataclass(frozen=True, slots=True)
class Answering:
    """One answer: status, headers by their lower-case names, and a JSON body or the events of a stream.

    `seconds` passed before it was there: all of a JSON body, or the first byte of a stream. A stream that broke off is
    `truncated`.
    """

    status: int
    seconds: float
    headers: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    body: Json = None
    events: tuple[StreamedEvent, ...] = ()
    truncated: bool = False


class Deck(Protocol):
    """What a tape is played on: it answers all requests of one playing, or hears of them and their answers."""

    @property
    def replays(self) -> bool:
        """Whether it answers, so that nothing is sent; else it listens."""
        ...

    @property
    def real(self) -> bool:
        """Whether a replay is to take as long as the recording did."""
        ...

    def now(self) -> float:
        """Seconds on the clock of the conversation: the machine's or, under replay, that of the recording."""
        ...

    def play(self, asking: Asking) -> Answering:
        """The answer on the tape. The clock moves on by what it took. Raises TapeMissing."""
        ...

    def passed(self, seconds: float) -> None:
        """The clock of a replay moves on within a stream."""
        ...

    def asked(self) -> int:
        """A request goes out: its place on the tape."""
        ...

    def keep(self, place: int, asking: Asking, answering: Answering) -> None:
        """What was asked there and answered, once all of it is known. An exchange that broke off is not kept."""
        ...
