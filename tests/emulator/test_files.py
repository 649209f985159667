"""Files: what they look like, which are taken, how they are listed, given back, expire and go."""

import re
from typing import Any

import openai
import pytest

from asstctl.emulator.files.download import content_type
from tests.emulator.harness import Api, Clock, serving

pytestmark = pytest.mark.anyio

_FOREVER = {"expires_after[anchor]": "created_at"}


async def _post(api: Api, *, name: Any = "a.txt", content: bytes = b"hello", **data: str) -> tuple[int, Any]:
    response = await api.http.post("/files", files={"file": (name, content)}, data={"purpose": "assistants", **data})
    return response.status_code, response.json()


async def test_a_file_has_the_members_of_the_wire_in_their_order(api: Api) -> None:
    # A4: file
    status, file = await _post(api, name="notes.md", content=b"# hi")
    assert status == 200
    assert list(file) == [
        "object",
        "id",
        "purpose",
        "filename",
        "bytes",
        "created_at",
        "expires_at",
        "status",
        "status_details",
    ]
    assert re.fullmatch("file-[0-9A-Za-z]{22,24}", file["id"])
    assert isinstance(file["created_at"], int)
    rest = {key: value for key, value in file.items() if key not in ("id", "created_at")}
    assert rest == {
        "object": "file",
        "purpose": "assistants",
        "filename": "notes.md",
        "bytes": 4,
        "expires_at": None,
        "status": "processed",
        "status_details": None,
    }
    assert file == await api.get(f"/files/{file['id']}")


@pytest.mark.parametrize("purpose", ["assistants", "batch", "fine-tune", "vision", "user_data", "evals"])
async def test_a_client_may_give_each_purpose_of_its_own(api: Api, purpose: str) -> None:
    # A3: file create
    status, file = await _post(api, purpose=purpose)
    assert (status, file["purpose"]) == (200, purpose)


@pytest.mark.parametrize(
    ("data", "message", "param", "code"),
    [
        (
            {"purpose": "fun"},
            (
                "Invalid value: 'fun'. Supported values are: "
                "'assistants', 'batch', 'fine-tune', 'vision', 'user_data', and 'evals'."
            ),
            "purpose",
            "invalid_value",
        ),
        (
            {"purpose": "assistants_output"},
            (
                "Invalid value: 'assistants_output'. Supported values are: "
                "'assistants', 'batch', 'fine-tune', 'vision', 'user_data', and 'evals'."
            ),
            "purpose",
            "invalid_value",
        ),
        ({"colour": "red"}, "Unknown parameter: 'colour'.", "colour", "unknown_parameter"),
        ({"filename": "b.txt"}, "Unknown parameter: 'filename'.", "filename", "unknown_parameter"),
        (
            _FOREVER,
            "Missing required parameter: 'expires_after.seconds'.",
            "expires_after.seconds",
            "missing_required_parameter",
        ),
        (
            {**_FOREVER, "expires_after[seconds]": "3599"},
            (
                "Invalid 'expires_after.seconds': integer below minimum value. "
                "Expected a value >= 3600, but got 3599 instead."
            ),
            "expires_after.seconds",
            "integer_below_min_value",
        ),
        (
            {**_FOREVER, "expires_after[seconds]": "2592001"},
            (
                "Invalid 'expires_after.seconds': integer above maximum value. "
                "Expected a value <= 2592000, but got 2592001 instead."
            ),
            "expires_after.seconds",
            "integer_above_max_value",
        ),
        (
            {**_FOREVER, "expires_after[seconds]": "soon"},
            "Invalid type for 'expires_after.seconds': expected an integer, but got a string instead.",
            "expires_after.seconds",
            "invalid_type",
        ),
        (
            {"expires_after[anchor]": "now", "expires_after[seconds]": "3600"},
            "Invalid value: 'now'. Supported values are: 'created_at'.",
            "expires_after.anchor",
            "invalid_value",
        ),
        (
            {"expires_after": "3600"},
            "Invalid type for 'expires_after': expected an object, but got a string instead.",
            "expires_after",
            "invalid_type",
        ),
        (
            {**_FOREVER, "expires_after[days]": "1"},
            "Unknown parameter: 'expires_after.days'.",
            "expires_after.days",
            "unknown_parameter",
        ),
    ],
)
async def test_a_wrong_parameter_of_a_form_is_refused_as_in_json(
    api: Api, data: dict[str, str], message: str, param: str, code: str
) -> None:
    # A1: missing / enum / unknown, number range, wrong JSON type; A3: file create
    status, body = await _post(api, **data)
    expected = {"message": message, "type": "invalid_request_error", "param": param, "code": code}
    assert (status, body["error"]) == (400, expected)
    assert (await api.get("/files"))["data"] == []
    assert list(api.emulator.services.blobs.folder.iterdir()) == []


