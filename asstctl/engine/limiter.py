"""How many requests run at once: a fixed ceiling, halved when the provider says 429 (ENGINE promise 6)."""

import asyncio
from types import TracebackType


class Limiter:
    """An async context manager that admits at most `width` holders; `halve` narrows it, `widen` restores one."""

    def __init__(self, ceiling: int) -> None:
        self._ceiling = self._width = max(1, ceiling)
        self._running = 0
        self._changed = asyncio.Condition()

    @property
    def width(self) -> int:
        """How many may run at once now."""
        return self._width

    async def __aenter__(self) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: self._running < self._width)
            self._running += 1

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        async with self._changed:
            self._running -= 1
            self._changed.notify_all()

    def halve(self) -> None:
        """After a 429."""
        self._width = max(1, self._width // 2)

    def widen(self) -> None:
        """After a success: one more, up to the ceiling."""
        self._width = min(self._ceiling, self._width + 1)
