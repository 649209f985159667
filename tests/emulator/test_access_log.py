"""The log that people read: one line a request, none of it a stranger's or a secret."""

import io
import json
import logging
import os
from typing import Any

import httpx2
import pytest

from asstctl.emulator import open_emulator
from asstctl.emulator.access_log import AccessLog, lines_to

pytestmark = pytest.mark.anyio


async def lines_of(*paths: str, as_json: bool = False) -> list[str]:
    lines: list[str] = []
    emulator = open_emulator(":memory:", api_key="sk-secret")
    transport = httpx2.ASGITransport(AccessLog(lines.append, as_json=as_json).around(emulator.app))
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
        for path in paths:
            await client.post(path, json={"body": "private"}, headers={"authorization": "Bearer sk-secret"})
    await emulator.aclose()
    return lines


async def test_a_line_says_what_was_asked_and_how_it_went() -> None:
    (line,) = await lines_of("/v1/threads/thread_x/messages?token=private")
    method, path, status, milliseconds, unit, request_id = line.split(" ")
    assert (method, path, status, unit) == ("POST", "/v1/threads/thread_x/messages", "404", "ms")
    assert float(milliseconds) >= 0
    assert request_id.startswith("req_")


async def test_a_line_can_be_json() -> None:
    (line,) = await lines_of("/v1/nothing?token=private", as_json=True)
    entry = json.loads(line)
    assert entry.pop("request_id").startswith("req_")
    assert entry.pop("ms") >= 0
    assert entry.pop("time").endswith("+00:00")
    assert entry.pop("message").startswith("POST /v1/nothing 404 ")
    assert entry == {"level": "info", "event": "request", "method": "POST", "path": "/v1/nothing", "status": 404}


@pytest.mark.parametrize("as_json", [False, True])
async def test_no_body_no_key_and_no_query_is_in_it(as_json: bool) -> None:
    text = "".join(await lines_of("/v1/threads?a=private", "/v1/assistants", as_json=as_json))
    assert "private" not in text
    assert "sk-secret" not in text


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize(
    "scope",
    [
        {"path": "/v1/a\nGET /v1/b 200", "raw_path": b"/v1/a\nGET /v1/b 200"},
        {"path": "/v1/a\u202e\x1b[2J", "raw_path": None},
        {"path": "/" + "a" * 100_000, "raw_path": None},
        {"path": "http://me:private@host/", "raw_path": b"http://me:private@host/"},
    ],
)
async def test_a_path_cannot_write_lines_of_its_own(scope: dict[str, Any], as_json: bool) -> None:
    lines: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        """Goes away without an answer."""

    await AccessLog(lines.append, as_json=as_json).around(app)({"type": "http", "method": "GET", **scope}, None, None)  # type: ignore[arg-type]
    (line,) = lines
    assert line.isprintable()
    assert len(line) < 1000
    assert "private" not in line


async def test_what_the_server_says_of_itself_goes_the_same_way() -> None:
    lines: list[str] = []
    log = logging.getLogger("asstctl.emulator")
    with AccessLog(lines.append, as_json=True).listening():
        log.warning("run %s was left", "run_\nx")
        try:
            raise RuntimeError("why")
        except RuntimeError:
            log.exception("failed")
    log.error("nobody listens")
    first, second = map(json.loads, lines)
    assert (first["event"], first["level"], first["message"]) == ("warning", "warning", "run run_\\nx was left")
    assert (second["event"], second["level"]) == ("error", "error")
    assert "RuntimeError: why" in second["trace"]


def test_a_pipe_that_nobody_empties_holds_nothing_up() -> None:
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as stream:
        write = lines_to(stream)
        for _ in range(5000):
            write("x" * 99)
        kept = os.read(reading, 1 << 20)
        assert 0 < len(kept) < 5000 * 100
        assert set(kept.splitlines()) == {b"x" * 99}
        os.close(reading)
        write("to nobody")


def test_a_stream_without_a_descriptor_is_written_to() -> None:
    stream = io.StringIO()
    lines_to(stream)("a line")
    assert stream.getvalue() == "a line\n"
