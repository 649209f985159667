"""A child process for work that a file asks for and that may never end: loops in templates, regexes.

Python can interrupt neither from outside, so such work runs where it can be killed. There are a few children,
so that one slow pattern does not hold up all others; each is started when first needed, kept, and killed when
a call takes too long. It sees no environment variable and holds at most a fixed amount of memory. It ends
with its parent: its input closes, and an alarm ends work that goes on.

The protocol is one JSON line each way: `[task, argument]`, then `[ok, value]`.
"""

import atexit
import contextlib
import json
import os
import signal
import subprocess  # only ever starts this module, with this interpreter
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import BoundedSemaphore, Lock, Timer
from typing import IO, Any

from asstctl.core.json_types import Json

TIME_LIMIT = 1.0
"""Seconds for one rendering or one search (FORMAT section 3)."""

MEMORY_LIMIT = 512 * 1024 * 1024

AT_ONCE = max(2, min(4, os.cpu_count() or 1))
"""How many children there may be."""

_ALARM = 60
"""Seconds after which a child ends itself: nobody is left to do it."""

_BOOT = "import sys, json; sys.path[:] = json.loads(sys.argv[1]); from asstctl.documents.worker import serve; serve()"


class WorkTimeout(Exception):
    """The work was ended at its time limit."""


class WorkFailed(Exception):
    """The work ended without an answer of its own: it ran out of memory or took the child down."""


@dataclass
class Pool:
    """A few children; calls from several threads wait for one that is free, which is not counted as their time."""

    _room: BoundedSemaphore = field(default_factory=lambda: BoundedSemaphore(AT_ONCE))
    _lock: Lock = field(default_factory=Lock)
    _free: "list[_Child]" = field(default_factory=list)
    _all: "list[_Child]" = field(default_factory=list)

    def call(self, task: str, argument: Mapping[str, Json], *, seconds: float = TIME_LIMIT) -> Any:
        """Do one task. Raises WorkTimeout or WorkFailed; the child's start is not counted as time."""
        with self._room:
            child = self._taken()
            try:
                return child.call(task, argument, seconds)
            finally:
                with self._lock:
                    self._free.append(child)

    def close(self) -> None:
        """End all children."""
        with self._lock:
            for child in self._all:
                child.stop()

    def _taken(self) -> "_Child":
        with self._lock:
            if self._free:
                return self._free.pop()  # the one used last: it is running, and has imported what it needs
            child = _Child()
            self._all.append(child)
            return child


@dataclass(eq=False)
class _Child:
    """One child process at a time, for one call at a time."""

    _process: "subprocess.Popen[str] | None" = None

    def call(self, task: str, argument: Mapping[str, Json], seconds: float) -> Any:
        process = self._started()
        ended: list[bool] = []

        def end() -> None:
            ended.append(True)
            process.kill()

        timer = Timer(seconds, end)
        timer.start()
        try:
            _send(process.stdin, [task, argument])
            line = _receive(process.stdout)
        except BaseException:
            self.stop()  # interrupted: its answer must not be taken for that of the next call
            raise
        finally:
            timer.cancel()
        if ended or not line:
            self.stop()
        if not line:
            raise WorkTimeout if ended else WorkFailed
        ok, value = json.loads(line)
        if not ok:
            raise WorkFailed(value)
        return value

    def _started(self) -> "subprocess.Popen[str]":
        if self._process is not None and self._process.poll() is None:
            return self._process
        self.stop()
        self._process = subprocess.Popen(  # noqa: S603 - a fixed command
            # -I: nothing of the folder that it is started in is imported
            [sys.executable, "-I", "-c", _BOOT, json.dumps(sys.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            env={},
            start_new_session=True,  # a Ctrl-C is for whoever waits for it
        )
        _receive(self._process.stdout)  # the greeting: from here on the clock is fair
        return self._process

    def stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        process.wait()


def _send(pipe: IO[str] | None, message: Json) -> None:
    assert pipe is not None
    with contextlib.suppress(OSError, ValueError):  # a child that died is noticed when nothing comes back
        pipe.write(json.dumps(message) + "\n")
        pipe.flush()


def _receive(pipe: IO[str] | None) -> str:
    assert pipe is not None
    return pipe.readline()


WORKERS = Pool()
atexit.register(WORKERS.close)


def serve() -> None:
    """The child's side: answer line by line until the input closes."""
    _limit_memory()
    print(json.dumps([True, "ready"]), flush=True)  # noqa: T201 - the protocol
    for line in sys.stdin:
        task, argument = json.loads(line)
        _set_alarm(_ALARM)
        try:
            answer: list[Json] = [True, _task(task)(argument)]
        except (MemoryError, RecursionError, OverflowError, ValueError) as problem:
            answer = [False, type(problem).__name__]
        _set_alarm(0)
        print(json.dumps(answer), flush=True)  # noqa: T201


def _task(name: str) -> Callable[[dict[str, Any]], Any]:
    # Imported here: the child that searches regexes needs no jinja2.
    if name in {"search", "first"}:
        from asstctl.documents.regex import first_task, search_task

        return {"search": search_task, "first": first_task}[name]
    if name == "find":
        from asstctl.documents.json_path import find_task

        return find_task
    from asstctl.documents.rendering import check_task, included_task, names_task, render_task

    return {"render": render_task, "names": names_task, "check": check_task, "included": included_task}[name]


def _set_alarm(seconds: int) -> None:
    if hasattr(signal, "alarm"):  # not on Windows
        signal.alarm(seconds)


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # Windows: the time limit alone has to do
        return
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
