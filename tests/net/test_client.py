"""JsonClient: objects in, objects out; nothing followed, nothing repeated unasked, no key in any message."""

import asyncio
import gzip
import logging
import re
import socket
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx2
import pytest

from asstctl.core.errors import AnswerLost, BadAnswer, ProviderError, Refused, Rejected, ServerFault, Unreachable
from asstctl.core.hidden import Hidden
from asstctl.core.requests import Exchange, Pause
from asstctl.net import transport
from asstctl.net.client import JsonClient, bearer, http_client
from asstctl.net.observed import ObservedTransport
from asstctl.net.retry import RetryPolicy
from asstctl.net.transport import Transport, check_address, network_transport

pytestmark = pytest.mark.anyio

KEY = "sesame-open-123"
QUICK = RetryPolicy(tries=3, first=0.0)


def client(transport: Transport, base_url: str = "https://example.org/v1") -> JsonClient:
    return JsonClient(base_url, http_client(transport, bearer(KEY), 5.0), place="example.org", hidden=Hidden(KEY))


class Recorder:
    """A server that answers with what it was given, in turn, and keeps the requests."""

    def __init__(self, *answers: httpx2.Response | Exception) -> None:
        self.requests: list[httpx2.Request] = []
        self._answers = list(answers)
        self.transport = httpx2.MockTransport(self._answer)

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


async def test_a_request_carries_what_it_should() -> None:
    """Path under the base, query, JSON body, key."""
    server = Recorder(httpx2.Response(200, json={"id": "a"}, headers={"x-request-id": "req_1"}))

    answer = await client(server.transport).request("POST", "/things", params={"limit": 1}, body={"name": "瓜"})

    [request] = server.requests
    assert str(request.url) == "https://example.org/v1/things?limit=1"
    assert request.content.decode() == '{"name":"瓜"}'
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert (answer.value, answer.status, answer.request_id) == ({"id": "a"}, 200, "req_1")


@pytest.mark.parametrize("status", [202, 204])
async def test_no_content_is_an_empty_answer(status: int) -> None:
    """Some servers answer a delete with 204, and what they will do later with 202."""
    server = Recorder(httpx2.Response(status))

    assert (await client(server.transport).request("DELETE", "/things/1")).value == {}


@pytest.mark.parametrize("body", [b"", b"<html></html>", b"[]", b'"text"', b"\xff"])
async def test_a_success_that_is_no_object_is_a_bad_answer(body: bytes) -> None:
    """The message tells the content type and the size, not the content."""
    server = Recorder(httpx2.Response(200, content=body, headers={"content-type": "text/html"}))

    with pytest.raises(BadAnswer) as caught:
        await client(server.transport).request("GET", "/things")

    assert caught.value.detail == f"GET /things: text/html, {len(body)} bytes, not a JSON object"


async def test_a_redirect_is_not_followed() -> None:
    """The one request is the only one, so the key stays with the first server."""
    server = Recorder(httpx2.Response(307, headers={"location": "https://evil.example/v1/things"}))

    with pytest.raises(Rejected, match="redirects are not followed"):
        await client(server.transport).request("GET", "/things", retry=QUICK)

    assert len(server.requests) == 1


@pytest.mark.parametrize("broken", [httpx2.Response(500), httpx2.ReadTimeout("x"), httpx2.RemoteProtocolError("x")])
async def test_a_write_of_unknown_fate_is_sent_once(broken: httpx2.Response | Exception) -> None:
    """Even where repeats are allowed."""
    server = Recorder(broken)

    with pytest.raises(ProviderError) as caught:
        await client(server.transport).request("POST", "/things", body={}, retry=QUICK)

    assert caught.value.ambiguous
    assert len(server.requests) == 1


async def test_a_read_is_repeated() -> None:
    """Two failures and a success are a success."""
    server = Recorder(httpx2.Response(503), httpx2.ReadError("x"), httpx2.Response(200, json={}))

    await client(server.transport).request("GET", "/things", retry=QUICK)

    assert len(server.requests) == 3


