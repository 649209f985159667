"""Signals that end a command: what it made for a while is removed first."""

import asyncio
import signal
from collections.abc import Awaitable
from typing import TypeVar

from asstctl.core.errors import Interrupted

T = TypeVar("T")


async def ended_by_term(work: Awaitable[T]) -> T:
    """Do it; what ends a cancelled CI job cancels it, as Ctrl-C does. Raises Interrupted where nothing came of it."""
    loop, task, told = asyncio.get_running_loop(), asyncio.current_task(), asyncio.Event()
    assert task is not None

    def terminated() -> None:
        told.set()
        task.cancel()

    loop.add_signal_handler(signal.SIGTERM, terminated)
    try:
        return await work
    except asyncio.CancelledError:
        if told.is_set():
            raise Interrupted("interrupted", detail="what was made for the tests was removed first") from None
        raise
    finally:
        loop.remove_signal_handler(signal.SIGTERM)


def term_ends_at_once() -> None:
    """From here on it does what it always does."""
    asyncio.get_running_loop().remove_signal_handler(signal.SIGTERM)
