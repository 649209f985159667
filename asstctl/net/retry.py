"""Repeating requests: when it is safe, and how long to wait before.

A GET may be repeated after anything that can pass. A write is repeated only where it certainly had no
effect: the connection was refused, or the server said 429. Whether a caller wants repeats at all is its own
choice: the store sends each write once and leaves the pace to the engine.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from asstctl.core.errors import AnswerLost, ProviderError, RateLimited, ServerFault, Unreachable
from asstctl.core.ports import Observer, unseen
from asstctl.core.requests import Pause

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """`tries` in all; pauses that double from `first` seconds; no wait longer than `longest`."""

    tries: int = 3
    first: float = 0.4
    longest: float = 30.0


ONCE = RetryPolicy(tries=1)


def may_repeat(writes: bool, error: ProviderError) -> bool:
    """Whether sending the request again can do no harm and may help."""
    if isinstance(error, Unreachable | RateLimited):
        return True
    return not writes and isinstance(error, AnswerLost | ServerFault)


def pause(policy: RetryPolicy, writes: bool, error: ProviderError, tried: int, drawn: float) -> float | None:
    """Seconds to wait before the next try, or None to give up. `drawn` is a random number from 0 to 1."""
    if tried >= policy.tries or not may_repeat(writes, error):
        return None
    if error.retry_after is not None:
        # Waiting less than asked would only earn the next refusal.
        return error.retry_after if error.retry_after <= policy.longest else None
    return min(policy.first * 2.0 ** (tried - 1) * (0.75 + drawn / 2), policy.longest)


async def repeating(
    policy: RetryPolicy, writes: bool, attempt: Callable[[], Awaitable[T]], observer: Observer = unseen
) -> T:
    """The result of the first attempt that succeeds; the last error says how often and how long it was tried.

    `observer` hears of each wait as it begins.
    """
    started = time.monotonic()
    tried = 0
    while True:
        try:
            return await attempt()
        except ProviderError as error:
            tried += 1
            wait = pause(policy, writes, error, tried, random.random())  # noqa: S311 - spreads load, guards nothing
            if wait is None:
                if tried > 1:
                    error.detail += f", {tried} tries in {time.monotonic() - started:.1f} s"
                raise
            observer(Pause(wait, tried + 1, error.summary, error.code, asked=error.retry_after is not None))
            await asyncio.sleep(wait)
