"""Taking files in: survives restarts, happens once among several servers, and does not mind deletes half-way."""

import asyncio
import time
from pathlib import Path
from typing import Any

import httpx2
import pytest

from asstctl.emulator import Emulator, open_emulator
from asstctl.emulator.knowledge import extraction, ingestion, leases
from asstctl.emulator.knowledge.documents import Unreadable
from tests.emulator.harness import Api, Clock, serving
from tests.emulator.knowledge import DEADLINE, names, rows, settled, store_of, swept, until, upload
from tests.emulator.process import Server

pytestmark = pytest.mark.anyio

SMALL = {"type": "static", "static": {"max_chunk_size_tokens": 100, "chunk_overlap_tokens": 0}}


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "local.db"


class _Gate:
    """Holds up extraction, and counts what it was asked for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.open = asyncio.Event()
        self.asked: list[str] = []
        monkeypatch.setattr(ingestion, "text_of", self._text_of)

    async def _text_of(self, path: Path, filename: str) -> str:
        self.asked.append(filename)
        await self.open.wait()
        return await extraction.text_of(path, filename)

    async def reached(self, count: int = 1) -> None:
        await until(lambda: len(self.asked) >= count)


async def _store(api: Api, **files: str) -> tuple[Any, list[str]]:
    ids = [await upload(api, f"{name}.txt", text) for name, text in files.items()]
    return await api.post("/vector_stores", {"file_ids": ids}), ids


def _working(api: Api) -> bool:
    return bool(api.emulator.services.knowledge._ingestion._workers)


async def _abandon(emulator: Emulator, api: Api) -> None:
    """A server that ends without a word: its tasks are gone, its leases are there."""
    own = emulator.services.knowledge._ingestion
    own._closed = True
    for task in own._workers:
        task.cancel()
    await asyncio.gather(*own._workers, return_exceptions=True)
    await api.http.aclose()


async def test_a_restart_goes_on_with_the_files_that_wait(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = _Gate(monkeypatch)
    async with serving(database) as api:
        store, _ = await _store(api, a="refunds", b="shipping", c="returns")
        await gate.reached()
    gate.open.set()
    async with serving(database) as api:
        # Any request will do: nobody has to ask for the store.
        await api.get("/models")
        await until(lambda: not rows(api, "SELECT 1 FROM store_files WHERE status = 'in_progress'"))
        assert await names(api, store["id"], "returns") == ["c.txt"]


@pytest.mark.parametrize("asked", ["", "/files", "/files/{file_id}"])
async def test_a_stale_lease_is_taken_over_and_what_was_half_done_begins_again(
    database: Path, monkeypatch: pytest.MonkeyPatch, asked: str
) -> None:
    clock = Clock()
    emulator = open_emulator(database, clock=clock)
    one = Api(emulator)
    gate = _Gate(monkeypatch)
    store, (file_id,) = await _store(one, a="refunds " * 200)
    await gate.reached()
    await _abandon(emulator, one)
    file_seq = rows(one, "SELECT seq FROM store_files")[0][0]
    # Chunks of a server that was killed while it wrote them.
    emulator.services.store.connection.execute(
        "INSERT INTO chunks (file_seq, repeated, indexed, text) VALUES (?, 0, 1, 'half')", (file_seq,)
    )
    gate.open.set()
    async with serving(database, clock=clock) as two:
        assert (await two.get(f"/vector_stores/{store['id']}"))["status"] == "in_progress"
        assert len(gate.asked) == 1
        clock.now += leases.DURATION
        await two.get(f"/vector_stores/{store['id']}{asked.format(file_id=file_id)}")
        await until(lambda: not rows(two, "SELECT 1 FROM store_files WHERE status = 'in_progress'"))
        assert (await two.get(f"/vector_stores/{store['id']}"))["file_counts"]["completed"] == 1
        assert rows(two, "SELECT count(*) FROM chunks WHERE text = 'half'") == [(0,)]
    emulator.services.store.close()


async def test_a_lease_that_runs_out_is_noticed_without_any_request(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "DURATION", 0.1)
    clock = Clock()
    emulator = open_emulator(database, clock=clock)
    one = Api(emulator)
    gate = _Gate(monkeypatch)
    await _store(one, a="refunds")
    await gate.reached()
    await _abandon(emulator, one)
    gate.open.set()
    async with serving(database, clock=clock) as two:
        await two.get("/models")
        assert not _working(two)
        clock.now += leases.DURATION
        await until(lambda: not rows(two, "SELECT 1 FROM store_files WHERE status = 'in_progress'"))
    emulator.services.store.close()


async def test_two_servers_take_each_file_in_once(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = _Gate(monkeypatch)
    gate.open.set()
    async with serving(database) as one, serving(database) as two:
        store, _ = await _store(one, **{f"f{n}": f"text {n}" for n in range(20)})
        two.emulator.services.knowledge.start(two.emulator.services)
        await settled(two, store["id"])
        assert sorted(gate.asked) == sorted(f"f{n}.txt" for n in range(20))
        assert rows(one, "SELECT count(*) FROM chunks") == [(20,)]
        assert await names(one, store["id"], "17") == await names(two, store["id"], "17") == ["f17.txt"]


@pytest.mark.parametrize("what", ["file", "store file", "store", "batch"])
async def test_what_is_deleted_while_it_is_taken_in_leaves_nothing(
    api: Api, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    gate = _Gate(monkeypatch)
    store = await api.post("/vector_stores")
    path = f"/vector_stores/{store['id']}"
    file_id = await upload(api, "a.txt", "refunds " * 900)
    body = {"file_ids": [file_id], "chunking_strategy": SMALL}
    batch = await api.post(f"{path}/file_batches", body)
    await gate.reached()
    if what == "batch":
        cancelled = await api.post(f"{path}/file_batches/{batch['id']}/cancel")
        assert cancelled["file_counts"]["cancelled"] == 1
    else:
        await api.delete({"file": f"/files/{file_id}", "store file": f"{path}/files/{file_id}", "store": path}[what])
    gate.open.set()
    await swept(api)
    await until(lambda: not _working(api))
    assert rows(api, "SELECT count(*) FROM chunks") == [(0,)]


async def test_a_delete_between_two_batches_of_chunks_ends_the_work(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingestion, "_BATCH_TOKENS", 100)
    file_id = await upload(api, "a.txt", "refunds " * 20_000)
    store = await api.post("/vector_stores", {"file_ids": [file_id], "chunking_strategy": SMALL})
    await until(lambda: rows(api, "SELECT 1 FROM chunks"))
    await api.delete(f"/vector_stores/{store['id']}/files/{file_id}")
    assert (await api.get(f"/vector_stores/{store['id']}"))["status"] == "completed"
    await swept(api)
    await until(lambda: not _working(api))
    await swept(api)
    assert rows(api, "SELECT count(*) FROM chunks") == rows(api, "SELECT count(*) FROM chunk_words") == [(0,)]


async def test_a_file_cut_anew_while_it_is_taken_in_ends_up_as_asked_last(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = _Gate(monkeypatch)
    store, (file_id,) = await _store(api, a="refunds " * 300)
    await gate.reached()
    await api.post(f"/vector_stores/{store['id']}/files", {"file_id": file_id, "chunking_strategy": SMALL})
    gate.open.set()
    await settled(api, store["id"])
    await swept(api)
    assert rows(api, "SELECT count(*) FROM chunks")[0][0] > 3
    content = await api.get(f"/vector_stores/{store['id']}/files/{file_id}/content")
    assert content["data"][0]["text"] == "refunds " * 300


async def test_a_slow_file_does_not_hold_up_the_others(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = asyncio.Event()

    async def text_of(path: Path, filename: str) -> str:
        if filename == "slow.txt":
            await slow.wait()
        return "text"

    monkeypatch.setattr(ingestion, "text_of", text_of)
    store, ids = await _store(api, slow="x", quick="y", quicker="z")
    await until(lambda: rows(api, "SELECT count(*) FROM store_files WHERE status = 'completed'") == [(2,)])
    assert (await api.get(f"/vector_stores/{store['id']}/files/{ids[0]}"))["status"] == "in_progress"
    slow.set()
    await settled(api, store["id"])


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        (Unreadable("unsupported_file", "no"), "unsupported_file"),
        (RuntimeError("secret path"), "server_error"),
        (OSError("gone"), "server_error"),
    ],
)
async def test_a_problem_is_the_last_error_of_the_file(
    api: Api, monkeypatch: pytest.MonkeyPatch, problem: Exception, code: str
) -> None:
    async def text_of(path: Path, filename: str) -> str:
        raise problem

    monkeypatch.setattr(ingestion, "text_of", text_of)
    store, (file_id,) = await _store(api, a="x")
    assert (await settled(api, store["id"]))["file_counts"]["failed"] == 1
    file = await api.get(f"/vector_stores/{store['id']}/files/{file_id}")
    assert (file["status"], file["last_error"]["code"]) == ("failed", code)
    assert "secret" not in file["last_error"]["message"]


async def test_a_failed_file_can_be_attached_again(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(ingestion, "text_of", None)
        store, (file_id,) = await _store(api, a="refunds")
        await settled(api, store["id"])
    await api.post(f"/vector_stores/{store['id']}/files", {"file_id": file_id})
    assert (await settled(api, store["id"]))["file_counts"] == {
        "in_progress": 0,
        "completed": 1,
        "failed": 0,
        "cancelled": 0,
        "total": 1,
    }


async def test_settled_waits_for_the_files_of_these_stores_and_no_others(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    done, _ = await store_of(api, {"a.txt": "refunds"})
    gate = _Gate(monkeypatch)
    store, _ = await _store(api, b="refunds")
    services = api.emulator.services
    await gate.reached()
    await asyncio.wait_for(services.knowledge.settled(services, [done["id"], "vs_gone"]), DEADLINE)
    waiting = asyncio.create_task(services.knowledge.settled(services, [store["id"]]))
    await asyncio.sleep(0.02)
    assert not waiting.done()
    gate.open.set()
    await asyncio.wait_for(waiting, DEADLINE)


async def test_a_database_that_cannot_be_written_leaves_the_file_for_later(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    async with serving(database, clock=clock) as api:
        gate = _Gate(monkeypatch)
        store, _ = await _store(api, a="refunds")
        await gate.reached()
        connection = api.emulator.services.store.connection
        connection.execute("PRAGMA query_only = ON")
        gate.open.set()
        await until(lambda: not _working(api))
        connection.execute("PRAGMA query_only = OFF")
        clock.now += leases.DURATION
        api.emulator.services.knowledge.start(api.emulator.services)
        assert (await settled(api, store["id"]))["file_counts"]["completed"] == 1


async def test_many_chunks_are_written_in_short_turns(api: Api) -> None:
    """Counted in turns of the event loop, as times depend on the machine."""
    turns, running = 0, True

    async def count() -> None:
        nonlocal turns
        while running:
            turns += 1
            await asyncio.sleep(0)

    file_id = await upload(api, "a.txt", "Refunds take thirty days. 退款需要三天。\n" * 4_000)
    counting = asyncio.create_task(count())
    store = await api.post("/vector_stores", {"file_ids": [file_id]})
    await settled(api, store["id"])
    running = False
    await counting
    chunks = rows(api, "SELECT count(*) FROM chunks")[0][0]
    assert chunks > 100
    assert turns > chunks / 10


@pytest.mark.slow
def test_a_killed_server_loses_no_file_and_two_processes_share_the_work(database: Path) -> None:
    one, two = Server(database, hasty=True), Server(database, hasty=True)
    try:
        with httpx2.Client(timeout=DEADLINE) as http:
            ids = []
            for n in range(12):
                content = f"<p>text {n}</p>".encode()  # read by a child, so the kill comes in the middle
                sent = {"file": (f"f{n}.html", content)}
                ids.append(http.post(f"{one.url}/files", files=sent, data={"purpose": "assistants"}).json()["id"])
            store = http.post(f"{one.url}/vector_stores", json={"file_ids": ids}).json()
            one.kill()
            counts: dict[str, int] = {}
            ends = time.monotonic() + DEADLINE
            while time.monotonic() < ends:
                # A read of a store whose files wait is what begins to take stale leases over.
                counts = http.get(f"{two.url}/vector_stores/{store['id']}").json()["file_counts"]
                if not counts["in_progress"]:
                    break
                time.sleep(0.05)
            assert counts["completed"] == 12
            found = http.post(
                f"{two.url}/vector_stores/{store['id']}/search", json={"query": "text", "max_num_results": 50}
            )
            assert sorted(hit["filename"] for hit in found.json()["data"]) == sorted(f"f{n}.html" for n in range(12))
    finally:
        one.stop()
        two.stop()
