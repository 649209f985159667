"""Multipart forms: what is refused, what a name becomes, and that no file is ever whole in memory."""

import asyncio
import tracemalloc
from collections.abc import AsyncIterator, Iterable
from typing import Any

import httpx2
import pytest

from asstctl.emulator.files import forms
from asstctl.emulator.objects import file as limits
from asstctl.emulator.routes import files
from tests.emulator.harness import Api

pytestmark = pytest.mark.anyio

_TYPE = "multipart/form-data; boundary=b"
_FILE = b'Content-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nhello'
_PURPOSE = b'Content-Disposition: form-data; name="purpose"\r\n\r\nassistants'


def _form(*parts: bytes) -> bytes:
    return b"".join(b"--b\r\n" + part + b"\r\n" for part in parts) + b"--b--\r\n"


def _text(name: str, value: bytes) -> bytes:
    return f'Content-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + value


def _named(filename: bytes) -> bytes:
    return b'Content-Disposition: form-data; name="file"; filename="' + filename + b'"\r\n\r\nhello'


async def _send(api: Api, body: Any, content_type: str | None = _TYPE) -> httpx2.Response:
    headers = {"content-type": content_type} if content_type is not None else {}
    return await api.http.post("/files", content=body, headers=headers)


def _on_disk(api: Api) -> list[str]:
    return [path.name for path in api.emulator.services.blobs.folder.iterdir()]


async def test_a_form_may_come_in_any_order_and_in_small_pieces(api: Api) -> None:
    body = _form(_PURPOSE, _FILE) + b"epilogue"

    async def pieces() -> AsyncIterator[bytes]:
        for index in range(len(body)):
            yield body[index : index + 1]

    response = await _send(api, pieces())
    assert response.status_code == 200, response.text
    assert (await api.http.get(f"/files/{response.json()['id']}/content")).content == b"hello"


@pytest.mark.parametrize(
    ("body", "content_type", "message"),
    [
        (_form(_FILE, _PURPOSE), "multipart/form-data", "its Content-Type names no boundary"),
        (_form(_FILE, _PURPOSE), "multipart/form-data; boundary=", "its Content-Type names no boundary"),
        (_form(_FILE, _PURPOSE), "multipart/form-data; boundary=" + "x" * 300, "Boundary length 300"),
        (_form(_FILE, _PURPOSE), "multipart/form-data; boundary=c", "Expected boundary character"),
        (b"", _TYPE, "it ends before its last boundary"),
        (b"hello", _TYPE, "Expected boundary character"),
        (b"\r\n\r\n", _TYPE, "it ends before its last boundary"),
        (_form(_FILE, _PURPOSE)[:-6], _TYPE, "it ends before its last boundary"),
        (_form(_FILE)[:-8], _TYPE, "it ends before its last boundary"),
        (b"--b\r\nContent-Disposition: form-data", _TYPE, "it ends before its last boundary"),
        (b"--b\n" + _FILE, _TYPE, "Did not find CR at end of boundary"),
        (_form(b"\r\nhello"), _TYPE, "a part without a name"),
        (_form(b"Content-Type: text/plain\r\n\r\nhello"), _TYPE, "a part without a name"),
        (_form(b"Content-Disposition: form-data\r\n\r\nhello"), _TYPE, "a part without a name"),
        (_form(b'Content-Disposition: form-data; name=""\r\n\r\nhello'), _TYPE, "a part without a name"),
        (_form(b'Content-Disposition: attachment; name="file"\r\n\r\nhello'), _TYPE, "a part without a name"),
        (_form(b"Content Disposition: x\r\n\r\nhello"), _TYPE, "Found invalid character"),
        (_form(b"x" * 5000 + b": y\r\n\r\nhello"), _TYPE, "Maximum header size exceeded"),
        (_form(b"a: b\r\n" * 9 + _FILE), _TYPE, "Maximum header count exceeded"),
        (_form(b"Content-Transfer-Encoding: base64\r\n" + _FILE), _TYPE, "a part encoded as 'base64'"),
        (_form(_FILE, _text("purpose", b"\xff\xfe")), _TYPE, "a text that is not UTF-8"),
        (_form(_FILE, b'Content-Disposition: form-data; name="\xff"\r\n\r\nx'), _TYPE, "a text that is not UTF-8"),
        (_form(*(_text(str(n), b"x") for n in range(33))), _TYPE, "it has more than 32 parts"),
    ],
)
async def test_a_malformed_form_is_400_and_says_why(api: Api, body: bytes, content_type: str, message: str) -> None:
    response = await _send(api, body, content_type)
    error = response.json()["error"]
    start = "We could not parse the body of your request as multipart/form-data: "
    assert (response.status_code, error["type"]) == (400, "invalid_request_error")
    assert error["message"].startswith(start + message), error["message"]
    assert _on_disk(api) == []


