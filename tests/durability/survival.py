"""What must be true of a database whose server was killed: everything that was acknowledged, and nobody locked out."""

import asyncio
import os
import sqlite3
import time
from pathlib import Path
from typing import Any

from tests.durability.load import FINAL, Ledger, digest
from tests.emulator.harness import Api

Json = Any


_MOVES_ON = {
    "thread": ("tool_resources",),
    "vector_store": ("status", "file_counts", "usage_bytes", "last_active_at", "expires_at"),
    "vector_store.file": ("status", "usage_bytes", "last_error"),
}
"""Members that the server itself changes."""


async def everything_acknowledged_is_there(api: Api, ledger: Ledger) -> None:
    for path, body in ledger.kept.items():
        allowed = [body]
        if path in ledger.doubtful:
            allowed.append(ledger.doubtful[path])
        response = await api.send("GET", path)
        found = response.json() if response.status_code == 200 else None
        assert _fixed(found) in map(_fixed, allowed), (path, allowed, response.status_code, response.text)
        if body["object"] == "vector_store.file" and body["status"] != "in_progress" and len(allowed) == 1:
            assert found == body, path
    for path in ledger.begun:
        assert (await api.send("GET", path)).status_code == 200, path
    for path in ledger.gone:
        assert (await api.send("GET", path)).status_code == 404, path


def _fixed(body: Json) -> Json:
    moving = _MOVES_ON.get(body["object"], ()) if body is not None else ()
    return body and {name: member for name, member in body.items() if name not in moving}


async def files_are_whole(api: Api, ledger: Ledger) -> None:
    for file_id, expected in ledger.contents.items():
        path = f"/files/{file_id}"
        if path in ledger.kept and path not in ledger.doubtful:
            response = await api.send("GET", f"{path}/content")
            assert (response.status_code, digest(response.content)) == (200, expected), path


async def open_uploads_can_be_completed(api: Api, ledger: Ledger) -> None:
    for upload_id, parts in ledger.uploads.items():
        if len(parts) < 3:
            continue  # the part that was coming in may be there, and nobody knows its id
        completed = await api.post(f"/uploads/{upload_id}/complete", {"part_ids": [part_id for part_id, _ in parts]})
        content = await api.send("GET", f"/files/{completed['file']['id']}/content")
        assert content.content == b"".join(content for _, content in parts)


async def runs_are_where_they_were_seen(api: Api, ledger: Ledger) -> None:
    """Right after the kill: nothing goes back, and what waits for its client still waits."""
    for path, seen in ledger.runs.items():
        found = (await api.get(path))["status"]
        if seen in (*FINAL, "requires_action"):
            assert found == seen, path
        elif seen == "in_progress":
            assert found != "queued", path


async def no_thread_is_locked(api: Api, ledger: Ledger) -> None:
    """Once the leases of the killed server have run out."""
    for path, seen in ledger.runs.items():
        run = await api.get(path)
        if run["status"] == "requires_action":
            run = await api.answer(run, *["late"] * len(run["required_action"]["submit_tool_outputs"]["tool_calls"]))
            assert run["status"] == "completed", path
        assert run["status"] in FINAL, path
        if seen == "cancelling":
            assert run["status"] == "cancelled", path
        elif seen not in (*FINAL, "requires_action", "answering") and run["status"] not in ("completed", "cancelled"):
            assert (run["status"], run["last_error"]["code"]) == ("failed", "server_error"), path
        for step in (await api.get(f"{path}/steps"))["data"]:
            assert step["status"] != "in_progress", path
    assistant = await api.assistant()
    for path in [path for path in ledger.kept if path.startswith("/threads/") and path.count("/") == 2]:
        if path in ledger.doubtful:
            continue
        for message in (await api.get(f"{path}/messages", limit=100))["data"]:
            assert message["status"] != "in_progress", path
        await api.post(f"{path}/messages", {"role": "user", "content": "still there?"})
        run = await api.run(path.rpartition("/")[2], assistant["id"])
        assert run["status"] == "completed"
        assert "still there?" in await api.reply(run)


