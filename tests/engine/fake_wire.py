"""What both halves of the account in memory stand on: time that nobody waits for, and faults on demand."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from asstctl.core.errors import ProviderError

EPOCH = 1_800_000_000


class Clock:
    """Time that passes when somebody sleeps."""

    def __init__(self) -> None:
        self.time = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.time

    @property
    def now(self) -> int:
        """The time of day, for `created_at`."""
        return EPOCH + int(self.time)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds
        await asyncio.sleep(0)


@dataclass(frozen=True)
class Fault:
    """An error instead of an answer; `after`: the request has taken effect all the same, `late` seconds later."""

    error: ProviderError
    after: bool = False
    late: float = 0.0


class Wire:
    """Requests to one half of an account, each counted, and each met by the fault that waits for its verb.

    `faults[verb]` is used up one by one, None meaning no fault; `always[verb]` is for every call after them.
    `before` is called first in each request and may act as another writer; `lag` is how long a new object is
    missing from listings, `turns` how many turns of the event loop a request takes. `log` is shared by both halves,
    for tests that ask in which order things were done.
    """

    writing: frozenset[str]

    def __init__(self, clock: Clock, log: list[tuple[str, str | None]]) -> None:
        self.clock = clock
        self.log = log
        self.requests: list[tuple[str, str | None]] = []
        self.faults: dict[str, deque[Fault | None]] = defaultdict(deque)
        self.always: dict[str, Fault] = {}
        self.before: Callable[[str, str | None], None] = lambda verb, id: None
        self.lag = 0.0
        self.latency = 0.0
        self.turns = 1
        self.most_in_flight = 0
        self._in_flight = 0

    @property
    def writes(self) -> int:
        """How many requests were no GET."""
        return sum(verb in self.writing for verb, _ in self.requests)

    def count(self, verb: str) -> int:
        return sum(verb == asked for asked, _ in self.requests)

    async def _request(
        self,
        verb: str,
        id: str | None,
        effect: Callable[[], Any],
        delay: Callable[[Any, float], None] = lambda answer, late: None,
    ) -> Any:
        """`delay` hides what the effect made from listings for some seconds more."""
        self.requests.append((verb, id))
        number = len(self.requests)
        self.log.append((verb, id))
        self._in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self._in_flight)
        try:
            for _ in range(self.turns):
                await asyncio.sleep(0)
            self.clock.time += self.latency
            self.before(verb, id)
            fault = self.faults[verb].popleft() if self.faults[verb] else self.always.get(verb)
            if fault is None:
                return self._told(verb, effect(), f"req_{number}")
            if fault.after:
                delay(effect(), fault.late)
            raise fault.error
        finally:
            self._in_flight -= 1

    def _told(self, verb: str, answer: Any, request_id: str) -> Any:
        """What answers a write carries the id of its request; a delete's answer is nothing but that."""
        if verb not in self.writing:
            return answer
        return request_id if answer is None else replace(answer, request_id=request_id)
