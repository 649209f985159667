"""The sandbox in which the code of runs is run: no network, no environment, no files but the run's, and limits.

What the sandbox lacks is an error in the logs, never a fallback. It is a pool of child processes, each driven by a
thread of ours: the package's asyncio pool drives them from threads that may outlive the event loop, and now and then
aborts the process when the interpreter ends under them.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
import threading
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from asstctl.emulator.code.mount import CodeFile
from asstctl.emulator.json_text import sendable

if TYPE_CHECKING:
    from pydantic_monty import Monty

    from asstctl.emulator.code.session import Outcome, Task, Watch

__all__ = ["CodeFile", "CodeResult", "Limits", "Sandbox"]

_WORKERS = 2
_STATES = 200
_STATE_BYTES = 16 * 1024 * 1024
_ALL_STATE_BYTES = 64 * 1024 * 1024
"""How many runs' variables are kept, and in how many bytes; what is not kept is found again by running the code."""

_log = logging.getLogger("asstctl.emulator")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one piece of code may use. Seconds, bytes, calls, characters."""

    seconds: float = 10.0
    memory: int = 128 * 1024 * 1024
    recursion: int = 500
    output: int = 64 * 1024
    sleep: float = 5.0
    suspensions: int = 10_000
    """How often it may ask something of the host, such as to read a piece of a file."""

    @property
    def deadline(self) -> float:
        """When its worker is killed, whatever it does."""
        return self.seconds + self.sleep + 5.0


@dataclass(frozen=True, slots=True)
class CodeResult:
    """What code printed, the value of a last expression, and the traceback if it failed, as one text."""

    logs: str
    failed: bool = False


@dataclass(frozen=True, slots=True)
class _Kept:
    after: int
    """How many pieces of code it is the state after."""
    state: bytes


class Sandbox:
    """Runs code for the runs of one server. Its workers are started when first needed."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._threads: ThreadPoolExecutor | None = None
        self._pool: Monty | None = None
        self._starting = threading.Lock()
        self._watches: set[Watch] = set()
        # Only ever from this process's own workers: whoever writes such a state decides what its reader does.
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    async def run(
        self, run_id: str, code: str, *, earlier: Sequence[str] = (), files: Sequence[CodeFile] = ()
    ) -> CodeResult:
        """Run code with the variables that the earlier code of the same run left.

        `earlier` is that code, oldest first: what is not in memory any more is run again.
        """
        # Most servers never run code, and each of them starts sooner without this.
        from asstctl.emulator.code.session import FRESH, Task, Watch

        if self._threads is None:
            self._threads = ThreadPoolExecutor(_WORKERS, "sandbox", initializer=_block_interrupts)
        state = self._state(run_id, len(earlier)) if earlier else FRESH
        code = sendable(code)
        task = Task(code, tuple(earlier), state, tuple(files), run_id, self._limits)
        watch = Watch()
        self._watches.add(watch)
        try:
            outcome = await asyncio.wrap_future(self._threads.submit(self._play, task, watch))
        finally:
            # Without effect on a call that is over; one whose caller is gone must not keep its worker.
            watch.stop()
            self._watches.discard(watch)
        self._keep(run_id, len(earlier) + 1, outcome.state)
        return CodeResult(outcome.logs, outcome.failed)

    def forget(self, run_id: str) -> None:
        """The run is over: drop what its code left."""
        self._kept.pop(run_id, None)

    async def aclose(self) -> None:
        """End the workers."""
        for watch in self._watches:
            watch.stop()
        self._kept.clear()
        threads, self._threads = self._threads, None
        if threads is not None:
            await asyncio.to_thread(self._end, threads)

    def _state(self, run_id: str, after: int) -> bytes | None:
        kept = self._kept.get(run_id)
        return kept.state if kept is not None and kept.after == after else None

    def _keep(self, run_id: str, after: int, state: bytes | None) -> None:
        self._kept.pop(run_id, None)
        if state is None or len(state) > _STATE_BYTES:
            return
        self._kept[run_id] = _Kept(after, state)
        while len(self._kept) > _STATES or sum(len(kept.state) for kept in self._kept.values()) > _ALL_STATE_BYTES:
            self._kept.popitem(last=False)

    def _play(self, task: Task, watch: Watch) -> Outcome:
        """In a thread: what goes wrong with the sandbox itself is no reason for a run to fail."""
        from asstctl.emulator.code.session import Outcome, Stopped, play

        watch.check()
        try:
            return play(self._started(), task, watch)
        except Stopped:
            raise
        except BaseException as error:  # a panic of the package is no Exception
            watch.check()
            _log.warning("the code sandbox does not work: %s", error)
            return Outcome("RuntimeError: the sandbox for code does not work on this server.\n", True, task.state)

    def _started(self) -> Monty:
        from pydantic_monty import Monty

        with self._starting:
            if self._pool is None:
                pool = Monty(min_processes=1, max_processes=_WORKERS, request_timeout=self._limits.deadline)
                self._pool = pool.__enter__()
            return self._pool

    def _end(self, threads: ThreadPoolExecutor) -> None:
        threads.shutdown(cancel_futures=True)
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.__exit__(None, None, None)


def _block_interrupts() -> None:
    """In a thread that starts workers, which inherit it: a Ctrl-C is for whoever waits for them."""
    if sys.platform != "win32":
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
