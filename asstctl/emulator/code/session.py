"""One call of the code interpreter, in a thread: the state before it, the code, what it printed, the state after it.

All that blocks is here. What is kept between calls, and who may wait for whom, is for `sandbox.py`.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from asstctl.emulator.code.logs import ENDED, Printed, logs, told
from asstctl.emulator.code.mount import DATA, CodeFile, folder_of

if TYPE_CHECKING:
    from pydantic_monty import Monty, MontySession, MountDir

    from asstctl.emulator.code.sandbox import Limits

FRESH = b""
"""The state before any code."""

_CANDIDATES = 20
_LONGEST_EXPRESSION = 10_000
"""How many places are tried as the beginning of the last expression, and how long it may be."""

_NO_VALUE = "\n\nNone"
"""Behind code whose value is not to be made in this process."""

_SLEEPS = ("time.sleep", "asyncio.sleep")


@dataclass(frozen=True, slots=True)
class Task:
    code: str
    earlier: Sequence[str]
    state: bytes | None
    """What the earlier code left; None when that has to be found out by running it again."""
    files: Sequence[CodeFile]
    seed: str
    """For `random`, so that code that is run again finds what it found before."""
    limits: Limits


@dataclass(frozen=True, slots=True)
class Outcome:
    logs: str
    failed: bool
    state: bytes | None
    """What is known from here on; None when it could not be kept."""


class Stopped(Exception):
    """The call was ended from outside."""


class Watch:
    """How a call is ended from outside: its worker is killed, which is noticed at once."""

    def __init__(self) -> None:
        self.late = False
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._pid: int | None = None
        self._timer: threading.Timer | None = None

    def stop(self) -> None:
        self._stopped.set()
        with self._lock:
            if self._pid is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self._pid, signal.SIGKILL)

    def check(self) -> None:
        if self._stopped.is_set():
            raise Stopped

    def wait(self, seconds: float) -> None:
        self._stopped.wait(seconds)
        self.check()

    @contextlib.contextmanager
    def over(self, pid: int | None) -> Iterator[None]:
        """While a worker is at work."""
        with self._lock:
            self._pid = pid
        try:
            self.check()
            yield
        finally:
            with self._lock:
                self._pid = None

    def expire_after(self, seconds: float) -> None:
        """Stop by itself when the call takes longer."""
        self._timer = threading.Timer(seconds, self._expire)
        self._timer.daemon = True
        self._timer.start()

    def end(self) -> None:
        """The call is over."""
        if self._timer is not None:
            self._timer.cancel()

    def _expire(self) -> None:
        self.late = True
        self.stop()


def play(pool: Monty, task: Task, watch: Watch) -> Outcome:
    """Run a piece of code after those before it. Raises Stopped."""
    from pydantic_monty import MountDir

    with (
        folder_of(task.files) as folder,
        contextlib.closing(MountDir(host_path=folder, virtual_path=DATA, mode="read-only")) as mount,
    ):
        call = _Call(pool, task, watch, mount)
        try:
            watch.expire_after(task.limits.deadline * (1 + len(task.earlier)))
            return call.outcome()
        except Stopped:
            if not watch.late:
                raise
            return Outcome("TimeoutError: the code was still running when its time was over.\n", True, task.state)
        finally:
            watch.end()


@dataclass(frozen=True, slots=True)
class _Feed:
    logs: str
    failed: bool
    broke: bool


class _Call:
    def __init__(self, pool: Monty, task: Task, watch: Watch, mount: MountDir) -> None:
        self._pool = pool
        self._task = task
        self._watch = watch
        self._mount = mount
        self._slept = 0.0

    def outcome(self) -> Outcome:
        state, kept = self._task.state, True
        broken: set[int] = set()
        while True:
            with self._session() as session:
                if state is None:
                    broke = self._replay(session, broken)
                    if broke is not None:
                        broken.add(broke)
                        continue
                    if kept:
                        state = _dump(session)
                        kept = state is not None
                        if not kept:
                            continue  # asking for more than there is room for has ended the worker
                elif not _load(session, state):
                    state = None
                    continue
                feed = self._feed(session, self._task.code)
                return Outcome(feed.logs, feed.failed, state if feed.broke else _dump(session))

    @contextlib.contextmanager
    def _session(self) -> Iterator[MontySession]:
        limits = self._task.limits
        with (
            self._pool.checkout(
                limits={
                    "max_feed_duration_secs": limits.seconds,
                    "max_memory": limits.memory,
                    "max_recursion_depth": limits.recursion,
                    "max_suspensions": limits.suspensions,
                },
                os_policy={"sleep": "call_host", "random_start": {"seed": self._task.seed}},
            ) as session,
            self._watch.over(session.worker_pid),
        ):
            yield session

    def _replay(self, session: MontySession, broken: set[int]) -> int | None:
        """Run the earlier code again, without that which broke its session; which one has now, if one has."""
        for index, code in enumerate(self._task.earlier):
            if index not in broken and self._feed(session, code).broke:
                return index
        return None

    def _feed(self, session: MontySession, code: str) -> _Feed:
        from pydantic_monty import MontyError, MontySyntaxError

        self._slept = 0.0
        limit = self._task.limits.output
        printed = Printed(limit, self._watch.check)
        shift = 0
        try:
            for part, shift in self._parts(session, code):  # noqa: B007 - of the part that failed
                try:
                    session.feed_run(part, print_callback=printed, mount=self._mount, os=self._answer)
                except MontySyntaxError:
                    # Nothing has run. Without what was put behind it, the error is about the code alone.
                    alone = part.removesuffix(_NO_VALUE)
                    session.feed_run(alone, print_callback=printed, mount=self._mount, os=self._answer)
                    raise
        except MontyError as error:
            self._watch.check()
            problem = told(error, shift)
        except RuntimeError:
            self._watch.check()
            problem = ENDED  # while it was asked what the last expression is
        else:
            return _Feed(logs(printed, limit), False, False)
        return _Feed(logs(printed, limit, problem.text), True, problem.broke)

    def _answer(self, *, name: str, args: tuple[Any, ...], **_: Any) -> Any:
        """What the sandbox asks of the host: only to sleep, and never longer than it may."""
        from pydantic_monty import NOT_HANDLED

        if name not in _SLEEPS:
            return NOT_HANDLED
        self._slept += args[0]
        if not self._slept <= self._task.limits.sleep:
            raise TimeoutError(f"code may sleep for {self._task.limits.sleep:g} s")
        self._watch.wait(args[0])
        return None

    def _parts(self, session: MontySession, code: str) -> list[tuple[str, int]]:
        """The code in one or two pieces: the second shows the value of a last expression, as a notebook does.

        Beside each, by how many lines those of the code stand too far down in it.

        It is not asked for as the value of the piece, for then it would be made in this process, however large it is.
        """
        lines = code.replace("\r\n", "\n").split("\n")
        tried = 0
        for index in range(len(lines) - 1, -1, -1):
            line = lines[index]
            if not line.strip() or line[0] in " \t#)]}" or (index and lines[index - 1].endswith("\\")):
                continue
            tried += 1
            last = "\n".join(lines[index:])
            if tried > _CANDIDATES or len(last) > _LONGEST_EXPRESSION:
                break
            if self._is_expression(session, last):
                # The empty lines keep the numbers of lines in a traceback right.
                shown = "\n" * (index - 1) + f"_ = (\n{last}\n)\nif _ is not None: print(repr(_))"
                return [("\n".join(lines[:index]) + _NO_VALUE, 0), (shown, 0)] if index else [(shown, 1)]
        return [(code + _NO_VALUE, 0)]

    def _is_expression(self, session: MontySession, text: str) -> bool:
        from pydantic_monty import MontyError

        try:
            session.feed_run(f"if False:\n _ = (\n{text}\n)\n", mount=self._mount)
        except MontyError:
            return False
        return True


def _load(session: MontySession, state: bytes) -> bool:
    from pydantic_monty import MontyError

    try:
        if state:
            session.load_session(state)
    except (MontyError, RuntimeError):
        return False
    return True


def _dump(session: MontySession) -> bytes | None:
    from pydantic_monty import MontyError

    try:
        return session.dump()
    except (MontyError, RuntimeError):
        return None
