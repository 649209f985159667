"""What is let in: Host, Origin, declared bodies; and that what is refused is answered like everything else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest

from asstctl.emulator import open_emulator
from asstctl.emulator.bodies import MAX_BODY
from asstctl.emulator.guard import MAX_FORM, Guard

pytestmark = pytest.mark.anyio

JSON = {"content-type": "application/json"}


@asynccontextmanager
async def guarded(host: str = "127.0.0.1", *, api_key: str | None = None, **rules: Any) -> AsyncIterator[Any]:
    emulator = open_emulator(":memory:", api_key=api_key)
    transport = httpx2.ASGITransport(Guard(host, **rules).around(emulator.app))
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost:8642/v1") as client:
        yield client
    await emulator.aclose()


async def status(client: httpx2.AsyncClient, method: str = "GET", path: str = "/assistants", **options: Any) -> int:
    return (await client.request(method, path, **options)).status_code


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:1", "localhost.:80", "127.0.0.1", "127.0.0.1:8642", "[::1]", "[::1]:99999"]
)
async def test_a_loopback_name_is_ours_with_any_port(host: str) -> None:
    async with guarded() as client:
        assert await status(client, headers={"host": host}) == 200


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "127.0.0.2",
        "[::2]",
        "10.0.0.1",
        "0.0.0.0",
    ],
)
async def test_another_name_is_refused_whatever_it_points_at(host: str) -> None:
    async with guarded() as client:
        response = await client.get("/assistants", headers={"host": host})
        assert (response.status_code, response.json()["error"]["code"]) == (403, "host_not_allowed")


async def test_names_can_be_allowed() -> None:
    async with guarded("192.0.2.7", hosts=["Gateway"]) as client:
        for host, expected in (("gateway:80", 200), ("192.0.2.7", 200), ("other", 403), ("192.0.2.8", 403)):
            assert await status(client, headers={"host": host}) == expected


@pytest.mark.parametrize("bound", ["0.0.0.0", "::"])
async def test_a_server_on_every_address_is_called_by_any_of_them_but_by_no_name(bound: str) -> None:
    async with guarded(bound) as client:
        for host, expected in (("192.0.2.7:80", 200), ("[2001:db8::1]:80", 200), ("evil.example", 403)):
            assert await status(client, headers={"host": host}) == expected


@pytest.mark.parametrize(
    "origin", ["null", "https://evil.example", "http://localhost:3000", "http://localhost:8642", "http://127.0.0.1"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "DELETE"])
async def test_a_page_of_any_origin_is_refused_without_cors_headers(origin: str, method: str) -> None:
    async with guarded() as client:
        response = await client.request(method, "/assistants", headers={"origin": origin})
        assert (response.status_code, response.json()["error"]["code"]) == (403, "origin_not_allowed")
        assert not [name for name in response.headers if name.startswith("access-control")]


async def test_an_origin_that_is_allowed_gets_the_cors_headers_it_needs_and_no_other_does() -> None:
    async with guarded(api_key="k", origins=["http://localhost:3000/"]) as client:
        page = {"origin": "http://localhost:3000"}
        asked = {"access-control-request-method": "POST", "access-control-request-headers": "authorization, x-a"}
        preflight = await client.options("/threads", headers={**page, **asked})
        assert (preflight.status_code, preflight.content) == (204, b"")
        assert preflight.headers["access-control-allow-origin"] == "http://localhost:3000"
        assert preflight.headers["access-control-allow-headers"] == "authorization, x-a"

        answer = await client.get("/assistants", headers={**page, "authorization": "Bearer k"})
        assert (answer.status_code, answer.headers["vary"]) == (200, "origin")
        assert answer.headers["access-control-allow-origin"] == "http://localhost:3000"

        assert await status(client, headers={"origin": "http://localhost:3001"}) == 403
        assert "access-control-allow-origin" not in (await client.get("/assistants")).headers


@pytest.mark.parametrize("method", ["POST", "DELETE", "PUT", "GET"])
@pytest.mark.parametrize("kind", [None, "text/plain", "application/x-www-form-urlencoded", "application/jsonp", "x"])
async def test_a_body_of_no_declared_type_is_refused_on_every_method(method: str, kind: str | None) -> None:
    async with guarded() as client:
        headers = {"content-type": kind} if kind else {}
        response = await client.request(method, "/assistants", content=b'{"model": "m"}', headers=headers)
        assert (response.status_code, response.json()["error"]["code"]) == (400, "unsupported_content_type")


async def test_a_form_of_the_wrong_kind_is_told_of_the_right_one() -> None:
    async with guarded() as client:
        response = await client.post("/files", data={"purpose": "assistants"})
        assert (response.status_code, response.json()["error"]["code"]) == (400, "unsupported_content_type")
        assert "'application/json' or 'multipart/form-data'" in response.json()["error"]["message"]


async def test_no_body_needs_no_type() -> None:
    async with guarded() as client:
        assert await status(client, "POST", "/threads") == 200
        assert await status(client, "POST", "/threads", headers={"content-type": "text/plain"}) == 200


@pytest.mark.parametrize(
    ("kind", "length", "expected"),
    [
        ("application/json", MAX_BODY + 1, 413),
        ("application/json; charset=utf-8", 10**30, 413),
        ("multipart/form-data; boundary=x", MAX_FORM + 1, 413),
    ],
)
async def test_a_body_that_says_it_is_too_large_is_not_read(kind: str, length: int, expected: int) -> None:
    emulator = open_emulator(":memory:")
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        pytest.fail("the body was read")

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"host", b"localhost"), (b"content-type", kind.encode()), (b"content-length", str(length).encode())]
    scope = {"type": "http", "method": "POST", "path": "/v1/threads", "query_string": b"", "headers": headers}
    await Guard("127.0.0.1").around(emulator.app)(scope, receive, send)
    assert sent[0]["status"] == expected
    await emulator.aclose()


async def test_a_body_that_does_not_say_how_large_it_is_is_counted() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(MAX_BODY // (1 << 20) + 1):
            yield b" " * (1 << 20)

    async with guarded() as client:
        assert await status(client, "POST", "/threads", content=pieces(), headers=JSON) == 413


async def test_what_is_refused_carries_the_service_headers() -> None:
    async with guarded() as client:
        for headers in ({"host": "evil.example"}, {"origin": "null"}):
            response = await client.get("/assistants", headers=headers)
            assert response.headers["x-request-id"].startswith("req_")
            assert set(response.json()["error"]) == {"message", "type", "param", "code"}


async def test_a_key_is_asked_for_before_anything_is_told() -> None:
    async with guarded(api_key="right") as client:
        for path in ("/assistants", "/nothing", "http://localhost/other", "/assistants/undefined"):
            assert await status(client, path=path) == 401
            assert await status(client, "OPTIONS", path) == 401
        assert await status(client, path="http://localhost/health") == 200
        assert await status(client, path="/nothing", headers={"authorization": "Bearer right"}) == 404


async def test_keys_of_any_letters_compare_byte_by_byte() -> None:
    async with guarded(api_key="ключ") as client:
        assert await status(client, headers={"authorization": "Bearer ключ".encode()}) == 200
        assert await status(client, headers={"authorization": "Bearer клю".encode()}) == 401
