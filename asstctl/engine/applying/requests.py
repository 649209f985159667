"""Requests of one apply: repeated only where that is safe, and stopped where going on makes no sense.

Whether a failed write may be repeated is decided by the error alone: the tree of `core.errors` says which
are ambiguous. What to do about an ambiguous one differs by write and is for `writes`.
"""

import asyncio
import math
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TypeVar

from asstctl.core.address import Address
from asstctl.core.errors import AsstctlError, AuthFailed, NoSuchApi, ProviderError, RateLimited, Unreachable
from asstctl.core.limiter import Limiter
from asstctl.core.ports import Observer, unseen
from asstctl.core.requests import Pause

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pace:
    """The times of one apply, in seconds, and how often a safe request is tried.

    `object_timeout` is for one change with all its files, counted from its first request: after it nothing more is
    begun for that change. Between `first_look` and `longest_look` lie the pauses in which a file is processed.
    """

    concurrency: int = 8
    tries: int = 4
    first_pause: float = 0.25
    longest_pause: float = 60.0
    fresh_for: float = 2.0
    second_look: float = 0.5
    first_look: float = 0.1
    longest_look: float = 5.0
    object_timeout: float = 300.0
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = field(default=asyncio.sleep)


NORMAL = Pace()


@dataclass(slots=True)
class _Allowance:
    """The time that one change may take: when it ends is known once its first request has had its turn."""

    ends: float | None = None


_ALLOWANCE: ContextVar[_Allowance | None] = ContextVar("allowance", default=None)


class Requests:
    """Sends the requests of one apply. What is written holds a `place` of the limiter: an object from its first
    request to its last, each file by itself.

    Once `stop` is set nothing is repeated any more. `observer` hears of each wait before something is.
    """

    def __init__(self, pace: Pace, stop: asyncio.Event | None = None, observer: Observer = unseen) -> None:
        self.pace = pace
        self._observer = observer
        self.limiter = Limiter(pace.concurrency)
        self.hopeless: AsstctlError | None = None
        self._stop = stop or asyncio.Event()
        self._answers = 0
        self._allowances: dict[Address, _Allowance] = {}

    @property
    def stopped(self) -> bool:
        """Whether nothing more is to be begun because somebody said so."""
        return self._stop.is_set()

    @contextmanager
    def of(self, address: Address) -> Iterator[None]:
        """What is sent inside, by whatever tasks begin here, is for this address and counts against its time."""
        token = _ALLOWANCE.set(self._allowances.setdefault(address, _Allowance()))
        try:
            yield
        finally:
            _ALLOWANCE.reset(token)

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Wait for a place among what runs at once, and hold it."""
        async with self.limiter:
            allowance = _ALLOWANCE.get()
            if allowance and allowance.ends is None:
                allowance.ends = self.pace.clock() + self.pace.object_timeout
            yield

    @property
    def left(self) -> float:
        """How many seconds the change in hand has left."""
        allowance = _ALLOWANCE.get()
        if allowance is None:
            return math.inf
        return self.pace.object_timeout if allowance.ends is None else allowance.ends - self.pace.clock()

    @property
    def out_of_time(self) -> bool:
        """Whether the change in hand has used up its time."""
        return self.left <= 0

    @property
    def why_no_more(self) -> str:
        """Why nothing more may be begun for the change in hand, or nothing."""
        if self.stopped:
            return "interrupted before it was started"
        if self.hopeless:
            return f"not attempted: {self.hopeless.summary}"
        return f"not begun within {self.pace.object_timeout:g} s" if self.out_of_time else ""

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
                if self.is_last(error, attempt):
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

    async def repeatedly(self, send: Callable[[], Awaitable[T]]) -> T:
        """Send what may be sent twice, again also after an answer that was lost."""
        for attempt in range(1, self.pace.tries + 1):
            try:
                return await self.safely(send)
            except ProviderError as error:
                if not error.ambiguous or self.is_last(error, attempt):
                    raise
                await self.pause(error, attempt)
        raise AssertionError("the loop ends in a return or a raise")

    def is_last(self, error: ProviderError, attempt: int) -> bool:
        """Whether a request that failed so at this attempt is not sent again, even if it might be."""
        ended = attempt >= self.pace.tries or bool(self.hopeless) or self.stopped or self.out_of_time
        pause = self._pause(attempt) if error.retry_after is None else error.retry_after
        return ended or pause > min(self.pace.longest_pause, self.left)

    def give_up(self, error: AsstctlError) -> None:
        """Nothing more is started: every further request would end like this one."""
        self.hopeless = self.hopeless or error

    async def pause(self, error: ProviderError, attempt: int) -> None:
        """Wait as long as the server says, or longer each time; not at all once asked to stop."""
        seconds = error.retry_after
        if seconds is None:
            # jitter, so that parallel writers do not come back in step
            seconds = self._pause(attempt) * random.uniform(1 / 3, 1)  # noqa: S311 - not a secret
        if not self.stopped:
            asked = error.retry_after is not None
            self._observer(Pause(seconds, attempt + 1, error.summary, error.code, asked=asked))
        await self.wait(seconds)

    def _pause(self, attempt: int) -> float:
        """The longest wait after a failed attempt of which the server says nothing."""
        return min(self.pace.first_pause * 1.5 * float(2 ** (attempt - 1)), self.pace.longest_pause)

    def looks(self, lag: float) -> Iterator[float]:
        """The waits before each look for what a lost answer may have made: until it would be listed, and once more
        where the change in hand has time for that."""
        yield lag
        if self.pace.second_look < self.left:
            yield self.pace.second_look

    async def wait(self, seconds: float) -> None:
        """Let time pass, but not once asked to stop."""
        waits = [asyncio.ensure_future(self.pace.sleep(seconds)), asyncio.ensure_future(self._stop.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waits:
                one.cancel()