@pytest.mark.parametrize("content_type", [None, "", "application/json", "text/plain", "multipart/mixed; boundary=b"])
async def test_what_is_not_a_form_is_not_read_as_one(api: Api, content_type: str | None) -> None:
    response = await _send(api, _form(_FILE, _PURPOSE), content_type)
    assert (response.status_code, response.json()["error"]["code"]) == (400, "unsupported_content_type")
    assert "'multipart/form-data'" in response.json()["error"]["message"]


@pytest.mark.parametrize(
    ("parts", "message", "param"),
    [
        ([_PURPOSE], "Missing required parameter: 'file'.", "file"),
        ([], "Missing required parameter: 'purpose'.", "purpose"),
        ([_FILE], "Missing required parameter: 'purpose'.", "purpose"),
        ([_text("file", b"hello"), _PURPOSE], "Invalid 'file': a file needs a file name.", "file"),
        ([_named(b""), _PURPOSE], "Invalid 'file': a file needs a file name.", "file"),
        ([_named(b"x/.."), _PURPOSE], "Invalid 'file': a file needs a file name.", "file"),
        ([_named(b"\t \x01"), _PURPOSE], "Invalid 'file': a file needs a file name.", "file"),
        ([_FILE, _FILE, _PURPOSE], "Duplicate parameter: 'file'. It is taken once.", "file"),
        ([_FILE, _PURPOSE, _PURPOSE], "Duplicate parameter: 'purpose'. It is taken once.", "purpose"),
        (
            [_FILE, _PURPOSE, _text("expires_after", b"1"), _text("expires_after[seconds]", b"1")],
            "Duplicate parameter: 'expires_after[seconds]'. It is taken once.",
            "expires_after[seconds]",
        ),
        ([_FILE, _PURPOSE, _text("a[b][c]", b"1")], "Unknown parameter: 'a[b][c]'.", "a[b][c]"),
        ([_FILE, _PURPOSE, _text("a[]", b"1")], "Unknown parameter: 'a[]'.", "a[]"),
        ([_FILE, _text("purpose[0]", b"assistants")], "Invalid type for 'purpose': expected a string, but got an", ""),
        (
            [b'Content-Disposition: form-data; name="document"; filename="a.txt"\r\n\r\nhello', _PURPOSE],
            "Unknown parameter: 'document'.",
            "document",
        ),
        (
            [_FILE, _text("purpose", b"x" * 5000)],
            "Invalid 'purpose': string too long. Expected a string with maximum length 4096",
            "purpose",
        ),
        (
            [_named(b"x" * 256), _PURPOSE],
            "Invalid 'file': string too long. Expected a string with maximum length 255",
            "file",
        ),
    ],
)
async def test_a_form_with_the_wrong_parts_is_400(api: Api, parts: list[bytes], message: str, param: str) -> None:
    response = await _send(api, _form(*parts))
    error = response.json()["error"]
    assert response.status_code == 400
    assert error["message"].startswith(message), error["message"]
    assert error["param"] == (param or "purpose")
    assert _on_disk(api) == []


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (b"a.txt", "a.txt"),
        (b"../../../etc/passwd", "passwd"),
        (b"..\\\\..\\\\boot.ini", "boot.ini"),
        (b"C:\\temp\\a.txt", "a.txt"),
        (b"/abs/olute.txt", "olute.txt"),
        (b".ssh/authorized_keys", "authorized_keys"),
        (b"file-000000000000000000000000", "file-000000000000000000000000"),
        (b"a\x00b\x1b[31m.txt", "ab[31m.txt"),
        ("数学 笔记.md".encode(), "数学 笔记.md"),
        ("a\u0085b\u2028.txt".encode(), "ab.txt"),
        ("é.txt".encode("latin-1"), "é.txt"),
        (b'say \\"hi\\".txt', 'say "hi".txt'),
        (b"x" * 255, "x" * 255),
        (b"%2e%2e%2fa.txt", "%2e%2e%2fa.txt"),
        (b"CON; name=purpose", "CON; name=purpose"),
        (b"'; DROP TABLE files;--", "'; DROP TABLE files;--"),
    ],
)
async def test_a_file_name_is_only_shown(api: Api, given: bytes, kept: str) -> None:
    response = await _send(api, _form(_named(given), _PURPOSE))
    assert response.status_code == 200, response.text
    file = response.json()
    assert file["filename"] == kept
    assert _on_disk(api) == [file["id"]]
    assert (await api.http.get(f"/files/{file['id']}/content")).content == b"hello"