async def test_a_write_is_repeated_after_a_refused_connection() -> None:
    """Nothing had left."""
    server = Recorder(httpx2.ConnectError("x"), httpx2.Response(200, json={}))

    await client(server.transport).request("POST", "/things", body={}, retry=QUICK)

    assert len(server.requests) == 2


async def test_by_default_nothing_is_repeated() -> None:
    """Not even a read."""
    server = Recorder(httpx2.Response(500))

    with pytest.raises(ServerFault):
        await client(server.transport).request("GET", "/things")

    assert len(server.requests) == 1


async def test_no_message_holds_the_key(caplog: pytest.LogCaptureFixture) -> None:
    """A server that repeats the key, and the log at its most talkative, do not give it away."""
    caplog.set_level(logging.DEBUG)
    echo = {"error": {"message": f"you sent {KEY}", "code": None}}
    for status in (400, 401, 403, 404, 429, 500):
        server = Recorder(httpx2.Response(status, json=echo))
        with pytest.raises(ProviderError) as caught:
            await client(server.transport).request("GET", "/things")
        error = caught.value
        assert KEY not in f"{error} {error.hint} {error!r} {error.__cause__!r}"
    assert KEY not in caplog.text


async def test_a_server_that_is_not_there_is_unreachable() -> None:
    """Over a real socket; the message is the one people will see."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{free.getsockname()[1]}"
    base_url = f"http://{place}/v1"
    transport = network_transport(check_address(base_url, has_key=True))
    async with transport:
        sender = JsonClient(base_url, http_client(transport, {}, 5.0), place=place)
        with pytest.raises(Unreachable) as caught:
            await sender.request("GET", "/things", retry=RetryPolicy(tries=3, first=0.01))

    assert caught.value.summary == f"cannot reach {place}"
    assert re.fullmatch(r"connection refused, 3 tries in \d+\.\d s", caught.value.detail)


async def test_an_observer_sees_each_request() -> None:
    """Method, path, status, place and the request's id; no query, which may hold what a person typed; a status of None
    without an answer."""
    seen: list[Exchange | Pause] = []
    server = Recorder(httpx2.ReadError("x"), httpx2.Response(200, json={}, headers={"x-request-id": f"req_1 {KEY}"}))
    transport = ObservedTransport(server.transport, seen.append, place="example.org", hidden=Hidden(KEY))

    await client(transport).request("GET", "/things", params={"q": "secret"}, retry=QUICK)

    assert [replace(one, seconds=0.0) for one in seen] == [
        Exchange("GET", "/v1/things", None, 0.0, "example.org"),
        Exchange("GET", "/v1/things", 200, 0.0, "example.org", "req_1 ***"),
    ]


@pytest.mark.parametrize("header", ["x-request-id", "x-github-request-id"])
async def test_an_observer_is_told_what_any_of_our_servers_calls_a_request(header: str) -> None:
    """By whichever header it does so; without a key that it repeats there."""
    seen: list[Exchange | Pause] = []
    server = Recorder(httpx2.Response(200, json={}, headers={header: f"req_1 {KEY}"}))

    await client(ObservedTransport(server.transport, seen.append, hidden=Hidden(KEY))).request("GET", "/things")

    assert [one.request_id for one in seen if isinstance(one, Exchange)] == ["req_1 ***"]


async def test_a_wait_is_told_as_it_begins() -> None:
    """Before the next try, with what the server asked for, and never after the last one."""
    seen: list[Exchange | Pause] = []
    server = Recorder(httpx2.Response(429, headers={"retry-after-ms": "1"}), httpx2.ReadError("x"))
    transport = ObservedTransport(server.transport, seen.append)
    asking = JsonClient("https://example.org/v1", http_client(transport, {}, 5.0), place="it", observer=seen.append)

    with pytest.raises(AnswerLost):
        await asking.request("GET", "/things", retry=QUICK)

    assert [replace(one, seconds=round(one.seconds)) for one in seen] == [
        Exchange("GET", "/v1/things", 429, 0),
        Pause(0, 2, "it asks to slow down", "rate-limited", asked=True),
        Exchange("GET", "/v1/things", None, 0),
        Pause(0, 3, "no answer from it", "answer-lost"),
        Exchange("GET", "/v1/things", None, 0),
    ]


async def test_the_bytes_of_a_body_are_counted() -> None:
    seen: list[Exchange | Pause] = []
    transport = ObservedTransport(Recorder(httpx2.Response(200, json={})).transport, seen.append)

    await client(transport).request("POST", "/things", body={"a": 1})

    (exchange,) = seen
    assert isinstance(exchange, Exchange)
    assert (exchange.sent, exchange.writes) == (len(b'{"a":1}'), True)


@pytest.mark.parametrize("key", ["a\nb", "clé", "a\x00b"])
def test_a_key_that_no_header_can_hold_is_refused(key: str) -> None:
    """The message says why and does not show it."""
    with pytest.raises(Refused) as caught:
        bearer(key)

    assert key not in f"{caught.value} {caught.value.hint}"


def test_space_around_a_key_is_not_part_of_it() -> None:
    """A variable read from a file often ends in a line break; an empty one is no key."""
    assert bearer(" abc\n") == {"authorization": "Bearer abc"}
    assert bearer(" \n") == bearer(None) == {}


async def test_a_key_that_the_server_repeats_is_in_no_header_of_an_error() -> None:
    server = Recorder(httpx2.Response(500, headers={"x-request-id": f"req-{KEY}"}))

    with pytest.raises(ServerFault) as caught:
        await client(server.transport).request("GET", "/things")

    assert caught.value.request_id == "req-***"


async def test_an_answer_with_our_key_in_it_is_not_used() -> None:
    """Else it would be shown as the name of something."""
    server = Recorder(httpx2.Response(200, json={"name": f"hello {KEY}"}))

    with pytest.raises(BadAnswer) as caught:
        await client(server.transport).request("GET", "/things")

    assert KEY not in str(caught.value)


@pytest.mark.parametrize("body", ["[" * 100_000, '{"a":' * 200 + "1" + "}" * 200, '{"a": 1e400}', '{"a": NaN}'])
async def test_a_body_that_cannot_be_held_is_a_bad_answer(body: str) -> None:
    with pytest.raises(BadAnswer):
        await client(Recorder(httpx2.Response(200, text=body)).transport).request("GET", "/things")


@pytest.mark.parametrize("status", [400, 500])
async def test_a_refusal_that_cannot_be_held_is_still_a_refusal(status: int) -> None:
    with pytest.raises(ProviderError, match=f"status {status}"):
        await client(Recorder(httpx2.Response(status, text="[" * 100_000)).transport).request("GET", "/things")


async def test_half_an_emoji_is_replaced() -> None:
    """Cut somewhere else, and no request of ours could carry it."""
    server = Recorder(httpx2.Response(200, content=b'{"name": "cut \\ud83d"}'))

    assert (await client(server.transport).request("GET", "/things")).value == {"name": "cut ?"}


async def test_a_small_answer_that_unpacks_without_end_is_a_bad_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "MAX_ANSWER", 1000)
    bomb = httpx2.Response(200, content=gzip.compress(b" " * 100_000), headers={"content-encoding": "gzip"})

    with pytest.raises(BadAnswer, match="too large"):
        await client(Recorder(bomb).transport).request("GET", "/things")


async def test_an_answer_that_comes_byte_by_byte_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow(httpx2.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            async def drip() -> AsyncIterator[bytes]:
                while True:
                    yield b" "
                    await asyncio.sleep(0.01)

            return httpx2.Response(200, content=drip())

    slow = JsonClient("https://example.org", http_client(Slow(), {}, 5.0), place="example.org", timeout=0.01)

    with pytest.raises(BadAnswer, match="too slowly"):
        await slow.request("GET", "/things", retry=QUICK)


async def test_an_observer_sees_a_path_as_it_was_sent() -> None:
    seen: list[Exchange | Pause] = []
    server = Recorder(httpx2.Response(200, json={}))
    observed = ObservedTransport(server.transport, seen.append)

    await client(observed).request("GET", "/things/%1b%5b31m%0a")

    assert [one.path for one in seen if isinstance(one, Exchange)] == ["/v1/things/%1b%5b31m%0a"]
