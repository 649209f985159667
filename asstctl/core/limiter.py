"""How many requests run at once: a fixed ceiling, halved when the provider says 429 (ENGINE promise 6)."""

import asyncio
from collections import deque
from types import TracebackType


class Limiter:
    """An async context manager that admits at most `width` holders; `halve` narrows it, `widen` restores one.

    Who waits is let in by turns. Each place that comes free wakes one of them: thousands may be waiting, and to
    wake all for each place would cost more than the requests.
    """

    def __init__(self, ceiling: int) -> None:
        self._ceiling = self._width = max(1, ceiling)
        self._running = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def width(self) -> int:
        """How many may run at once now."""
        return self._width

    async def __aenter__(self) -> None:
        if self._running < self._width and not self._waiting:
            self._running += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._leave()  # the place was given, and nobody will come for it
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave()

    def halve(self) -> None:
        """After a 429."""
        self._width = max(1, self._width // 2)

    def widen(self) -> None:
        """After a success: one more, up to the ceiling."""
        self._width = min(self._ceiling, self._width + 1)
        self._admit()

    def _leave(self) -> None:
        self._running -= 1
        self._admit()

    def _admit(self) -> None:
        while self._waiting and self._running < self._width:
            turn = self._waiting.popleft()
            if not turn.done():
                self._running += 1
                turn.set_result(None)
