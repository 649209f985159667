"""Transports: the way out of the process, and how one of them is lent.

`network_transport` makes the way to one server; `asgi.py` makes the way to an app in this process. A
provider owns its transport and closes it; whoever else sends over it gets a `LentTransport`. The aliases
are what the rest of the program needs of httpx2's names.
"""

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from urllib.parse import SplitResult, urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx2

from asstctl.core.base_url import broken_rule, is_loopback
from asstctl.core.errors import Refused
from asstctl.core.json_types import EMPTY

Transport = httpx2.AsyncBaseTransport
HttpClient = httpx2.AsyncClient
HttpResponse = httpx2.Response

KEEPALIVE = 2.0
"""Seconds that an idle connection is kept. Servers commonly close theirs after 5: a request that goes out on
a connection just closed has an unknown fate, which costs more than a new connection."""

MAX_ANSWER = 128 * 1024 * 1024
"""Bytes of an answer, decompressed: a hundred assistants with the longest of instructions stay below it."""


class AnswerTooLarge(httpx2.ReadError):
    """The server sends more than any answer of its wire can be."""


OF_BODY = frozenset({b"content-encoding", b"content-length", b"transfer-encoding"})
"""Headers that speak of an answer's bytes as they were sent, not of what they are once decompressed."""

_NEEDED = frozenset(
    {b"host", b"accept", b"accept-encoding", b"connection", b"content-type", b"content-length", b"idempotency-key"}
)


def check_address(base_url: str, *, has_key: bool) -> SplitResult:
    """The parts of a base URL that may be used; raises Refused for one that breaks a rule of `core.base_url`."""
    if broken := broken_rule(base_url, has_key=has_key):
        raise Refused(broken.summary, hint=broken.hint)
    return urlsplit(base_url)


def proxy_for(parts: SplitResult, proxies: Mapping[str, str]) -> str | None:
    """The proxy for one address out of the environment's; never one for this machine itself."""
    host = parts.hostname or ""
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    # `.localhost` is no place for a key, but no proxy reaches what such a name is meant for
    if not proxy or is_loopback(host) or host.endswith(".localhost") or proxy_bypass(host):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def network_transport(parts: SplitResult) -> Transport:
    """The way to one server, through the environment's proxy where it names one."""
    proxy = proxy_for(parts, getproxies())
    limits = httpx2.Limits(max_connections=100, max_keepalive_connections=32, keepalive_expiry=KEEPALIVE)
    if parts.scheme == "http" and proxy is None:
        # No TLS will be spoken, and reading the system's certificates takes a tenth of a second.
        # This context trusts nobody, so a mistake here would fail closed.
        return httpx2.AsyncHTTPTransport(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), limits=limits)
    return httpx2.AsyncHTTPTransport(limits=limits, proxy=proxy)


class _Bounded(httpx2.AsyncByteStream):
    """The body of an answer, decompressed, as long as it stays within bounds.

    It can be read on by another reader: what is left after the last event of a stream has to be read before the
    connection can be used again.
    """

    def __init__(self, response: httpx2.Response) -> None:
        self._response = response
        self._chunks = response.aiter_bytes()
        self._size = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._chunks:
            self._size += len(chunk)
            if self._size > MAX_ANSWER:
                raise AnswerTooLarge(f"more than {MAX_ANSWER} bytes")
            yield chunk

    async def aclose(self) -> None:
        await self._response.aclose()


class BearerTransport(httpx2.AsyncBaseTransport):
    """A transport whose requests carry a token that is drawn anew when it is about to end. It owns `inner`."""

    def __init__(self, inner: Transport, token: Callable[[], Awaitable[str]]) -> None:
        self._inner = inner
        self._token = token

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        request.headers["authorization"] = f"Bearer {await self._token()}"
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


class LentTransport(httpx2.AsyncBaseTransport):
    """A transport lent to a library: it cannot close it, and of its headers only what HTTP needs goes out, beside a key
    by which a server knows a request that it has had already.

    The openai SDK adds a description of the machine, and organisation, project and free headers from the
    environment, which were meant for another host. `headers` are ours, the key among them: the library never
    sees it. `query` is added to every request.
    """

    def __init__(self, inner: Transport, headers: Mapping[str, str], query: Mapping[str, str] = EMPTY) -> None:
        self._inner = inner
        self._headers = httpx2.Headers(headers).raw
        self._kept = _NEEDED - {name.lower() for name, _ in self._headers}
        self._query = query

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        kept = [(name, value) for name, value in request.headers.raw if name.lower() in self._kept]
        request.headers = httpx2.Headers([*kept, *self._headers])
        if self._query:
            request.url = request.url.copy_merge_params(self._query)
        response = await self._inner.handle_async_request(request)
        response.request = request
        left = [(name, value) for name, value in response.headers.raw if name.lower() not in OF_BODY]
        return httpx2.Response(response.status_code, headers=left, stream=_Bounded(response))
