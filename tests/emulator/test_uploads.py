"""Uploads: parts that become a file, in order and complete, within their hour."""

import asyncio
import hashlib
from typing import Any

import openai
import pytest

from asstctl.emulator.objects import upload as limits
from asstctl.emulator.routes import uploads
from tests.emulator.harness import Api, Clock, serving

pytestmark = pytest.mark.anyio

_UPLOAD = {"filename": "a.txt", "purpose": "assistants", "bytes": 6, "mime_type": "text/plain"}


async def _start(api: Api, **fields: Any) -> Any:
    return await api.post("/uploads", {**_UPLOAD, **fields})


async def _part(api: Api, upload: Any, content: bytes) -> Any:
    response = await api.http.post(f"/uploads/{upload['id']}/parts", files={"data": ("blob", content)})
    assert response.status_code == 200, response.text
    return response.json()


async def _content(api: Api, file_id: str) -> bytes:
    content: bytes = (await api.http.get(f"/files/{file_id}/content")).content
    return content


def _on_disk(api: Api) -> list[str]:
    return sorted(path.name for path in api.emulator.services.blobs.folder.iterdir())


async def test_an_upload_has_the_members_of_the_wire(api: Api) -> None:
    # A4: upload, upload.part; A3: lives 1 h
    upload = await _start(api)
    assert upload == {
        "id": upload["id"],
        "object": "upload",
        "bytes": 6,
        "created_at": upload["created_at"],
        "filename": "a.txt",
        "purpose": "assistants",
        "status": "pending",
        "expires_at": upload["created_at"] + 3600,
        "file": None,
    }
    assert upload["id"].startswith("upload_")
    part = await _part(api, upload, b"abc")
    assert part == {
        "id": part["id"],
        "object": "upload.part",
        "created_at": part["created_at"],
        "upload_id": upload["id"],
    }
    assert part["id"].startswith("part_")


async def test_parts_become_a_file_in_the_order_that_complete_names(api: Api) -> None:
    upload = await _start(api, expires_after={"anchor": "created_at", "seconds": 3600})
    first, second = await _part(api, upload, b"abc"), await _part(api, upload, b"def")
    done = await api.post(f"/uploads/{upload['id']}/complete", {"part_ids": [second["id"], first["id"]]})
    assert done == {**upload, "status": "completed", "file": done["file"]}
    assert done["file"] == await api.get(f"/files/{done['file']['id']}")
    assert (done["file"]["bytes"], done["file"]["filename"], done["file"]["purpose"]) == (6, "a.txt", "assistants")
    assert done["file"]["expires_at"] == done["file"]["created_at"] + 3600
    assert await _content(api, done["file"]["id"]) == b"defabc"
    assert _on_disk(api) == [done["file"]["id"]]


async def test_the_checksum_is_compared_if_it_is_given(api: Api) -> None:
    # A3: complete: md5?
    upload = await _start(api)
    part = await _part(api, upload, b"abcdef")
    right = hashlib.md5(b"abcdef", usedforsecurity=False).hexdigest()
    body = {"part_ids": [part["id"]], "md5": "0" * 32}
    status, error = await api.refused("POST", f"/uploads/{upload['id']}/complete", body)
    assert (status, error["param"]) == (400, "md5")
    assert (await api.get("/files"))["data"] == []
    done = await api.post(f"/uploads/{upload['id']}/complete", {**body, "md5": right.upper()})
    assert done["status"] == "completed"


