"""AsgiTransport: an app in this process answers as a server behind a socket would."""

import asyncio
from collections.abc import AsyncIterator, MutableMapping
from typing import Any

import httpx2
import pytest

from asstctl.net.asgi import UNREAD_LIMIT, AsgiTransport, Receive, Send

pytestmark = pytest.mark.anyio

Scope = MutableMapping[str, Any]
START = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]}


def chunk(body: bytes, *, more: bool = True) -> dict[str, Any]:
    return {"type": "http.response.body", "body": body, "more_body": more}


def client(app: Any, timeout: float | None = 5.0) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=AsgiTransport(app), base_url="http://app/v1", timeout=timeout)


async def test_the_app_sees_the_request() -> None:
    """Method, path, query, headers and the whole body reach the app."""
    seen: dict[str, Any] = {}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.update(scope, message=await receive())
        await send({**START, "status": 201})
        await send(chunk(b"made", more=False))

    async with client(app) as http:
        response = await http.post("/things?a=1%202", json={"名": 1}, headers={"X-One": "1"})

    assert (response.status_code, response.text) == (201, "made")
    assert (seen["method"], seen["path"], seen["query_string"]) == ("POST", "/v1/things", b"a=1%202")
    assert (b"x-one", b"1") in seen["headers"]
    assert seen["message"] == {"type": "http.request", "body": '{"名":1}'.encode(), "more_body": False}


async def test_chunks_arrive_as_they_are_sent() -> None:
    """The reader has each chunk before the app sends the next."""
    read = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(START)
        for number in range(3):
            read.clear()
            await send(chunk(b"%d" % number))
            await read.wait()
        await send(chunk(b"", more=False))

    async with client(app) as http, http.stream("GET", "/") as response:
        chunks = []
        async for one in response.aiter_bytes():
            chunks.append(one)
            read.set()

    assert chunks == [b"0", b"1", b"2"]


async def test_headers_arrive_before_the_body() -> None:
    """An answer begins when the app begins it, however late its first chunk."""
    go_on = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(START)
        await go_on.wait()
        await send(chunk(b"late", more=False))

    async with client(app) as http, http.stream("GET", "/") as response:
        assert response.status_code == 200
        go_on.set()
        assert await response.aread() == b"late"


async def test_an_app_that_runs_ahead_waits_for_its_reader() -> None:
    """Unread bytes are bounded."""
    sent = 0

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal sent
        await send(START)
        for _ in range(100):
            await send(chunk(b"x" * 10_000))
            sent += 10_000
        await send(chunk(b"", more=False))

    async with client(app) as http, http.stream("GET", "/") as response:
        await asyncio.sleep(0.01)
        assert sent <= UNREAD_LIMIT
        assert len(await response.aread()) == 1_000_000


async def test_an_app_that_fails_first_gives_no_answer() -> None:
    """An exception before the answer is a protocol error that keeps its cause."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise LookupError("inside")

    async with client(app) as http:
        with pytest.raises(httpx2.RemoteProtocolError) as caught:
            await http.get("/")

    assert isinstance(caught.value.__cause__, LookupError)


async def test_an_app_that_fails_midway_breaks_off() -> None:
    """An exception after the start, and a return before the end, break the answer off."""

    async def failing(scope: Scope, receive: Receive, send: Send) -> None:
        await send(START)
        await send(chunk(b"half"))
        raise LookupError("inside")

    async def forgetful(scope: Scope, receive: Receive, send: Send) -> None:
        await send(START)
        await send(chunk(b"half"))

    for app in (failing, forgetful):
        async with client(app) as http:
            with pytest.raises(httpx2.ReadError):
                await http.get("/")


async def test_an_error_after_the_answer_does_not_reach_the_client() -> None:
    """A complete answer stands, as Starlette's 500 does when it raises again."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({**START, "status": 500})
        await send(chunk(b"sorry", more=False))
        raise LookupError("inside")

    async with client(app) as http:
        response = await http.get("/")

    assert (response.status_code, response.text) == (500, "sorry")


