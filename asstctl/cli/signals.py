"""Signals that end a command: what it made for a while is removed first.

A cancelled CI job gets SIGTERM, a program whose terminal is closed SIGHUP. One that was told to outlive its terminal
(nohup) does.
"""

import asyncio
import signal
from collections.abc import Awaitable
from typing import TypeVar

from asstctl.core.errors import Interrupted

T = TypeVar("T")

_ENDING = (signal.SIGTERM, signal.SIGHUP)


async def ended_by_term(work: Awaitable[T]) -> T:
    """Do it; a signal that ends a command cancels it, as Ctrl-C does. Raises Interrupted where nothing came of it."""
    loop, task, told = asyncio.get_running_loop(), asyncio.current_task(), asyncio.Event()
    assert task is not None

    def terminated() -> None:
        told.set()
        task.cancel()

    for number in ending_signals():
        loop.add_signal_handler(number, terminated)
    try:
        return await work
    except asyncio.CancelledError:
        if told.is_set():
            raise Interrupted("interrupted", detail="what was made for the tests was removed first") from None
        raise
    finally:
        term_ends_at_once()


def term_ends_at_once() -> None:
    """From here on they do what they always do."""
    for number in ending_signals():
        asyncio.get_running_loop().remove_signal_handler(number)


def ending_signals() -> tuple[signal.Signals, ...]:
    """Those that end this process."""
    return tuple(number for number in _ENDING if signal.getsignal(number) is not signal.SIG_IGN)