@pytest.mark.parametrize(
    ("sent", "param", "code"),
    [
        ({}, "part_ids", "missing_required_parameter"),
        ({"part_ids": "{part}"}, "part_ids", "invalid_type"),
        ({"part_ids": [1]}, "part_ids[0]", "invalid_type"),
        ({"part_ids": ["{part}", "part_x"]}, "part_ids[1]", "invalid_value"),
        ({"part_ids": ["../../etc/passwd"]}, "part_ids[0]", "invalid_value"),
        ({"part_ids": ["{other}"]}, "part_ids[0]", "invalid_value"),
        ({"part_ids": ["{part}", "{part}"]}, "part_ids[1]", "invalid_value"),
        ({"part_ids": []}, "part_ids", "invalid_value"),
        ({"part_ids": ["{part}"]}, "part_ids", "invalid_value"),
        ({"part_ids": ["{part}"], "size": 3}, "size", "unknown_parameter"),
    ],
)
async def test_a_wrong_complete_leaves_the_upload_open(api: Api, sent: Any, param: str, code: str) -> None:
    # A3: part_ids* in order; the byte count must match
    upload = await _start(api)
    part, rest = await _part(api, upload, b"abc"), await _part(api, upload, b"def")
    other = await _part(api, await _start(api), b"abcdef")
    ids = {"{part}": part["id"], "{other}": other["id"]}
    if isinstance(sent.get("part_ids"), list):
        sent = {**sent, "part_ids": [ids.get(each, each) for each in sent["part_ids"]]}
    status, error = await api.refused("POST", f"/uploads/{upload['id']}/complete", sent)
    assert (status, error["param"], error["code"]) == (400, param, code)
    done = await api.post(f"/uploads/{upload['id']}/complete", {"part_ids": [part["id"], rest["id"]]})
    assert await _content(api, done["file"]["id"]) == b"abcdef"


async def test_bytes_that_do_not_add_up_are_named(api: Api) -> None:
    upload = await _start(api)
    part = await _part(api, upload, b"abc")
    error = (await api.refused("POST", f"/uploads/{upload['id']}/complete", {"part_ids": [part["id"]]}))[1]
    assert error["message"] == f"Upload {upload['id']} was created for 6 bytes, but the given parts have 3 bytes."


@pytest.mark.parametrize(
    ("fields", "param", "code"),
    [
        ({"filename": None}, "filename", "invalid_type"),
        ({"filename": ""}, "filename", "invalid_value"),
        ({"filename": "x" * 256}, "filename", "string_above_max_length"),
        ({"purpose": "fun"}, "purpose", "invalid_value"),
        ({"bytes": -1}, "bytes", "integer_below_min_value"),
        ({"bytes": 8 * 1024**3 + 1}, "bytes", "integer_above_max_value"),
        ({"bytes": "6"}, "bytes", "invalid_type"),
        ({"mime_type": 1}, "mime_type", "invalid_type"),
        (
            {"expires_after": {"anchor": "created_at", "seconds": 60}},
            "expires_after.seconds",
            "integer_below_min_value",
        ),
        ({"parts": 3}, "parts", "unknown_parameter"),
    ],
)
async def test_a_wrong_parameter_of_an_upload_is_refused(api: Api, fields: Any, param: str, code: str) -> None:
    # A3: upload
    status, error = await api.refused("POST", "/uploads", {**_UPLOAD, **fields})
    assert (status, error["param"], error["code"]) == (400, param, code)


@pytest.mark.parametrize("member", sorted(_UPLOAD))
async def test_an_upload_needs_all_four_parameters(api: Api, member: str) -> None:
    # A3: filename*, purpose*, bytes*, mime_type*
    body = {key: value for key, value in _UPLOAD.items() if key != member}
    status, error = await api.refused("POST", "/uploads", body)
    assert (status, error["message"]) == (400, f"Missing required parameter: '{member}'.")


@pytest.mark.parametrize("ending", ["completed", "cancelled", "expired"])
@pytest.mark.parametrize("then", ["parts", "complete", "cancel"])
async def test_an_upload_that_is_over_takes_nothing_more(ending: str, then: str) -> None:
    clock = Clock()
    async with serving(clock=clock) as api:
        upload = await _start(api)
        part = await _part(api, upload, b"abcdef")
        path = f"/uploads/{upload['id']}"
        if ending == "completed":
            await api.post(f"{path}/complete", {"part_ids": [part["id"]]})
        elif ending == "cancelled":
            cancelled = await api.post(f"{path}/cancel")
            assert cancelled == {**upload, "status": "cancelled"}
        else:
            clock.now += 3600
        if then == "parts":
            response = await api.http.post(f"{path}/parts", files={"data": ("blob", b"more")})
        else:
            response = await api.send("POST", f"{path}/{then}", {"part_ids": []} if then == "complete" else None)
        verb = {"parts": "add parts to", "complete": "complete", "cancel": "cancel"}[then]
        assert response.status_code == 400
        message = f"Cannot {verb} upload {upload['id']} with status '{ending}'."
        assert response.json()["error"]["message"] == message
        assert [name for name in _on_disk(api) if not name.startswith("file-")] == []


