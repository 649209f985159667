"""Batches of files: what they count, and go on counting whatever becomes of their files."""

from typing import Any

import pytest

from tests.emulator.harness import Api
from tests.emulator.knowledge import rows, settled, swept, upload

pytestmark = pytest.mark.anyio

STATIC = {"type": "static", "static": {"max_chunk_size_tokens": 100, "chunk_overlap_tokens": 50}}


def _counts(**counts: int) -> Any:
    empty = {"in_progress": 0, "completed": 0, "failed": 0, "cancelled": 0}
    return {**empty, **counts, "total": sum(counts.values())}


async def _batch(api: Api, store: Any, *files: Any) -> str:
    """The path of a batch of these, ids or objects."""
    body = {"file_ids": files} if isinstance(files[0], str) else {"files": files}
    return f"/vector_stores/{store['id']}/file_batches/" + str(
        (await api.post(f"/vector_stores/{store['id']}/file_batches", body))["id"]
    )


async def _listed(api: Api, batch: str) -> set[str]:
    return {each["id"] for each in (await api.get(f"{batch}/files"))["data"]}


async def test_a_batch_counts_its_files_whichever_batch_names_them_later(api: Api) -> None:
    store, one, two = await api.post("/vector_stores"), await upload(api, "a", "text"), await upload(api, "b", "text")
    first = await _batch(api, store, one, two)
    await settled(api, store["id"])
    second = await _batch(api, store, two)
    assert (await api.get(first))["file_counts"] == _counts(completed=2)
    assert (await api.get(second))["file_counts"] == _counts(completed=1)
    assert (await _listed(api, first), await _listed(api, second)) == ({one, two}, {two})


@pytest.mark.parametrize("gone", ["/vector_stores/{store}/files/{file}", "/files/{file}"])
async def test_the_total_of_a_batch_stays_when_a_file_goes(api: Api, gone: str) -> None:
    store, one, two = await api.post("/vector_stores"), await upload(api, "a", "text"), await upload(api, "b", bytes(9))
    batch = await _batch(api, store, one, two)
    await settled(api, store["id"])
    for file_id in (one, two):
        await api.delete(gone.format(store=store["id"], file=file_id))
        assert (await api.get(batch))["file_counts"] == _counts(completed=1, failed=1)
    assert await _listed(api, batch) == set()
    assert (await api.get(f"/vector_stores/{store['id']}"))["file_counts"]["total"] == 0


async def test_a_file_that_goes_before_it_was_taken_in_counts_as_cancelled(api: Api) -> None:
    store, file_id = await api.post("/vector_stores"), await upload(api, "a", "text")
    batch = await _batch(api, store, file_id)
    await api.delete(f"/vector_stores/{store['id']}/files/{file_id}")
    shown = await api.get(batch)
    assert (shown["status"], shown["file_counts"]) == ("completed", _counts(cancelled=1))


async def test_a_file_named_twice_counts_twice_and_is_listed_once(api: Api) -> None:
    store, file_id = await api.post("/vector_stores"), await upload(api, "a", "text")
    batch = await _batch(api, store, file_id, file_id)
    assert (await api.get(batch))["file_counts"]["total"] == 2
    await settled(api, store["id"])
    assert (await api.get(batch))["file_counts"] == _counts(completed=2)
    assert [each["id"] for each in (await api.get(f"{batch}/files"))["data"]] == [file_id]


async def test_a_file_cut_anew_for_a_later_batch_counts_in_the_first_as_it_was(api: Api) -> None:
    store, file_id = await api.post("/vector_stores"), await upload(api, "a", bytes(9))
    first = await _batch(api, store, file_id)
    await settled(api, store["id"])
    second = await _batch(api, store, {"file_id": file_id, "chunking_strategy": STATIC})
    assert (await api.get(first))["status"] == "failed"
    await settled(api, store["id"])
    assert [(await api.get(batch))["file_counts"] for batch in (first, second)] == [_counts(failed=1)] * 2


async def test_cancelling_a_batch_leaves_what_another_one_waits_for(api: Api) -> None:
    store = await api.post("/vector_stores")
    ours, shared = await upload(api, "a.html", "<p>text"), await upload(api, "b.html", "<p>text")
    first, second = await _batch(api, store, ours, shared), await _batch(api, store, shared)
    cancelled = await api.post(f"{first}/cancel", {})
    assert (cancelled["status"], cancelled["file_counts"]) == ("cancelled", _counts(cancelled=2))
    await settled(api, store["id"])
    assert (await api.get(second))["file_counts"] == _counts(completed=1)
    assert (await api.get(first))["file_counts"] == _counts(cancelled=2)
    assert (await api.get(f"/vector_stores/{store['id']}/files/{ours}"))["status"] == "cancelled"


