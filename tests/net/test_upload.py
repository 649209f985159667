"""FileForm and JsonClient.upload: the form on the wire, what is no plain file, and how long a server may take."""

import asyncio
import os
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import httpx2
import pytest

from asstctl.core.errors import AnswerLost, BadAnswer, ProviderError, Refused
from asstctl.core.hidden import Hidden
from asstctl.core.knowledge import LocalFile
from asstctl.net import client as client_module
from asstctl.net.asgi import AsgiTransport, Receive, Send
from asstctl.net.client import Answer, JsonClient, bearer, http_client
from asstctl.net.transport import Transport
from asstctl.net.upload import BLOCK, FileForm
from tests.local_files import written

pytestmark = pytest.mark.anyio

KEY = "sesame-open-123"
Scope = MutableMapping[str, Any]


async def upload(transport: Transport, file: LocalFile, *, seconds: float = 5.0) -> Answer:
    http = http_client(transport, bearer(KEY), seconds)
    client = JsonClient("http://example.org/v1", http, place="example.org", hidden=Hidden(KEY), timeout=seconds)
    form = FileForm(file, {"purpose": "assistants"})
    with form.opened():
        return await client.upload("/files", form)


async def test_the_form_is_as_browsers_write_it(tmp_path: Path) -> None:
    """The short texts first, the name in UTF-8, the exact length beforehand, and the key as with every request."""
    seen: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return httpx2.Response(200, json={"id": "file-1"})

    result = await upload(httpx2.MockTransport(answer), written(tmp_path, 'docs/瓜 "1".md', "周三\r\n".encode()))

    [request] = seen
    boundary = request.headers["content-type"].removeprefix("multipart/form-data; boundary=")
    assert request.content.decode() == (
        f"--{boundary}\r\n"
        'content-disposition: form-data; name="purpose"\r\n\r\n'
        "assistants\r\n"
        f"--{boundary}\r\n"
        'content-disposition: form-data; name="file"; filename="瓜 %221%22.md"\r\n'
        "content-type: application/octet-stream\r\n\r\n"
        "周三\r\n\r\n"
        f"--{boundary}--\r\n"
    )
    assert request.headers["content-length"] == str(len(request.content))
    assert "transfer-encoding" not in request.headers
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert (request.method, str(request.url)) == ("POST", "http://example.org/v1/files")
    assert result.value == {"id": "file-1"}


def gone(folder: Path) -> LocalFile:
    return LocalFile("a.md", 5, "0" * 64, folder / "nowhere.md")


def link(folder: Path) -> LocalFile:
    file = written(folder, "a.md")
    (folder / "link.md").symlink_to(file.source)
    return LocalFile("a.md", file.bytes, file.sha256, folder / "link.md")


def pipe(folder: Path) -> LocalFile:
    os.mkfifo(folder / "pipe")
    return LocalFile("a.md", 0, "0" * 64, folder / "pipe")


def directory(folder: Path) -> LocalFile:
    return LocalFile("a.md", 0, "0" * 64, folder)


@pytest.mark.parametrize(
    ("make", "summary"),
    [
        (gone, "a.md cannot be read"),
        (link, "a.md is not a plain file"),
        (pipe, "a.md is not a plain file"),
        (directory, "a.md is not a plain file"),
    ],
)
async def test_what_is_no_plain_file_is_refused(tmp_path: Path, make: Any, summary: str) -> None:
    """Before anything is sent; a pipe that nobody writes to holds nothing up."""
    with pytest.raises(Refused) as caught:
        await upload(httpx2.MockTransport(lambda _: pytest.fail("sent")), make(tmp_path))

    assert caught.value.summary == summary


async def test_a_file_is_closed_when_the_request_fails(tmp_path: Path) -> None:
    """No descriptor is left, as a ResourceWarning would tell."""

    def refuse(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("refused")

    with pytest.raises(ProviderError, match="cannot reach"):
        await upload(httpx2.MockTransport(refuse), written(tmp_path, "a.md"))


@pytest.mark.parametrize("status", [200, 400, 401, 500])
async def test_no_message_holds_the_key(tmp_path: Path, status: int) -> None:
    """Neither when the server repeats it in a failure nor in a success."""
    echo = {"id": "file-1", "error": {"message": f"you sent {KEY}", "code": None}}
    server = httpx2.MockTransport(lambda _: httpx2.Response(status, json=echo))

    with pytest.raises(BadAnswer if status == 200 else ProviderError) as caught:
        await upload(server, written(tmp_path, "a.md"))

    assert KEY not in f"{caught.value} {caught.value.hint} {caught.value!r} {caught.value.__cause__!r}"


async def test_a_slow_upload_may_take_longer_than_an_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit for the whole begins anew with every block that is taken."""
    monkeypatch.setattr(client_module, "PATIENCE", 1)
    monkeypatch.setattr(client_module, "PASSED_ON", 1 << 40)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        more = True
        while more:
            await asyncio.sleep(0.1)
            more = (await receive())["more_body"]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b'{"id":"file-1"}'})

    file = written(tmp_path, "a.bin", b"x" * (8 * BLOCK))
    began = asyncio.get_running_loop().time()
    async with AsgiTransport(app) as transport:
        assert (await upload(transport, file, seconds=0.5)).value == {"id": "file-1"}

    assert asyncio.get_running_loop().time() - began > 0.5


async def test_a_server_that_stops_taking_the_file_is_given_up(tmp_path: Path) -> None:
    """The time without a byte counts within a file too; it may have been carried out, for all we know."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await asyncio.sleep(60)

    async with AsgiTransport(app) as transport:
        with pytest.raises(AnswerLost) as caught:
            await upload(transport, written(tmp_path, "a.bin", b"x" * (4 * BLOCK)), seconds=0.05)

    assert caught.value.detail == "POST /files: it stopped taking the request; it may have been carried out"


async def test_a_broken_off_form_is_no_form(tmp_path: Path) -> None:
    """What the server got before a file changed has no last boundary, so that nobody can take it for a file."""
    got = bytearray()
    ended: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while (message := await receive())["type"] == "http.request":
            got.extend(message["body"])
        ended.append(message["type"])

    file = written(tmp_path, "a.bin", b"x" * (4 * BLOCK))
    wrong = LocalFile(file.path, file.bytes, "0" * 64, file.source)
    async with AsgiTransport(app) as transport:
        with pytest.raises(Refused, match="changed while it was being sent"):
            await upload(transport, wrong)

    assert ended == ["http.disconnect"]
    assert 0 < len(got) < file.bytes + 1000
    assert not got.endswith(b"--\r\n")
