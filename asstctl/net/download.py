"""What lies at an address that a server gave out: bytes, within bounds, asked for without any key.

Such an address lets in whoever has it, so that its query is in no message; a key of ours has no business there.
"""

import asyncio

import httpx2

from asstctl.core.errors import BadAnswer
from asstctl.core.ports import Observer, unseen
from asstctl.core.tracing import UNTRACED, Tracer
from asstctl.net.client import HEADERS, PATIENCE, http_client
from asstctl.net.failures import Asked, Explain, Failure, failure_of, lost
from asstctl.net.observed import ObservedTransport
from asstctl.net.retry import RetryPolicy, repeating
from asstctl.net.transport import check_address, network_transport

_TIMEOUT = 30.0

_OF_A_REFUSAL = 64 * 1024
"""Bytes of a refusal that are read: it says why at its beginning."""


async def download(
    url: str,
    *,
    at_most: int,
    retry: RetryPolicy,
    explain: Explain = failure_of,
    observer: Observer = unseen,
    tracer: Tracer = UNTRACED,
) -> bytes:
    """Everything there is at an address, over https or from this machine.

    Raises Refused for another sort of address, BadAnswer for more than `at_most` bytes, and the ProviderError tree.
    """
    parts = check_address(url.partition("?")[0], has_key=True)
    asked = Asked("GET", parts.path, parts.netloc)
    transport = ObservedTransport(network_transport(parts), observer, tracer=tracer, place=asked.place)
    client = http_client(transport, HEADERS, _TIMEOUT)

    async def attempt() -> bytes:
        try:
            async with asyncio.timeout(PATIENCE * _TIMEOUT), client.stream("GET", url) as response:
                if not response.is_success:
                    said = await _beginning(response, _OF_A_REFUSAL)
                    raise explain(Failure(asked, response.status_code, response.headers, said))
                return await _read(response, asked, at_most)
        except TimeoutError as error:
            raise lost(error, asked, PATIENCE * _TIMEOUT) from error
        except httpx2.RequestError as error:
            raise lost(error, asked, _TIMEOUT) from error

    try:
        return await repeating(retry, asked.writes, attempt, observer)
    finally:
        await transport.aclose()


async def _beginning(response: httpx2.Response, length: int) -> bytes:
    content = bytearray()
    async for piece in response.aiter_bytes():
        content += piece
        if len(content) >= length:
            break
    return bytes(content[:length])


async def _read(response: httpx2.Response, asked: Asked, at_most: int) -> bytes:
    content = bytearray()
    async for piece in response.aiter_bytes():
        content += piece
        if len(content) > at_most:
            raise BadAnswer(
                f"{asked.place} sent an answer that is too large", detail=f"{asked}: more than {at_most} bytes"
            )
    return bytes(content)
