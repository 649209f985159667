"""Pace: how many playings go on at once. Halved when the provider says 429, and one more after each that went well.

All that were begun before the provider said so are one refusal: eight answers of 429 in one breath halve it once.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from asstctl.core.limiter import Limiter
from asstctl.core.suite import Slowed

LONGEST_WAIT = 120.0
"""Seconds. Whoever asks for more is not waited for."""


class Pace:
    """Admits playings, `jobs` at a time at most."""

    def __init__(self, jobs: int, slowed: Callable[[Slowed], None]) -> None:
        self._limiter = Limiter(jobs)
        self._slowed = slowed
        self._refusals = 0
        self._in_a_row = 0
        self._resumes = 0.0
        self.exhausted = ""
        """Why nothing more can be begun: the provider asks for too much patience."""

    @asynccontextmanager
    async def place(self) -> AsyncIterator[int]:
        """Wait for a place, and for the end of the pause that was asked for. Gives what `refused` wants to know."""
        async with self._limiter:
            loop = asyncio.get_running_loop()
            while not self.exhausted and (left := self._resumes - loop.time()) > 0:  # noqa: ASYNC110  # it may grow
                await asyncio.sleep(left)
            yield self._refusals

    def refused(self, since: int, retry_after: float | None) -> None:
        """The provider said 429 to a playing that was begun `since`."""
        if since == self._refusals:
            self._refusals += 1
            self._in_a_row += 1
            self._limiter.halve()
        wait = min(2.0 ** (self._in_a_row - 1), LONGEST_WAIT) if retry_after is None else retry_after
        if wait > LONGEST_WAIT:
            self.exhausted = f"the provider asks for a pause of {wait:,.0f} s"
            return
        resumes = asyncio.get_running_loop().time() + wait
        if resumes > self._resumes:
            self._resumes = resumes
            self._slowed(Slowed(self._limiter.width, wait))

    def went_well(self, since: int) -> None:
        """A playing that was begun `since` had no trouble."""
        if since == self._refusals:
            self._in_a_row = 0
            self._limiter.widen()
