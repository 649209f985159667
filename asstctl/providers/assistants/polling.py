"""How long to wait before looking at a run again.

The server's word is `openai-poll-after-ms`, within bounds; without it the waits grow. The first look also
waits for most of the shortest of the last runs: looking before any run was ever done is a request for nothing,
and a suite has hundreds of runs alike.
"""

from collections import deque
from collections.abc import Mapping

FLOOR, CEILING = 0.005, 5.0
FIRST, GROWTH, LONGEST = 0.1, 1.5, 1.0
"""Without the header: the first wait, what the next is multiplied by, and where it ends."""

SHARE = 0.8
REMEMBERED = 8


def asked_wait(headers: Mapping[str, str], look: int) -> float:
    """Seconds before look number `look` (from 0), by the headers of the answer before it."""
    try:
        asked = float(headers["openai-poll-after-ms"]) / 1000
    except (KeyError, ValueError):
        # The exponent is bounded because a long run has many looks.
        return float(min(FIRST * GROWTH ** min(look, 20), LONGEST))
    return min(max(asked, FLOOR), CEILING) if asked == asked else LONGEST


class Durations:
    """The seconds that the last runs took."""

    def __init__(self) -> None:
        self._last: deque[float] = deque(maxlen=REMEMBERED)

    def note(self, seconds: float) -> None:
        """A run ended after this long."""
        self._last.append(seconds)

    def first_wait(self, asked: float) -> float:
        """Seconds before the first look, where the server asked for `asked`."""
        return max(asked, min(SHARE * min(self._last, default=0.0), LONGEST))
