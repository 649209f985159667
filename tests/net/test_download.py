"""What lies at an address: bytes within bounds, asked for without a key, over https or from this machine."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress

import pytest

from asstctl.core.errors import AnswerLost, AuthFailed, BadAnswer, ProviderError, Refused, ServerFault
from asstctl.core.requests import Exchange, Pause
from asstctl.net.download import download
from asstctl.net.retry import RetryPolicy
from tests.forges.stand_in import Answer, Asked, StandIn

pytestmark = pytest.mark.anyio

QUICK = RetryPolicy(first=0.001)


class Shelf(StandIn):
    """Gives the same bytes to everybody."""

    content = b"0123456789"

    def answer(self, asked: Asked) -> Answer:
        return Answer(200, self.content, {"content-type": "application/octet-stream"})


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    with Shelf() as started:
        yield started


async def test_all_of_it_is_read_up_to_its_bound(shelf: Shelf) -> None:
    url = f"{shelf.url}/a?sig=1"

    assert await download(url, at_most=10, retry=QUICK) == shelf.content
    with pytest.raises(BadAnswer, match="more than 9 bytes"):
        await download(url, at_most=9, retry=QUICK)


async def test_the_address_is_asked_for_as_it_was_given_and_without_a_key(shelf: Shelf) -> None:
    await download(f"{shelf.url}/a%20b?sig=1%2F2&x=+", at_most=10, retry=QUICK)

    [seen] = shelf.seen
    assert (seen.asked.path, seen.asked.query) == ("/a%20b", {"sig": "1/2", "x": " "})
    assert not {"authorization", "cookie"} & set(seen.asked.headers)


@pytest.mark.parametrize("status, error", [(503, ServerFault), (None, AnswerLost), (403, ProviderError)])
async def test_its_query_is_in_no_error_and_nothing_that_is_observed(
    shelf: Shelf, status: int | None, error: type[ProviderError]
) -> None:
    shelf.fail("GET", "/a", status, times=3)
    seen: list[Exchange | Pause] = []

    with pytest.raises(error) as caught:
        await download(f"{shelf.url}/a?sig=hidden", at_most=10, retry=QUICK, observer=seen.append)

    assert seen
    assert "hidden" not in f"{caught.value!r} {vars(caught.value)} {seen}"


async def test_a_refusal_that_never_ends_is_not_read_to_its_end() -> None:
    """Its beginning says what it is."""

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 403 Forbidden\r\ntransfer-encoding: chunked\r\n\r\n")
        with suppress(ConnectionError):
            while True:
                writer.write(b"10000\r\n" + bytes(0x10000) + b"\r\n")
                await writer.drain()
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(AuthFailed):
            await download(f"http://127.0.0.1:{port}/a", at_most=10, retry=QUICK)


async def test_it_is_asked_for_again_where_that_may_help(shelf: Shelf) -> None:
    shelf.fail("GET", "/a", 503)
    shelf.fail("GET", "/a", None)

    assert await download(f"{shelf.url}/a", at_most=10, retry=QUICK) == shelf.content


@pytest.mark.parametrize("url", ["http://blobs.example/a", "file:///etc/passwd", "https://me:pw@blobs.example/a", "a"])
async def test_another_sort_of_address_is_refused(url: str) -> None:
    with pytest.raises(Refused):
        await download(url, at_most=10, retry=QUICK)