async def test_a_lenient_server_ignores_what_it_does_not_know_of_a_form() -> None:
    async with serving(lenient=True) as api:
        assert (await _post(api, colour="red"))[0] == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/files/{}"), ("DELETE", "/files/{}"), ("GET", "/files/{}/content")],
)
@pytest.mark.parametrize("file_id", ["file-x", "undefined", "file-..", "%2e%2e"])
async def test_an_unknown_file_is_404(api: Api, method: str, path: str, file_id: str) -> None:
    # A1: unknown file
    status, error = await api.refused(method, path.format(file_id))
    named = file_id.replace("%2e", ".")
    assert (status, error["message"], error["param"]) == (404, f"No such File object: {named}", "id")
    assert (error["type"], error["code"]) == ("invalid_request_error", None)


async def test_a_deleted_file_is_gone_with_its_bytes(api: Api) -> None:
    # A2: delete bodies
    file = await api.file()
    assert await api.delete(f"/files/{file['id']}") == {"id": file["id"], "object": "file", "deleted": True}
    assert (await api.refused("GET", f"/files/{file['id']}"))[0] == 404
    assert (await api.refused("DELETE", f"/files/{file['id']}"))[0] == 404
    assert list(api.emulator.services.blobs.folder.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"\x00\xff\r\n--x\r\n", b"z" * 1_500_000])
async def test_the_content_of_a_file_comes_back_byte_by_byte(api: Api, content: bytes) -> None:
    file = await api.file("data.bin", content)
    assert file["bytes"] == len(content)
    response = await api.http.get(f"/files/{file['id']}/content")
    assert (response.status_code, response.content) == (200, content)
    assert response.headers["content-length"] == str(len(content))


async def test_content_is_sent_to_be_saved_and_not_to_be_shown(api: Api) -> None:
    file = await api.file('页 "1".html', b"<script>alert(1)</script>")
    headers = (await api.http.get(f"/files/{file['id']}/content")).headers
    assert headers["content-type"] == "application/octet-stream"
    assert headers["content-disposition"].startswith("attachment; filename*=utf-8''%E9%A1%B5%20")
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.txt", "text/plain"),
        ("A.PNG", "image/png"),
        ("a.b.jsonl", "application/jsonl"),
        ("noext", "application/octet-stream"),
        (".txt", "application/octet-stream"),
        ("a.exe", "application/octet-stream"),
    ],
)
async def test_the_content_type_follows_the_name(name: str, expected: str) -> None:
    assert content_type(name) == expected


async def test_head_of_content_says_how_long_it_is(api: Api) -> None:
    file = await api.file(content=b"hello")
    response = await api.http.head(f"/files/{file['id']}/content")
    assert (response.status_code, response.headers["content-length"], response.content) == (200, "5", b"")


@pytest.mark.parametrize(("purpose", "status"), [("assistants", 400), ("user_data", 400), ("vision", 200)])
async def test_a_server_told_to_withhold_files_gives_none_for_assistants_back(purpose: str, status: int) -> None:
    # A5: content of purpose assistants/user_data files
    async with serving(withhold_files=True) as api:
        file = await api.file(purpose=purpose)
        response = await api.http.get(f"/files/{file['id']}/content")
        assert response.status_code == status
        if status == 400:
            assert response.json()["error"]["message"] == f"Not allowed to download files of purpose: {purpose}"


async def test_a_row_without_its_bytes_is_a_clean_404(api: Api) -> None:
    file = await api.file()
    api.emulator.services.blobs.path(file["id"]).unlink()
    status, error = await api.refused("GET", f"/files/{file['id']}/content")
    assert (status, error["message"]) == (
        404,
        f"The content of {file['id']} is not on the disk of this server any more.",
    )


async def test_files_are_listed_by_pages_in_both_orders(api: Api) -> None:
    # A1: lists; ties resolved by creation order
    ids = [(await api.file(f"{n}.txt"))["id"] for n in range(5)]
    page = await api.get("/files", limit=2, order="asc", after=ids[0])
    assert [file["id"] for file in page["data"]] == ids[1:3]
    assert (page["object"], page["first_id"], page["last_id"], page["has_more"]) == ("list", ids[1], ids[2], True)
    assert [file["id"] for file in (await api.get("/files"))["data"]] == ids[::-1]
    page = await api.get("/files", limit=10_000, after=ids[1])
    assert [file["id"] for file in page["data"]] == ids[:1]
    assert page["has_more"] is False


