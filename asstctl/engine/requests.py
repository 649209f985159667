"""Requests of one apply: repeated only where that is safe, and stopped where going on makes no sense.

Whether a failed write may be repeated is decided by the error alone: the tree of `core.errors` says which
are ambiguous. What to do about an ambiguous one differs by write and is for `writes`.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from asstctl.core.errors import AuthFailed, NoSuchApi, ProviderError, RateLimited, Unreachable
from asstctl.engine.limiter import Limiter

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pace:
    """The times of one apply, in seconds, and how often a safe request is tried."""

    concurrency: int = 8
    tries: int = 4
    first_pause: float = 0.25
    longest_pause: float = 60.0
    fresh_for: float = 2.0
    second_look: float = 0.5
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = field(default=asyncio.sleep)


NORMAL = Pace()


class Requests:
    """Sends the requests of one apply. A change holds a place of `limiter` from its first request to its last.

    Once `stop` is set nothing is repeated any more.
    """

    def __init__(self, pace: Pace, stop: asyncio.Event | None = None) -> None:
        self.pace = pace
        self.limiter = Limiter(pace.concurrency)
        self.hopeless: ProviderError | None = None
        self._stop = stop or asyncio.Event()
        self._answers = 0

    async def safely(self, send: Callable[[], Awaitable[T]]) -> T:
        """Send, and send again after what certainly did not happen: a refused connection or a 429.

        Raises the last error. An error that every further request would meet too is kept in `hopeless`, so
        that 200 objects do not each wait for the same dead server.
        """
        answers = self._answers
        for attempt in range(1, self.pace.tries + 1):
            try:
                answer = await send()
            except (Unreachable, RateLimited) as error:
                if isinstance(error, RateLimited):
                    self.limiter.halve()
                too_long = (error.retry_after or 0) > self.pace.longest_pause
                if attempt == self.pace.tries or too_long or self.hopeless or self._stop.is_set():
                    # a limit that lets others through is no reason to give up on them
                    if isinstance(error, Unreachable) or self._answers == answers:
                        self.give_up(error)
                    raise
                await self.pause(error, attempt)
            except (AuthFailed, NoSuchApi) as error:
                self.give_up(error)
                raise
            else:
                self._answers += 1
                self.limiter.widen()
                return answer
        raise AssertionError("the loop ends in a return or a raise")

    def give_up(self, error: ProviderError) -> None:
        """Nothing more is started: every further request would end like this one."""
        self.hopeless = self.hopeless or error

    async def pause(self, error: ProviderError, attempt: int) -> None:
        """Wait as long as the server says, or longer each time; not at all once asked to stop."""
        seconds = error.retry_after
        if seconds is None:
            # jitter, so that parallel writers do not come back in step
            spread = random.uniform(0.5, 1.5)  # noqa: S311 - not a secret
            seconds = min(self.pace.first_pause * float(2 ** (attempt - 1)) * spread, self.pace.longest_pause)
        waits = [asyncio.ensure_future(self.pace.sleep(seconds)), asyncio.ensure_future(self._stop.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waits:
                one.cancel()
