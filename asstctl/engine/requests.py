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
    longest_pause: float = 30.0
    fresh_for: float = 2.0
    second_look: float = 0.5
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time
    sleep: Callable[[float], Awaitable[None]] = field(default=asyncio.sleep)


NORMAL = Pace()


class Requests:
    """Sends the requests of one apply. A change holds a place of `limiter` from its first request to its last."""

    def __init__(self, pace: Pace) -> None:
        self.pace = pace
        self.limiter = Limiter(pace.concurrency)
        self.hopeless: ProviderError | None = None

    async def safely(self, send: Callable[[], Awaitable[T]]) -> T:
        """Send, and send again after what certainly did not happen: a refused connection or a 429.

        Raises the last error. An error that every further request would meet too is kept in `hopeless`, so
        that 200 objects do not each wait for the same dead server.
        """
        for attempt in range(1, self.pace.tries + 1):
            try:
                answer = await send()
            except (Unreachable, RateLimited) as error:
                if isinstance(error, RateLimited):
                    self.limiter.halve()
                if attempt == self.pace.tries or self.hopeless:
                    self._give_up(error)
                    raise
                await self.pace.sleep(self._pause(error, attempt))
            except (AuthFailed, NoSuchApi) as error:
                self._give_up(error)
                raise
            else:
                self.limiter.widen()
                return answer
        raise AssertionError("the loop ends in a return or a raise")

    def _give_up(self, error: ProviderError) -> None:
        if not isinstance(error, RateLimited):
            self.hopeless = error

    def _pause(self, error: ProviderError, attempt: int) -> float:
        if error.retry_after is not None:
            return min(error.retry_after, self.pace.longest_pause)
        # jitter, so that parallel writers do not come back in step
        spread = random.uniform(0.5, 1.5)  # noqa: S311 - not a secret
        return min(self.pace.first_pause * float(2 ** (attempt - 1)) * spread, self.pace.longest_pause)
