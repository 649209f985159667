"""How long to wait before looking at a run again.

The server's word is `openai-poll-after-ms`, within bounds; without it the waits grow. The first look also
waits for most of the shortest of the last runs: looking before any run was ever done is a request for nothing,
and a suite has hundreds of runs alike. Later looks come no oftener than the age of the run makes worth while.
"""

from collections import deque
from collections.abc import Mapping

FLOOR, CEILING = 0.005, 5.0
FIRST, GROWTH, LONGEST = 0.1, 1.5, 1.0
"""Without the header: the first wait, what the next is multiplied by, and where it ends."""

SHARE = 0.95
"""Of the shortest of the last runs. A run found over at the first look is noted with that very wait, so waits shrink
by this much from run to run until one is looked at too early; without it they could only grow."""

REMEMBERED = 8

OF_AGE = 0.05
"""The share of its age by which a run may be found late: twenty runs that take five seconds each, looked at every
10 ms, would be two thousand requests a second."""


def asked_wait(headers: Mapping[str, str], look: int) -> float:
    """Seconds before look number `look` (from 0), by the headers of the answer before it."""
    try:
        asked = float(headers["openai-poll-after-ms"]) / 1000
    except (KeyError, ValueError):
        # The exponent is bounded because a long run has many looks.
        return float(min(FIRST * GROWTH ** min(look, 20), LONGEST))
    return min(max(asked, FLOOR), CEILING) if asked == asked else LONGEST


def next_wait(asked: float, age: float) -> float:
    """Seconds before another look at a run that is `age` seconds old, where `asked` was asked for."""
    return max(asked, min(OF_AGE * age, LONGEST))


class Durations:
    """The seconds that were waited for the last runs on one server.

    Not the seconds that passed: in a process with much to do these are longer, and would make the next run be looked
    at later still.
    """

    def __init__(self) -> None:
        self._last: deque[float] = deque(maxlen=REMEMBERED)

    def note(self, waited: float) -> None:
        """A run was found over after waits of this long in all."""
        self._last.append(waited)

    def first_wait(self, asked: float) -> float:
        """Seconds before the first look, where the server asked for `asked`."""
        return max(asked, min(SHARE * min(self._last, default=0.0), LONGEST))
