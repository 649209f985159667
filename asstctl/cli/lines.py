"""Lines that a person types, or that stand in a script, read while an event loop stands still; and Ctrl-C meanwhile.

While a line is waited for, Ctrl-C ends the waiting; while something is being done, it ends that. A signal that ends a
command does the same, and all that would come after it.
"""

import asyncio
import signal
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, TypeVar

from asstctl.cli.signals import ending_signals
from asstctl.cli.talk import Talk
from asstctl.core.errors import WrongUsage

T = TypeVar("T")


class Lines:
    """Lines of stdin, to be made and used within one coroutine. `ended`: nothing more is to be done."""

    def __init__(self, talk: Talk) -> None:
        self.ended = False
        self.is_terminal = sys.stdin.isatty() and not talk.as_json
        self._talk = talk
        self._loop = asyncio.get_running_loop()
        self._main: asyncio.Task[Any] | None = asyncio.current_task()
        self._now = self._main
        self._ending = ending_signals()
        if self.is_terminal:
            with suppress(ImportError):
                import readline  # noqa: F401  # editing, and a history that ends with the process, for `input`
        self._watch()

    def read(self, prompt: str) -> str | None:
        """The next line; None where there is no more, or none for this question. Raises KeyboardInterrupt."""
        with self._waiting():
            try:
                if self.is_terminal and sys.stdout.isatty():
                    return input(prompt)
                if self.is_terminal:
                    self._talk.ask(prompt)
                line = sys.stdin.readline()
            except EOFError:
                return None
            except UnicodeDecodeError as problem:
                raise WrongUsage("what was typed is not UTF-8", detail=str(problem), hint="type it again") from None
        return line.removesuffix("\n").removesuffix("\r") if line else None

    async def while_doing(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of some work, which Ctrl-C cancels: that alone."""
        task = asyncio.ensure_future(work)
        self._now = task
        try:
            return await task
        finally:
            self._now = self._main

    def _watch(self) -> None:
        self._loop.add_signal_handler(signal.SIGINT, self._cancel)
        for number in self._ending:
            self._loop.add_signal_handler(number, self._end)

    @contextmanager
    def _waiting(self) -> Iterator[None]:
        """The loop stands still inside: a signal has to break off the waiting itself."""
        for number in (signal.SIGINT, *self._ending):
            self._loop.remove_signal_handler(number)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for number in self._ending:
            signal.signal(number, self._break_off)
        try:
            yield
        finally:
            self._watch()

    def _cancel(self) -> None:
        if self._now is not None:
            self._now.cancel()

    def _end(self) -> None:
        self.ended = True
        self._cancel()

    def _break_off(self, number: int, frame: FrameType | None) -> None:
        self.ended = True
        raise KeyboardInterrupt
