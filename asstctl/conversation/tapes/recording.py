"""A deck that listens: it becomes the tape of one playing."""

import time
from collections.abc import Callable

from asstctl.conversation.tapes.header import Header
from asstctl.conversation.tapes.ordinals import Ordinals
from asstctl.conversation.tapes.settling import Exchange, settled
from asstctl.conversation.tapes.text import Tape
from asstctl.core.tape import Answering, Asking

Clock = Callable[[], float]


class Recording:
    """Hears the exchanges of one playing, several of which may go on at once.

    The tape has them in the order in which they were asked, whichever was answered first, so that two recordings of
    the same conversation are one. `errors`: answers that are the server's trouble, and what was repeated after them,
    are kept too.
    """

    replays = False
    real = False

    def __init__(self, *, clock: Clock = time.perf_counter, errors: bool = False) -> None:
        self._clock = clock
        self._errors = errors
        self._asked: list[float] = []
        self._heard: dict[int, Exchange] = {}

    def now(self) -> float:
        """Seconds by the machine's clock."""
        return self._clock()

    def play(self, asking: Asking) -> Answering:
        """Nobody asks this of a recording."""
        raise AssertionError(f"{asking} was asked of a recording")

    def passed(self, seconds: float) -> None:
        """The machine's clock goes on by itself."""

    def asked(self) -> int:
        """A place on the tape."""
        self._asked.append(self._clock())
        return len(self._asked) - 1

    def keep(self, place: int, asking: Asking, answering: Answering) -> None:
        """Hear of an exchange."""
        self._heard[place] = Exchange(asking, answering, self._asked[place], self._clock())

    def tape(self, header: Header) -> Tape:
        """What was heard until now."""
        ordinals, exchanges = Ordinals(), []
        for _, one in sorted(self._heard.items()):
            asking = ordinals.of_asking(one.asking)
            exchanges.append(Exchange(asking, ordinals.of_answering(one.answering), one.began, one.ended))
        return Tape(header, settled(exchanges, errors=self._errors))
