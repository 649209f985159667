"""Files, uploads and vector stores through the helpers of the `openai` package."""

import hashlib
import io
from pathlib import Path
from typing import Any

import pytest

from tests.emulator.sdk.clients import done
from tests.emulator.sdk.scene import GUIDE

pytestmark = pytest.mark.anyio

_MENU = "Monday: noodles. Tuesday: dumplings. Wednesday: rice with mushrooms.\n"


async def test_a_file_from_disk_comes_back_byte_for_byte(echo: Any, tmp_path: Path) -> None:
    path = tmp_path / "课程.bin"
    path.write_bytes(bytes(range(256)) * 5_000)
    made = await done(echo.files.create(file=path, purpose="assistants"))
    assert (made.filename, made.bytes, made.status, made.purpose) == (path.name, 1_280_000, "processed", "assistants")
    assert made == await done(echo.files.wait_for_processing(made.id))
    assert (await done(echo.files.content(made.id))).content == path.read_bytes()
    gone = await done(echo.files.delete(made.id))
    assert (gone.id, gone.object, gone.deleted) == (made.id, "file", True)


async def test_files_are_listed_by_purpose(echo: Any) -> None:
    kept = await done(echo.files.create(file=("a.jsonl", b"{}\n"), purpose="batch"))
    other = await done(echo.files.create(file=("a.png", b"x"), purpose="vision"))
    listed = [file.id for file in (await done(echo.files.list(purpose="batch"))).data]
    assert kept.id in listed
    assert other.id not in listed


async def test_a_file_in_chunks_becomes_one_file(echo: Any, tmp_path: Path) -> None:
    path = tmp_path / "big.txt"
    path.write_bytes(b"0123456789" * 1_000)
    upload = await done(
        echo.uploads.upload_file_chunked(
            file=path,
            mime_type="text/plain",
            purpose="assistants",
            part_size=4_096,
            md5=hashlib.md5(path.read_bytes()).hexdigest(),
        )
    )
    assert (upload.status, upload.file.bytes, upload.file.filename) == ("completed", 10_000, "big.txt")
    assert (await done(echo.files.content(upload.file.id))).content == path.read_bytes()


async def test_bytes_in_chunks_become_one_file(echo: Any) -> None:
    data = GUIDE.encode()
    upload = await done(
        echo.uploads.upload_file_chunked(
            file=data, filename="guide.txt", bytes=len(data), mime_type="text/plain", purpose="assistants", part_size=10
        )
    )
    assert (await done(echo.files.content(upload.file.id))).content == data


async def test_a_store_file_is_uploaded_and_polled_until_it_can_be_searched(echo: Any) -> None:
    store = await done(echo.vector_stores.create(name="guides"))
    assert (store.status, store.file_counts.total) == ("completed", 0)
    file = await done(
        echo.vector_stores.files.upload_and_poll(vector_store_id=store.id, file=("guide.txt", GUIDE.encode()))
    )
    assert (file.status, file.last_error, file.vector_store_id) == ("completed", None, store.id)
    # A4: the strategy auto comes back as what it stands for
    assert file.chunking_strategy.static.max_chunk_size_tokens == 800
    assert file.chunking_strategy.static.chunk_overlap_tokens == 400
    page = await done(echo.vector_stores.search(store.id, query="When does the robotics lab meet?"))
    assert page.data[0].file_id == file.id
    assert page.data[0].filename == "guide.txt"
    assert "Wednesday" in page.data[0].content[0].text
    assert 0 <= page.data[0].score <= 1
    content = (await done(echo.vector_stores.files.content(file.id, vector_store_id=store.id))).data
    assert "".join(part.text for part in content) == GUIDE


async def test_a_known_file_is_attached_and_polled_with_its_attributes(echo: Any) -> None:
    store = await done(echo.vector_stores.create(name="guides"))
    file = await done(echo.files.create(file=("guide.txt", GUIDE.encode()), purpose="assistants"))
    attached = await done(
        echo.vector_stores.files.create_and_poll(
            file.id, vector_store_id=store.id, attributes={"year": 2026, "open": True, "room": "B2"}
        )
    )
    assert attached.status == "completed"
    assert attached.attributes == {"year": 2026, "open": True, "room": "B2"}
    attached = await done(echo.vector_stores.files.update(file.id, vector_store_id=store.id, attributes={"room": "C1"}))
    assert attached.attributes == {"room": "C1"}
    for room, found in (("C1", 1), ("B2", 0)):
        filters: Any = {"type": "eq", "key": "room", "value": room}
        page = await done(echo.vector_stores.search(store.id, query="robotics", filters=filters))
        assert len(page.data) == found


async def test_a_batch_of_files_is_uploaded_and_polled(echo: Any) -> None:
    store = await done(echo.vector_stores.create(name="guides"))
    known = await done(echo.files.create(file=("menu.txt", _MENU.encode()), purpose="assistants"))
    batch = await done(
        echo.vector_stores.file_batches.upload_and_poll(
            store.id, files=[("guide.txt", GUIDE.encode()), io.BytesIO(b"Notes on paper.")], file_ids=[known.id]
        )
    )
    assert (batch.status, batch.file_counts.completed, batch.file_counts.total) == ("completed", 3, 3)
    listed = (await done(echo.vector_stores.file_batches.list_files(batch.id, vector_store_id=store.id))).data
    assert known.id in [file.id for file in listed]
    assert len(listed) == 3
    store = await done(echo.vector_stores.retrieve(store.id))
    assert (store.status, store.file_counts.completed, store.file_counts.in_progress) == ("completed", 3, 0)
    assert store.usage_bytes > 0


async def test_a_batch_gives_each_file_its_own_attributes(echo: Any) -> None:
    store = await done(echo.vector_stores.create(name="guides"))
    one = await done(echo.files.create(file=("guide.txt", GUIDE.encode()), purpose="assistants"))
    two = await done(echo.files.create(file=("menu.txt", _MENU.encode()), purpose="assistants"))
    batch = await done(
        echo.vector_stores.file_batches.create_and_poll(
            store.id,
            files=[{"file_id": one.id, "attributes": {"kind": "guide"}}, {"file_id": two.id}],
        )
    )
    assert batch.status == "completed"
    read = [await done(echo.vector_stores.files.retrieve(f.id, vector_store_id=store.id)) for f in (one, two)]
    assert [file.attributes for file in read] == [{"kind": "guide"}, {}]


async def test_a_file_that_holds_no_text_fails_and_the_helper_returns(echo: Any) -> None:
    store = await done(echo.vector_stores.create(name="guides"))
    file = await done(
        echo.vector_stores.files.upload_and_poll(vector_store_id=store.id, file=("noise.bin", bytes(range(256)) * 20))
    )
    assert file.status == "failed"
    assert file.last_error.code in ("unsupported_file", "invalid_file")
    store = await done(echo.vector_stores.retrieve(store.id))
    assert (store.file_counts.failed, store.file_counts.total) == (1, 1)


async def test_deleting_a_file_takes_it_out_of_its_store(echo: Any) -> None:
    store = await done(echo.vector_stores.create(name="guides"))
    file = await done(
        echo.vector_stores.files.upload_and_poll(vector_store_id=store.id, file=("guide.txt", GUIDE.encode()))
    )
    await done(echo.files.delete(file.id))
    assert (await done(echo.vector_stores.files.list(store.id))).data == []
    assert (await done(echo.vector_stores.search(store.id, query="robotics"))).data == []
