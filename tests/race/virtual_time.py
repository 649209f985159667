"""An event loop whose time passes only while everything waits, and the engine's world on it.

Two applies on it sleep side by side, as two programs do, and a round of ten seconds takes some milliseconds.
"""

import asyncio
import random
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from asstctl.core.capabilities import Capabilities
from tests.engine.fakes import Clock, FakeStore, World

T = TypeVar("T")


class _Jumping(selectors.DefaultSelector):  # type: ignore[misc, valid-type]
    """Does not wait for a timeout but lets that much time have passed."""

    passed = 0.0

    def select(self, timeout: float | None = None) -> Any:
        assert timeout is not None, "everything waits for nothing"
        self.passed += timeout
        return super().select(0)


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.passed

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:
        """At once: no time passes here while a thread works."""
        done = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:
            done.set_exception(error)
        return done


def run(make: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run it to its end in no time."""
    with asyncio.Runner(loop_factory=_Loop) as runner:
        return runner.run(make())


class LoopClock(Clock):
    """The loop's time."""

    def __call__(self) -> float:
        return self.time

    @property
    def time(self) -> float:
        return asyncio.get_running_loop().time()

    @time.setter
    def time(self, value: float) -> None:
        """Only the loop moves it."""

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(seconds)


class Distant(FakeStore):
    """An account whose requests take up to a tenth of a second each way, by chance; ids come in no order."""

    def __init__(self, capabilities: Capabilities, chance: random.Random) -> None:
        super().__init__(LoopClock(), capabilities)
        self.lag = capabilities.list_lag
        self.ids = (f"asst_{chance.getrandbits(64):016x}" for _ in iter(int, 1))
        self._chance = chance

    async def _request(self, *request: Any) -> Any:
        await asyncio.sleep(self._chance.uniform(0, 0.1))
        try:
            return await super()._request(*request)
        finally:
            await asyncio.sleep(self._chance.uniform(0, 0.1))


class Racer(World):
    """One of several projects on one account, at its own pace."""