@pytest.mark.parametrize(
    "disposition",
    [
        'form-data; name="file"; filename="=?utf-8?B?5pWwLnR4dA==?="; filename*=utf-8\'\'%E6%95%B0.txt',
        "form-data; name=file; filename=a.txt; filename*=UTF-8'zh'%E6%95%B0.txt",
        "form-data; filename*=utf-8''%2Ftmp%2F%E6%95%B0.txt; name=file",
    ],
)
async def test_an_extended_file_name_is_the_better_one(api: Api, disposition: str) -> None:
    response = await _send(api, _form(f"Content-Disposition: {disposition}\r\n\r\nhello".encode(), _PURPOSE))
    assert response.json()["filename"] == "数.txt"


async def test_an_extended_name_inside_a_quoted_name_is_part_of_it(api: Api) -> None:
    response = await _send(api, _form(_named(b"a; filename*=utf-8''b.txt"), _PURPOSE))
    assert response.json()["filename"] == "a; filename*=utf-8''b.txt"


async def test_a_file_is_bounded(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    # A3: file create, max 512 MB
    assert limits.MAX_FILE == 512 * 1024 * 1024
    monkeypatch.setattr(files, "MAX_FILE", 1000)
    for content, status in ((b"x" * 1000, 200), (b"x" * 1001, 413), (b"x" * 300_000, 413)):
        response = await _send(api, _form(_named(b"a.txt")[:-5] + content, _PURPOSE))
        assert response.status_code == status
    assert response.json()["error"]["code"] == "file_too_large"
    assert len(_on_disk(api)) == 1


async def test_a_form_without_a_declared_length_is_bounded_as_well(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_FILE", 1000)
    monkeypatch.setattr(forms, "_AROUND_FILE", 1000)

    async def endless() -> AsyncIterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="document"; filename="a.txt"\r\n\r\n'
        for _ in range(10):
            yield b"x" * 1000

    response = await _send(api, endless())
    assert (response.status_code, response.json()["error"]["code"]) == (413, "request_too_large")


async def _call(api: Api, method: str, path: str, messages: Iterable[Any]) -> tuple[int | None, int]:
    """One request without a client in between: the status, and how many bytes came back."""
    headers = [(b"content-type", _TYPE.encode()), (b"host", b"local")]
    scope = {"type": "http", "method": method, "path": f"/v1{path}", "query_string": b"", "headers": headers}
    incoming = iter(messages)
    status, size = None, 0

    async def receive() -> dict[str, Any]:
        # As a socket would, give way between two pieces.
        await asyncio.sleep(0)
        if (message := next(incoming, None)) is None:
            await asyncio.Event().wait()
        return message

    async def send(message: Any) -> None:
        nonlocal status, size
        status = message.get("status", status)
        size += len(message.get("body", b""))

    await api.emulator.app(scope, receive, send)
    return status, size


async def test_a_client_that_goes_away_leaves_nothing_behind(api: Api) -> None:
    body = _form(_FILE, _PURPOSE)
    sent = {"type": "http.request", "body": body[:-20], "more_body": True}
    assert await _call(api, "POST", "/files", [sent, {"type": "http.disconnect"}]) == (None, 0)
    assert _on_disk(api) == []
    assert (await api.get("/files"))["data"] == []


async def test_a_request_that_is_cancelled_leaves_nothing_behind(api: Api) -> None:
    reached = asyncio.Event()

    async def stalled() -> AsyncIterator[bytes]:
        yield _form(_FILE)[:-10]
        yield b"x" * (3 << 20)
        reached.set()
        await asyncio.Event().wait()

    request = asyncio.create_task(_send(api, stalled()))
    await reached.wait()
    assert len(_on_disk(api)) == 1
    request.cancel()
    await asyncio.wait([request])
    assert _on_disk(api) == []


async def test_64_megabytes_pass_through_a_few_in_both_directions(api: Api) -> None:
    piece = b"x" * 65_536
    head, tail = _form(_PURPOSE, _FILE)[: -len("hello\r\n--b--\r\n")], b"\r\n--b--\r\n"

    def pieces() -> Iterable[dict[str, Any]]:
        yield {"type": "http.request", "body": head, "more_body": True}
        for _ in range(1024):
            yield {"type": "http.request", "body": piece, "more_body": True}
        yield {"type": "http.request", "body": tail, "more_body": False}

    await api.file()
    tracemalloc.start()
    try:
        assert (await _call(api, "POST", "/files", pieces()))[0] == 200
        file = (await api.get("/files"))["data"][0]
        assert file["bytes"] == 64 * 1024 * 1024
        assert await _call(api, "GET", f"/files/{file['id']}/content", []) == (200, file["bytes"])
        assert tracemalloc.get_traced_memory()[1] < 8 * 1024 * 1024
    finally:
        tracemalloc.stop()


async def test_two_uploads_at_once_do_not_mix(api: Api) -> None:
    contents = [bytes([n]) * 2_500_000 for n in range(2)]
    made = await asyncio.gather(*(api.file(f"{n}.bin", content) for n, content in enumerate(contents)))
    for file, content in zip(made, contents, strict=True):
        assert (await api.http.get(f"/files/{file['id']}/content")).content == content
