"""ObservedTransport: tells an observer of every request that passes: method, path, status, seconds.

For `-v`, for counts in tests and benchmarks. It never shows a query, a header or a body, and the path as it was
sent: percent-encoded, whatever an id in it holds.
"""

import time

import httpx2

from asstctl.core.ports import Observer
from asstctl.net.transport import Transport


class ObservedTransport(httpx2.AsyncBaseTransport):
    """Passes requests on to `inner`, which it owns, and reports them once their answer begins."""

    def __init__(self, inner: Transport, observer: Observer) -> None:
        self._inner = inner
        self._observer = observer

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        started = time.perf_counter()
        status: int | None = None
        try:
            response = await self._inner.handle_async_request(request)
            status = response.status_code
            return response
        finally:
            path = request.url.raw_path.partition(b"?")[0].decode("ascii")
            self._observer(request.method, path, status, time.perf_counter() - started)

    async def aclose(self) -> None:
        await self._inner.aclose()
