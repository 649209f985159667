"""A deck that answers: a tape, played again for somebody who does not know it."""

from collections import deque

from asstctl.conversation.tapes.nearest import nearest
from asstctl.conversation.tapes.ordinals import Ordinals
from asstctl.conversation.tapes.settling import cleaned, is_cleaning
from asstctl.conversation.tapes.text import Tape
from asstctl.core.errors import TapeMissing
from asstctl.core.json_text import canonical
from asstctl.core.tape import RECORD_IT, Answering, Asking


class Replay:
    """Answers the requests of one playing: each by what was asked, and the same one asked twice in its order.

    `again` is the command that records the tape again. `real`: answers take as long as they took.
    """

    replays = True

    def __init__(self, tape: Tape, *, again: str, real: bool = False) -> None:
        self.real = real
        self._tape = tape
        self._again = again
        self._ordinals = Ordinals()
        self._elapsed = 0.0
        self._waiting: dict[str, deque[Answering]] = {}
        for one in tape.exchanges:
            self._waiting.setdefault(_key(one.asking), deque()).append(one.answering)

    def now(self) -> float:
        """Seconds of the recording that were played."""
        return self._elapsed

    def play(self, asking: Asking) -> Answering:
        """The answer on the tape. What cleans up is answered by anybody."""
        asked = self._ordinals.of_asking(asking)
        if is_cleaning(asked):
            return cleaned(asked)
        waiting = self._waiting.get(_key(asked))
        if not waiting:
            raise TapeMissing(
                "a request is not on its tape",
                detail=f"{asked}: {nearest(asked, self._tape.exchanges)}",
                hint=f"{RECORD_IT} again: {self._again}",
            )
        answering = waiting.popleft()
        self._elapsed += answering.seconds
        return answering

    def passed(self, seconds: float) -> None:
        """The clock moves on within a stream."""
        self._elapsed += seconds

    def asked(self) -> int:
        """Nobody records a replay."""
        raise AssertionError("a replay records nothing")

    def keep(self, place: int, asking: Asking, answering: Answering) -> None:
        """Nobody records a replay."""
        raise AssertionError("a replay records nothing")


def _key(asking: Asking) -> str:
    return f"{asking}\n{canonical([list(asking.query), asking.body])}"
