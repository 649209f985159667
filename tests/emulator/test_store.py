"""The database: schema, versions, two processes, full disks, what is left after a kill."""

import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from asstctl.emulator import DatabaseTooNew, DatabaseUnusable, DiskFull, open_emulator
from asstctl.emulator.migrations import STEPS
from asstctl.emulator.replies.values import TextDelta
from asstctl.emulator.store import Store
from tests.emulator.harness import ASK, Backend, serving


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "local.db"


def test_a_new_database_is_strict_and_in_wal_mode(database: Path) -> None:
    store = Store(database)
    assert store.connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert store.connection.execute("PRAGMA user_version").fetchone() == (len(STEPS),)
    tables = store.connection.execute(
        "SELECT name, strict FROM pragma_table_list WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
    )
    assert {name for name, strict in tables.fetchall() if not strict} == set()
    store.close()


def test_a_database_of_a_newer_version_is_refused_and_left_alone(database: Path) -> None:
    Store(database).close()
    connection = sqlite3.connect(database)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(DatabaseTooNew, match=rf"newer version of asstctl \(its schema is 99, .* knows {len(STEPS)}\)"):
        open_emulator(database)
    connection = sqlite3.connect(database)
    assert connection.execute("PRAGMA user_version").fetchone() == (99,)
    connection.close()


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("not a database, " * 100)
    for path in (text, tmp_path / "missing" / "local.db", tmp_path):
        with pytest.raises(DatabaseUnusable, match=str(path)):
            open_emulator(path)


def test_a_step_that_fails_leaves_the_database_as_it_was(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("asstctl.emulator.migrations.STEPS", (*STEPS, "CREATE TABLE more (x);\nnonsense"))
    with pytest.raises(DatabaseUnusable):
        Store(database)
    connection = sqlite3.connect(database)
    assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    connection.close()


def test_processes_that_open_a_new_file_at_once_all_succeed(database: Path) -> None:
    code = "import sys; from asstctl.emulator.store import Store; Store(sys.argv[1]).close()"
    processes = [subprocess.Popen([sys.executable, "-c", code, str(database)]) for _ in range(4)]
    assert [process.wait(20) for process in processes] == [0] * 4


def _full(store: Store) -> None:
    """No page more than there are."""
    (pages,) = store.connection.execute("PRAGMA page_count").fetchone()
    store.connection.execute(f"PRAGMA max_page_count = {pages}")


def _roomy(store: Store) -> None:
    store.connection.execute("PRAGMA max_page_count = 1000000")


def _contents(store: Store) -> list[Any]:
    tables = ("assistants", "threads", "messages", "runs", "steps")
    return [store.connection.execute(f"SELECT id, body FROM {table} ORDER BY seq").fetchall() for table in tables]


@pytest.mark.anyio
@pytest.mark.parametrize("where", ["file", "memory"])
async def test_a_full_disk_is_507_and_writes_nothing(database: Path, where: str) -> None:
    async with serving(database if where == "file" else ":memory:") as api:
        store = api.emulator.services.store
        assistant = await api.assistant(instructions="x")
        before = _contents(store)
        _full(store)
        body = {"messages": [{"role": "user", "content": "x" * 10_000}] * 20}
        for path, sent in (
            ("/threads", body),
            ("/threads/runs", {"assistant_id": assistant["id"], "thread": body}),
            (f"/assistants/{assistant['id']}", {"instructions": "x" * 100_000}),
        ):
            response = await api.send("POST", path, sent)
            error = response.json()["error"]
            assert (response.status_code, error["code"]) == (507, "database_full")
            assert response.headers["x-should-retry"] == "false"
            assert "database or disk is full" in error["message"]
            assert _contents(store) == before
        _roomy(store)
        await api.post("/threads", body)
        assert store.connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.anyio
async def test_a_disk_that_fills_during_a_run_leaves_a_thread_that_recovers(database: Path) -> None:
    backend = Backend(TextDelta("x" * 200_000))
    backend.gate.clear()
    async with serving(database, replies=backend) as api:
        store = api.emulator.services.store
        assistant, thread = await api.assistant(), await api.thread("hello")
        run = await api.post(f"/threads/{thread['id']}/runs", {"assistant_id": assistant["id"]})
        await api.until(run, "in_progress")
        _full(store)
        backend.gate.set()
        while api.emulator.services.executor.executes(run["id"]):
            await api.http.get("/health")
        _roomy(store)
        # The lease that nobody renews runs out.
        store.connection.execute("UPDATE runs SET lease_until = 1 WHERE lease_until IS NOT NULL")
        assert (await api.rest(run))["status"] == "failed"


@pytest.mark.anyio
async def test_another_process_holding_the_lock_is_503(database: Path) -> None:
    async with serving(database) as api:
        api.emulator.services.store.connection.execute("PRAGMA busy_timeout = 10")
        other = sqlite3.connect(database, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        response = await api.send("POST", "/assistants", {"model": "m"})
        assert (response.status_code, response.json()["error"]["code"]) == (503, "database_busy")
        assert (await api.get("/assistants"))["data"] == []
        other.execute("ROLLBACK")
        other.close()
        await api.assistant()


@pytest.mark.anyio
async def test_two_servers_on_one_file_see_each_others_writes(database: Path) -> None:
    async with serving(database) as one, serving(database) as two:
        assistant = await one.assistant(name="a", tools=[ASK])
        assert await two.get(f"/assistants/{assistant['id']}") == assistant
        thread = await two.thread("hello")
        run = await one.run(thread["id"], assistant["id"], tool_choice="required")
        assert await two.reply(await two.answer(run, "42")) == "42"


@pytest.mark.anyio
async def test_closing_twice_is_once(database: Path) -> None:
    emulator = open_emulator(database)
    await emulator.aclose()
    await emulator.aclose()
    assert not database.with_name("local.db-wal").exists()


@pytest.mark.anyio
async def test_hostile_text_is_kept_as_it_is(database: Path) -> None:
    async with serving(database) as api:
        for text in ("'; DROP TABLE assistants; --", "<script>", "a\x00b", "\u202e", "🙂", '"$.x"', "\\u0000"):
            assistant = await api.assistant(name=text, metadata={text[:60]: text})
            assert (await api.get(f"/assistants/{assistant['id']}"))["name"] == text
        response = await api.http.get("/assistants/asst_'%20OR%201=1")
        assert response.status_code == 404


def test_where_no_room_is_left_the_disk_is_blamed_and_not_the_database() -> None:
    """SQLite itself calls it an I/O error; /proc is a file system on which no byte is ever free."""
    with pytest.raises(DiskFull, match="the disk is full"):
        open_emulator(Path("/proc/self/local.db"))


@pytest.mark.anyio
async def test_of_removed_objects_the_newest_are_known_as_cursors(monkeypatch: pytest.MonkeyPatch) -> None:
    # A8, our choice: whoever deletes what a page lists can go on after it
    monkeypatch.setattr("asstctl.emulator.store._REMEMBERED", 2)
    async with serving() as api:
        kept, *removed = [(await api.assistant())["id"] for _ in range(4)]
        for assistant_id in removed:
            await api.delete(f"/assistants/{assistant_id}")
        oldest, *newest = removed
        for assistant_id in newest:
            assert (await api.get("/assistants", after=assistant_id))["first_id"] == kept
        assert (await api.refused("GET", f"/assistants?after={oldest}"))[0] == 400