async def test_closing_an_answer_disconnects_the_app() -> None:
    """A reader that leaves is told to the app, by `receive` and by `send`."""
    seen: list[object] = []
    done = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send(START)
        await send(chunk(b"one"))
        seen.append((await receive())["type"])
        try:
            await send(chunk(b"two"))
        except OSError as error:
            seen.append(type(error))
        done.set()

    async with client(app) as http:
        async with http.stream("GET", "/"):
            pass
        async with asyncio.timeout(1):
            await done.wait()

    assert seen == ["http.disconnect", OSError]


async def test_giving_up_does_not_stop_the_app() -> None:
    """A cancelled request leaves the app to finish, as a closed socket would."""
    finished = asyncio.Event()
    told = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        assert (await receive())["type"] == "http.disconnect"
        told.set()
        await asyncio.sleep(0.01)
        finished.set()

    async with client(app) as http:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await http.get("/")
        async with asyncio.timeout(1):
            await told.wait()
            await finished.wait()


async def test_closing_the_transport_ends_every_task() -> None:
    """An app that neither answers nor listens is cancelled; nothing of it is left."""
    before = asyncio.all_tasks()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(60)

    http = client(app)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await http.get("/")
    await http.aclose()

    assert asyncio.all_tasks() == before


async def test_a_silent_app_times_out() -> None:
    """The client's read timeout counts in this process too, before the answer and within it."""

    async def silent(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(60)

    async def stalling(scope: Scope, receive: Receive, send: Send) -> None:
        await send(START)
        await asyncio.sleep(60)

    for app in (silent, stalling):
        async with client(app, timeout=0.02) as http:
            with pytest.raises(httpx2.ReadTimeout):
                await http.get("/")


async def test_requests_run_at_the_same_time() -> None:
    """Twenty requests that wait for each other all end."""
    together = asyncio.Barrier(20)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await together.wait()
        await send(START)
        await send(chunk(b"ok", more=False))

    async with client(app) as http:
        answers = await asyncio.gather(*(http.get("/") for _ in range(20)))

    assert {answer.text for answer in answers} == {"ok"}


class Pieces:
    """A body in pieces, which counts how many were asked for."""

    def __init__(self, *pieces: bytes, broken: Exception | None = None) -> None:
        self.given = 0
        self._pieces = pieces
        self._broken = broken

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            self.given += 1
            yield piece
        if self._broken:
            raise self._broken


async def test_a_request_goes_no_faster_than_the_app_takes_it() -> None:
    """Of a body in pieces the app gets one by one, and the next is made only then."""
    body = Pieces(b"a", b"b", b"c")
    seen: list[tuple[bytes, bool]] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        more = True
        while more:
            assert body.given <= len(seen) + 1
            message = await receive()
            more = message["more_body"]
            seen.append((message["body"], more))
        await send(START)
        await send(chunk(b"ok", more=False))

    async with client(app) as http:
        assert (await http.post("/", content=body)).text == "ok"

    assert seen == [(b"a", True), (b"b", True), (b"c", True), (b"", False)]


async def test_an_answer_before_the_end_of_the_request_ends_it() -> None:
    """What the app did not take is not made, and the answer stands."""
    body = Pieces(*[b"x"] * 100)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({**START, "status": 413})
        await send(chunk(b"too large", more=False))

    async with client(app) as http:
        assert (await http.post("/", content=body)).status_code == 413

    assert body.given <= 2


async def test_a_body_that_breaks_off_disconnects_the_app() -> None:
    """The client sees its own error, and the app that the rest never comes."""
    seen: list[str] = []
    done = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while not seen or seen[-1] != "http.disconnect":
            seen.append((await receive())["type"])
        done.set()

    async with client(app) as http:
        with pytest.raises(LookupError):
            await http.post("/", content=Pieces(b"a", broken=LookupError("inside")))
        async with asyncio.timeout(1):
            await done.wait()

    assert seen == ["http.request", "http.disconnect"]


async def test_an_app_that_does_not_take_the_request_times_out() -> None:
    """The client's write timeout counts in this process too."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await asyncio.sleep(60)

    async with client(app, timeout=0.02) as http:
        with pytest.raises(httpx2.WriteTimeout):
            await http.post("/", content=Pieces(b"a", b"b"))


async def test_an_app_that_fails_within_the_request_gives_no_answer() -> None:
    """Nobody waits for it to take the rest."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        raise LookupError("inside")

    async with client(app) as http:
        with pytest.raises(httpx2.RemoteProtocolError):
            await http.post("/", content=Pieces(b"a", b"b"))