async def test_a_listing_of_files_knows_no_before(api: Api) -> None:
    # A1: files has no `before`
    ids = [(await api.file())["id"] for _ in range(2)]
    assert [file["id"] for file in (await api.get("/files", before=ids[0]))["data"]] == ids[::-1]


@pytest.mark.parametrize(
    ("query", "param", "code"),
    [
        ({"limit": 0}, "limit", "integer_below_min_value"),
        ({"limit": 10_001}, "limit", "integer_above_max_value"),
        ({"limit": "x"}, "limit", "invalid_type"),
        ({"order": "up"}, "order", "invalid_value"),
        ({"after": "file-x"}, "after", "invalid_value"),
    ],
)
async def test_a_wrong_query_of_the_listing_is_refused(api: Api, query: Any, param: str, code: str) -> None:
    # A1: `limit` out of range
    error = (await api.http.get("/files", params=query)).json()["error"]
    assert (error["param"], error["code"]) == (param, code)


async def test_files_are_listed_by_purpose(api: Api) -> None:
    vision = await api.file(purpose="vision")
    await api.file()
    assert (await api.get("/files", purpose="vision"))["data"] == [vision]
    assert (await api.get("/files", purpose="batch"))["data"] == []


@pytest.mark.parametrize("looks", ["get", "list", "content", "delete", "assistant"])
async def test_an_expired_file_is_gone_wherever_one_looks(looks: str) -> None:
    # A3: file create, expires_after
    clock = Clock()
    async with serving(clock=clock) as api:
        status, file = await _post(api, **_FOREVER, **{"expires_after[seconds]": "3600"})
        assert (status, file["expires_at"]) == (200, file["created_at"] + 3600)
        clock.now += 3599
        assert await api.get(f"/files/{file['id']}") == file
        clock.now += 1
        path = f"/files/{file['id']}"
        if looks == "list":
            assert (await api.get("/files"))["data"] == []
            assert list(api.emulator.services.blobs.folder.iterdir()) == []
        elif looks == "assistant":
            body = {"model": "m", "tool_resources": {"code_interpreter": {"file_ids": [file["id"]]}}}
            assert (await api.refused("POST", "/assistants", body))[0] == 404
        else:
            method, tail = {"get": ("GET", ""), "content": ("GET", "/content"), "delete": ("DELETE", "")}[looks]
            assert (await api.refused(method, path + tail))[0] == 404


@pytest.mark.parametrize("place", ["assistant", "assistant update", "thread", "thread update", "run", "thread in run"])
async def test_a_file_for_the_code_interpreter_must_exist(api: Api, place: str) -> None:
    # A1: unknown file
    assistant, thread = await api.assistant(), await api.thread("hello")
    resources = {"tool_resources": {"code_interpreter": {"file_ids": ["file-x"]}}}
    running = {"assistant_id": assistant["id"]}
    path, body = {
        "assistant": ("/assistants", {"model": "m", **resources}),
        "assistant update": (f"/assistants/{assistant['id']}", resources),
        "thread": ("/threads", resources),
        "thread update": (f"/threads/{thread['id']}", resources),
        "run": ("/threads/runs", {**running, **resources, "thread": {}}),
        "thread in run": ("/threads/runs", {**running, "thread": resources}),
    }[place]
    status, error = await api.refused("POST", path, body)
    assert (status, error["message"], error["param"]) == (404, "No such File object: file-x", "id")


async def test_the_code_interpreter_takes_twenty_files(api: Api) -> None:
    # A3: code_interpreter.file_ids <=20
    file_id = (await api.file())["id"]
    await api.assistant(tool_resources={"code_interpreter": {"file_ids": [file_id] * 20}})
    body = {"model": "m", "tool_resources": {"code_interpreter": {"file_ids": [file_id] * 21}}}
    assert (await api.refused("POST", "/assistants", body))[1]["code"] == "array_above_max_length"


async def test_the_sdk_creates_lists_reads_and_deletes_files(api: Api) -> None:
    client = openai.AsyncOpenAI(
        api_key="k", base_url="http://local/v1", http_client=api.http, _strict_response_validation=True
    )
    after: Any = {"anchor": "created_at", "seconds": 7200}
    file = await client.files.create(file=("数学.md", b"# hello"), purpose="assistants", expires_after=after)
    assert (file.filename, file.bytes, file.expires_at) == ("数学.md", 7, file.created_at + 7200)
    assert [each.id async for each in client.files.list(purpose="assistants", limit=1)] == [file.id]
    assert (await client.files.content(file.id)).read() == b"# hello"
    assert (await client.files.delete(file.id)).deleted
    with pytest.raises(openai.NotFoundError, match="No such File object"):
        await client.files.retrieve(file.id)
