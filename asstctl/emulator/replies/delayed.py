"""A backend that takes its time: what benches and tests of cancelling use."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from asstctl.emulator.replies.values import Backend, Part, ReplyRequest


class Delayed:
    """Waits before each turn of the model, then answers as another backend does."""

    def __init__(self, backend: Backend, seconds: float) -> None:
        self.counts_tokens = backend.counts_tokens
        self._backend = backend
        self._seconds = seconds

    async def reply(self, request: ReplyRequest) -> AsyncGenerator[Part, None]:
        await asyncio.sleep(self._seconds)
        async with aclosing(self._backend.reply(request)) as parts:
            async for part in parts:
                yield part

    async def aclose(self) -> None:
        await self._backend.aclose()
