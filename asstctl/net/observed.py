"""ObservedTransport: tells an observer of every request that passes, and has a tracer see it as a span.

For `-v`, for traces, for counts in tests and benchmarks. It never shows a query, a header but the request's id, or a
body, and the path as it was sent: percent-encoded, whatever an id in it holds.
"""

import time

import httpx2

from asstctl.core import spans
from asstctl.core.hidden import Hidden
from asstctl.core.ports import Observer
from asstctl.core.requests import Exchange
from asstctl.core.tracing import UNTRACED, Tracer
from asstctl.net.failures import REQUEST_IDS, request_id_of
from asstctl.net.transport import Transport

_NOTHING = Hidden()
_FAILED = 400


class ObservedTransport(httpx2.AsyncBaseTransport):
    """Passes requests on to `inner`, which it owns, and reports them once their answer begins.

    `place` is what the other side is called; `hidden` is what it may repeat in the id of a request.
    """

    def __init__(
        self,
        inner: Transport,
        observer: Observer,
        *,
        tracer: Tracer = UNTRACED,
        place: str = "",
        hidden: Hidden = _NOTHING,
    ) -> None:
        self._inner = inner
        self._observer = observer
        self._tracer = tracer
        self._place = place
        self._hidden = hidden

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        path = request.url.raw_path.partition(b"?")[0].decode("ascii")
        host, port = request.url.host, request.url.port
        with self._tracer.span(spans.request(request.method, path, host, port)) as span:
            request.headers.update(span.carried_to(host))
            started = time.perf_counter()
            response: httpx2.Response | None = None
            try:
                response = await self._inner.handle_async_request(request)
                return response
            finally:
                exchange = self._exchange(request, path, response, time.perf_counter() - started)
                span.note(spans.answered(exchange))
                if exchange.status is not None and exchange.status >= _FAILED:
                    span.failed(str(exchange.status))
                self._observer(exchange)

    def _exchange(
        self, request: httpx2.Request, path: str, response: httpx2.Response | None, seconds: float
    ) -> Exchange:
        length = request.headers.get("content-length", "")
        # hidden before it is cut: half a secret is not known to be one
        headers = response.headers if response is not None else {}
        said = {name: self._hidden.out_of(headers[name]) for name in REQUEST_IDS if name in headers}
        return Exchange(
            request.method,
            path,
            None if response is None else response.status_code,
            seconds,
            self._place,
            request_id_of(said),
            int(length) if length.isdecimal() else 0,
        )

    async def aclose(self) -> None:
        await self._inner.aclose()