async def stores_come_to_rest(api: Api, ledger: Ledger) -> None:
    """Once the leases have run out: what was being taken in is taken in, whole and once."""
    for store in await _all(api, "/vector_stores"):  # also those whose creation was not acknowledged
        deadline = time.monotonic() + 20
        while store["file_counts"]["in_progress"]:
            assert time.monotonic() < deadline, store
            await asyncio.sleep(0.01)
            store = await api.get(f"/vector_stores/{store['id']}")
        assert store["file_counts"]["failed"] == 0, store
    for path in [path for path in ledger.kept if path.startswith("/vector_stores/") and path.count("/") == 4]:
        if path in ledger.doubtful or ledger.doubtful.keys() & {f"/files/{path.rpartition('/')[2]}"}:
            continue
        store, _, file_id = path.partition("/files/")
        found = await api.get(path)
        assert (found["status"], found["last_error"]) == ("completed", None), path
        text = ledger.texts[file_id]
        assert [part["text"] for part in (await api.get(f"{path}/content"))["data"]] == [text], path
        hits = await api.post(f"{store}/search", {"query": text.split()[0]})
        assert {hit["file_id"] for hit in hits["data"]} == {file_id}, path


async def _all(api: Api, path: str) -> list[Json]:
    page = await api.get(path, limit=100)
    listed = page["data"]
    while page["has_more"]:
        page = await api.get(path, limit=100, after=page["last_id"])
        listed += page["data"]
    return list(listed)


async def no_chunk_is_an_orphan(api: Api) -> None:
    """Once the sweeper has been: what was half taken in or deleted is gone, from the index as well."""
    connection = api.emulator.services.store.connection
    if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'chunk_words'").fetchone() is None:
        assert connection.execute("SELECT * FROM chunks").fetchall() == []
        return
    left = (
        "SELECT 'to sweep', file_seq FROM dropped_chunks UNION SELECT status, file_seq FROM chunks "
        "LEFT JOIN store_files ON seq = file_seq WHERE status IS NOT 'completed'"
    )
    deadline = time.monotonic() + 20
    while orphans := connection.execute(left).fetchall():
        assert time.monotonic() < deadline, orphans
        await api.get("/vector_stores")
        await asyncio.sleep(0.01)
    indexed = connection.execute("SELECT rowid FROM chunk_words ORDER BY rowid").fetchall()
    assert indexed == connection.execute("SELECT id FROM chunks ORDER BY id").fetchall()
    connection.execute("INSERT INTO chunk_words (chunk_words) VALUES ('integrity-check')")


def every_row_has_its_blob(database: Path) -> None:
    """At any time: a row is committed after its blob is complete, and a blob goes after its row."""
    blobs = {entry.name: entry.stat().st_size for entry in _blobs(database)}
    for blob_id, size in _rows(database):
        assert blobs.get(blob_id) == size, blob_id


def age_blobs(database: Path) -> None:
    """As if an hour had passed, after which a sweep no longer spares what has no row."""
    for entry in _blobs(database):
        os.utime(entry, (1, 1))


def no_blob_is_an_orphan(database: Path) -> None:
    """After the sweep."""
    assert {entry.name for entry in _blobs(database)} == {blob_id for blob_id, _ in _rows(database)}


def _blobs(database: Path) -> list[Path]:
    folder = Path(f"{database}.files")
    return list(folder.iterdir()) if folder.is_dir() else []


def _rows(database: Path) -> list[tuple[str, int]]:
    sql = "SELECT id, json_extract(body, '$.bytes') FROM files UNION ALL SELECT id, bytes FROM upload_parts"
    connection = sqlite3.connect(database)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def database_is_sound(database: Path) -> None:
    connection = sqlite3.connect(database)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    finally:
        connection.close()


def no_process_is_left(pids: list[int]) -> None:
    """What the killed server had started ends by itself."""
    deadline = time.monotonic() + 10
    while any(Path(f"/proc/{pid}").exists() for pid in pids):
        assert time.monotonic() < deadline, pids
        time.sleep(0.01)
