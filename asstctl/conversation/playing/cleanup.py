"""Waiting for work that must be done even while everything around it is being cancelled."""

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

_LAST_WORDS = 1.0


async def unhurried(work: "Coroutine[Any, Any, T] | asyncio.Task[T]", seconds: float) -> T | None:
    """The work's result; None when it was not done in time, and then it is ended. Raises what it raises.

    A cancellation while waiting is swallowed: whoever calls this is on the way out already.
    """
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while not task.done() and (left := deadline - loop.time()) > 0:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait({task}, timeout=left)
    if not task.done():
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait({task}, timeout=_LAST_WORDS)
    return task.result() if task.done() and not task.cancelled() else None