async def test_a_store_takes_what_its_batches_counted_with_it(api: Api) -> None:
    store, file_id = await api.post("/vector_stores"), await upload(api, "a", "text")
    await _batch(api, store, file_id)
    await settled(api, store["id"])
    await api.delete(f"/vector_stores/{store['id']}")
    await swept(api)
    assert rows(api, "SELECT count(*) FROM batch_files") == [(0,)]


async def test_files_of_a_batch_are_listed_by_pages_and_by_status(api: Api) -> None:
    store = await api.post("/vector_stores")
    ids = [await upload(api, f"{number}", "text") for number in range(3)] + [await upload(api, "bad", bytes(9))]
    await _batch(api, store, *ids)
    batch = await _batch(api, store, *ids[1:])
    await settled(api, store["id"])
    page = await api.get(f"{batch}/files", order="asc", limit=2)
    assert ([each["id"] for each in page["data"]], page["has_more"]) == (ids[1:3], True)
    page = await api.get(f"{batch}/files", order="asc", after=ids[2])
    assert ([each["id"] for each in page["data"]], page["has_more"]) == (ids[3:], False)
    failed = await api.get(f"{batch}/files", filter="failed")
    assert [each["id"] for each in failed["data"]] == ids[3:]


async def test_a_batch_takes_files_with_settings_of_their_own(api: Api) -> None:
    store = await api.post("/vector_stores")
    one, two = await upload(api, "a.txt", "text"), await upload(api, "b.txt", "text")
    files = [{"file_id": one, "attributes": {"n": 1}}, {"file_id": two, "chunking_strategy": STATIC}]
    batch = await api.post(f"/vector_stores/{store['id']}/file_batches", {"files": files, "attributes": {"n": 9}})
    assert (batch["object"], batch["status"]) == ("vector_store.files_batch", "in_progress")  # A6
    await settled(api, store["id"])
    path = f"/vector_stores/{store['id']}/file_batches/{batch['id']}"
    batch = await api.get(path)
    assert (batch["status"], batch["file_counts"]["completed"]) == ("completed", 2)
    listed = (await api.get(f"{path}/files", order="asc"))["data"]
    assert [each["attributes"] for each in listed] == [{"n": 1}, {}]
    assert listed[1]["chunking_strategy"] == STATIC


async def test_settings_of_a_batch_hold_for_all_its_file_ids(api: Api) -> None:
    store = await api.post("/vector_stores")
    file_id = await upload(api, "a.txt", "text")
    body = {"file_ids": [file_id], "attributes": {"n": 9}, "chunking_strategy": STATIC}
    batch = await api.post(f"/vector_stores/{store['id']}/file_batches", body)
    (file,) = (await api.get(f"/vector_stores/{store['id']}/file_batches/{batch['id']}/files"))["data"]
    assert (file["attributes"], file["chunking_strategy"]) == ({"n": 9}, STATIC)


async def test_a_cancelled_batch_gives_up_the_files_that_wait(api: Api) -> None:
    store = await api.post("/vector_stores")
    ids = [await upload(api, f"{n}.txt", "word " * 50) for n in range(5)]
    batch = await api.post(f"/vector_stores/{store['id']}/file_batches", {"file_ids": ids})
    path = f"/vector_stores/{store['id']}/file_batches/{batch['id']}"
    batch = await api.post(f"{path}/cancel")
    assert batch["status"] == "cancelled"
    counts = batch["file_counts"]
    assert (counts["in_progress"], counts["cancelled"] + counts["completed"]) == (0, 5)
    await swept(api)
    completed = (await api.get(path))["file_counts"]["completed"]
    assert rows(api, "SELECT count(*) FROM chunks") == [(completed,)]
    assert (await api.get(f"/vector_stores/{store['id']}"))["status"] == "completed"


async def test_cancel_leaves_a_finished_batch_as_it_is(api: Api) -> None:  # A4
    store = await api.post("/vector_stores")
    batch = await api.post(
        f"/vector_stores/{store['id']}/file_batches", {"file_ids": [await upload(api, "a.txt", "text")]}
    )
    await settled(api, store["id"])
    after = await api.post(f"/vector_stores/{store['id']}/file_batches/{batch['id']}/cancel")
    assert after["status"] == "completed"