async def test_an_upload_lives_for_its_hour() -> None:
    # A3: lives 1 h
    clock = Clock()
    async with serving(clock=clock) as api:
        upload = await _start(api)
        clock.now += 3599
        part = await _part(api, upload, b"abcdef")
        done = await api.post(f"/uploads/{upload['id']}/complete", {"part_ids": [part["id"]]})
        assert done["status"] == "completed"


@pytest.mark.parametrize(
    ("upload_id", "status", "message"),
    [
        ("upload_x", 404, "No upload found with id 'upload_x'."),
        ("file-x", 400, "Invalid 'upload_id': 'file-x'. Expected an ID that begins with 'upload'."),
    ],
)
async def test_an_unknown_upload_is_refused(api: Api, upload_id: str, status: int, message: str) -> None:
    for tail, body in (("parts", None), ("complete", {"part_ids": []}), ("cancel", None)):
        found, error = await api.refused("POST", f"/uploads/{upload_id}/{tail}", body)
        assert (found, error["message"]) == (status, message)


async def test_an_upload_of_nothing_is_an_empty_file(api: Api) -> None:
    upload = await _start(api, bytes=0)
    done = await api.post(f"/uploads/{upload['id']}/complete", {"part_ids": []})
    assert await _content(api, done["file"]["id"]) == b""


async def test_a_part_may_come_without_a_file_name(api: Api) -> None:
    upload = await _start(api)
    body = b'--b\r\nContent-Disposition: form-data; name="data"\r\n\r\nabcdef\r\n--b--\r\n'
    headers = {"content-type": "multipart/form-data; boundary=b"}
    part = (await api.http.post(f"/uploads/{upload['id']}/parts", content=body, headers=headers)).json()
    done = await api.post(f"/uploads/{upload['id']}/complete", {"part_ids": [part["id"]]})
    assert await _content(api, done["file"]["id"]) == b"abcdef"


async def test_a_part_needs_its_data(api: Api) -> None:
    upload = await _start(api)
    response = await api.http.post(f"/uploads/{upload['id']}/parts", files={"file": ("blob", b"abc")})
    assert response.json()["error"]["message"] == "Unknown parameter: 'file'."
    assert _on_disk(api) == []


async def test_a_part_is_bounded(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    # A3: parts <=64 MB
    assert limits.MAX_PART == 64 * 1024 * 1024
    monkeypatch.setattr(uploads, "MAX_PART", 100)
    upload = await _start(api)
    await _part(api, upload, b"x" * 100)
    response = await api.http.post(f"/uploads/{upload['id']}/parts", files={"data": ("blob", b"x" * 101)})
    assert (response.status_code, response.json()["error"]["param"]) == (413, "data")
    assert len(_on_disk(api)) == 1


async def test_the_parts_of_an_upload_are_bounded_together(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    # A3: total <=8 GB
    assert limits.MAX_UPLOAD == 8 * 1024**3
    monkeypatch.setattr(uploads, "MAX_UPLOAD", 10)
    upload = await _start(api)
    await _part(api, upload, b"abcdef")
    response = await api.http.post(f"/uploads/{upload['id']}/parts", files={"data": ("blob", b"abcdef")})
    assert response.status_code == 413


async def test_of_two_completes_at_once_one_makes_the_file(api: Api) -> None:
    upload = await _start(api)
    part = await _part(api, upload, b"abcdef")
    path, body = f"/uploads/{upload['id']}/complete", {"part_ids": [part["id"]]}
    answers = await asyncio.gather(*(api.send("POST", path, body) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400]
    assert len((await api.get("/files"))["data"]) == 1
    assert len(_on_disk(api)) == 1


async def test_the_sdk_uploads_in_chunks(api: Api) -> None:
    client = openai.AsyncOpenAI(
        api_key="k", base_url="http://local/v1", http_client=api.http, _strict_response_validation=True
    )
    content = bytes(range(256)) * 10
    upload = await client.uploads.upload_file_chunked(
        file=content,
        filename="big.bin",
        bytes=len(content),
        mime_type="application/octet-stream",
        purpose="assistants",
        part_size=1000,
        md5=hashlib.md5(content, usedforsecurity=False).hexdigest(),
    )
    assert upload.status == "completed"
    assert upload.file is not None
    assert (await client.files.content(upload.file.id)).read() == content
