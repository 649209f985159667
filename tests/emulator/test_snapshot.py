"""A look at a database leaves no trace, whoever has it open, and sees what was committed."""

import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from asstctl.emulator import DatabaseTooNew, DatabaseUnusable, inspect_database, open_emulator
from asstctl.emulator.migrations import STEPS
from asstctl.emulator.snapshot import snapshot
from tests.emulator.harness import serving

pytestmark = pytest.mark.anyio


@pytest.fixture
async def database(tmp_path: Path) -> Path:
    """With one assistant, closed."""
    path = tmp_path / "local.db"
    async with serving(path) as api:
        await api.post("/assistants", {"model": "m"})
    return path


def files(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Everything in a folder, its times included."""
    return {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.iterdir() if path.is_file()}


def count(connection: sqlite3.Connection, table: str = "assistants") -> int:
    found: int = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    return found


async def test_a_closed_database_is_read_and_nothing_lies_beside_it(database: Path) -> None:
    before = files(database.parent)
    with closing(snapshot(database)) as copy:
        assert count(copy) == 1
        copy.execute("DELETE FROM assistants")
    found = inspect_database(database)

    assert (found.schema, found.damage, found.busy) == (len(STEPS), "", 0)
    assert found.bytes == database.stat().st_size
    assert files(database.parent) == before


async def test_what_another_process_has_committed_and_not_taken_in_is_seen(database: Path) -> None:
    async with serving(database) as api:
        await api.post("/assistants", {"model": "m"})
        before = files(database.parent)
        with closing(snapshot(database)) as copy:
            assert count(copy) == 2
        assert {name: content for name, (_, content) in files(database.parent).items() if name != "local.db-shm"} == {
            name: content for name, (_, content) in before.items() if name != "local.db-shm"
        }


async def test_a_copied_server_answers_and_keeps_nothing(database: Path) -> None:
    before = files(database.parent)
    emulator = open_emulator(database, copied=True)
    try:
        assert count(emulator.services.store.connection) == 1
        with emulator.services.store.write():
            emulator.services.store.connection.execute("DELETE FROM assistants")
    finally:
        await emulator.aclose()
    assert files(database.parent) == before


def test_an_older_schema_is_told_and_left(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    with closing(sqlite3.connect(path)) as connection:
        for statement in STEPS[0].split(";\n"):  # type: ignore[union-attr]
            connection.execute(statement)
        connection.execute("PRAGMA user_version = 1")
        connection.commit()
    before = files(tmp_path)

    found = inspect_database(path)

    assert (found.schema, found.known) == (1, len(STEPS))
    assert files(tmp_path) == before


async def test_leases_say_who_is_at_work_and_who_has_gone(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("INSERT INTO threads (id, body) VALUES ('t', '{}'), ('u', '{}')")
        sql = "INSERT INTO runs (id, thread_id, status, lease_owner, lease_until, body) VALUES (?, ?, ?, 'o', ?, '{}')"
        connection.execute(sql, ("r", "t", "in_progress", time.time() + 60))
        connection.execute(sql, ("s", "u", "in_progress", time.time() - 60))
        connection.commit()

    found = inspect_database(database)

    assert (found.busy, found.abandoned) == (1, 1)


@pytest.mark.parametrize(
    "statement, error",
    [
        ("PRAGMA user_version = 99", DatabaseTooNew),
        ("CREATE TRIGGER t AFTER INSERT ON threads BEGIN DELETE FROM threads; END", DatabaseUnusable),
    ],
)
async def test_what_cannot_be_opened_is_refused_as_opening_it_is(
    database: Path, statement: str, error: type[Exception]
) -> None:
    with closing(sqlite3.connect(database)) as connection:
        connection.execute(statement)
    with pytest.raises(error) as looked:
        inspect_database(database)
    with pytest.raises(error) as opened:
        open_emulator(database)
    assert str(looked.value) == str(opened.value)


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    for content in (b"no database at all" * 100, os.urandom(8192)):
        path = tmp_path / "no.db"
        path.write_bytes(content)
        with pytest.raises(DatabaseUnusable):
            inspect_database(path)


async def test_damage_is_found(database: Path) -> None:
    content = bytearray(database.read_bytes())
    page = int.from_bytes(content[16:18], "big")
    content[page : 3 * page] = os.urandom(2 * page)
    database.write_bytes(content)

    assert inspect_database(database).damage
