"""AssistantsFiles over a server that is not ours: odd answers, odd ids, lists that do not end."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest

from asstctl.core.errors import BadAnswer, IncompleteListing
from asstctl.core.ports import FileHost
from asstctl.providers.assistants.capabilities import ASSISTANTS_V2, MAX_FILE, VECTOR_STORE_LIMITS
from asstctl.providers.assistants.dialects import FULL
from asstctl.providers.assistants.provider import Provider
from tests.local_files import written

pytestmark = pytest.mark.anyio

Answers = Callable[[httpx2.Request], httpx2.Response]


class Server:
    """Answers every request in one way, and keeps what it was asked."""

    def __init__(self, answers: Answers) -> None:
        self.requests: list[httpx2.Request] = []
        self._answers = answers
        provider = Provider("https://example.org/v1", httpx2.MockTransport(self._answer), place="example.org")
        assert provider.files is not None
        self.files: FileHost = provider.files

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        return self._answers(request)

    @property
    def asked(self) -> list[str]:
        return [f"{request.method} {request.url.raw_path.decode()}" for request in self.requests]


def upload(id: str = "file-1", **more: object) -> dict[str, object]:
    return {"id": id, "object": "file", "created_at": 1, "filename": "a.md", "bytes": 5, **more}


def page(*objects: dict[str, object], more: bool = False) -> httpx2.Response:
    return httpx2.Response(200, json={"object": "list", "data": objects, "has_more": more})


async def test_uploads_are_asked_for_by_purpose_page_by_page() -> None:
    """And those of another purpose are left out where a server does not choose."""
    pages = [
        page(upload("file-1"), upload("file-2", purpose="vision"), more=True),
        page(upload("file-3", purpose="assistants")),
    ]
    server = Server(lambda _: pages.pop(0))

    assert [one.id for one in await server.files.uploads()] == ["file-1", "file-3"]
    assert server.asked == [
        "GET /v1/files?purpose=assistants&order=asc&limit=100",
        "GET /v1/files?purpose=assistants&order=asc&limit=100&after=file-2",
    ]


async def test_a_list_that_goes_in_circles_is_incomplete() -> None:
    """Absence from it proves nothing."""
    server = Server(lambda _: page(upload(), more=True))

    with pytest.raises(IncompleteListing, match="the list of files cannot be trusted"):
        await server.files.uploads()
    with pytest.raises(IncompleteListing, match="the list of files of vs_1 cannot be trusted"):
        await server.files.attached("vs_1")


async def test_ids_cannot_lead_elsewhere() -> None:
    """Each stays one part of its path."""
    server = Server(lambda _: httpx2.Response(200, json={"deleted": True}))

    await server.files.delete("../assistants/asst_1")
    await server.files.detach("vs_1/../x", "file-1?a=b")

    assert server.asked == [
        "DELETE /v1/files/..%2Fassistants%2Fasst_1",
        "DELETE /v1/vector_stores/vs_1%2F..%2Fx/files/file-1%3Fa%3Db",
    ]


async def test_a_delete_that_deletes_nothing_is_a_bad_answer() -> None:
    """Of an upload and of its place in a store."""
    server = Server(lambda _: httpx2.Response(200, json={"id": "file-1", "deleted": False}))

    with pytest.raises(BadAnswer, match="file file-1: its answer says deleted: false"):
        await server.files.delete("file-1")
    with pytest.raises(BadAnswer, match="file file-1 of vs_1: its answer says deleted: false"):
        await server.files.detach("vs_1", "file-1")


async def test_chunking_that_is_not_given_is_not_sent() -> None:
    """None is the server's own choice; attributes always go."""
    raw = {"id": "file-1", "object": "vector_store.file", "created_at": 1, "status": "in_progress"}
    server = Server(lambda _: httpx2.Response(200, json=raw))

    await server.files.attach("vs_1", "file-1", attributes={"a": 1}, chunking=None)
    await server.files.attach("vs_1", "file-1", attributes={}, chunking={"type": "static"})

    assert [request.content for request in server.requests] == [
        b'{"file_id":"file-1","attributes":{"a":1}}',
        b'{"file_id":"file-1","attributes":{},"chunking_strategy":{"type":"static"}}',
    ]


async def test_an_upload_that_lost_bytes_is_deleted(tmp_path: Path) -> None:
    """A server that kept a part of the file did not keep the file."""

    def answers(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, json=upload(bytes=3) if request.method == "POST" else {"deleted": True})

    server = Server(answers)

    with pytest.raises(BadAnswer, match=r"a\.md: 3 of 5 bytes; file-1 was deleted"):
        await server.files.upload(written(tmp_path, "a.md"))
    assert server.asked == ["POST /v1/files", "DELETE /v1/files/file-1"]


async def test_a_server_that_does_not_count_is_believed(tmp_path: Path) -> None:
    """Zero bytes say nothing."""
    server = Server(lambda _: httpx2.Response(200, json=upload(bytes=0)))

    assert (await server.files.upload(written(tmp_path, "a.md"))).id == "file-1"


@pytest.mark.parametrize(
    "capabilities",
    [
        replace(ASSISTANTS_V2, fields={"assistant": ASSISTANTS_V2.fields["assistant"]}),
        replace(ASSISTANTS_V2, missing={"files": "this server has no files"}),
    ],
)
def test_a_wire_without_files_has_none(capabilities: object) -> None:
    """Without vector stores, or without files."""
    dialect = replace(FULL, capabilities=capabilities)  # type: ignore[arg-type]
    transport = httpx2.MockTransport(lambda _: httpx2.Response(500))

    assert Provider("https://example.org/v1", transport, place="example.org", dialect=dialect).files is None


def test_the_limits_of_files_leave_room_for_ours() -> None:
    """Three of sixteen attributes are the program's."""
    assert VECTOR_STORE_LIMITS["files[].attributes"].max_items == 13
    assert VECTOR_STORE_LIMITS["files[].bytes"].maximum == MAX_FILE == 512 * 1024 * 1024
