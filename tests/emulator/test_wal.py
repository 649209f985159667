"""The log of writes beside the database: taken in as it grows, whoever reads meanwhile, and gone after closing."""

import sqlite3
from pathlib import Path

import pytest

from asstctl.emulator import open_emulator
from tests.emulator.harness import Api, serving

pytestmark = pytest.mark.anyio

MEGABYTE = 1024 * 1024
WRITTEN = 24 * MEGABYTE
MOST = 8 * MEGABYTE
"""SQLite takes the log in when it has a thousand pages, which are four megabytes; one transaction may come on top."""

TEXT = "x" * 200_000


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "local.db"


def _beside(database: Path) -> list[str]:
    return sorted(path.name for path in database.parent.iterdir())


async def test_the_log_stays_small_under_load_with_readers(database: Path) -> None:
    log, peak = database.with_name("local.db-wal"), 0
    async with serving(database) as one, serving(database) as two:
        path = f"/threads/{(await one.post('/threads'))['id']}/messages"
        for _ in range(WRITTEN // len(TEXT)):
            await one.post(path, {"role": "user", "content": TEXT})
            assert len((await two.get(path, limit=2))["data"]) > 0
            peak = max(peak, log.stat().st_size)
        # Reads leave nothing open that would hold the log up.
        assert two.emulator.services.store.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
        assert log.stat().st_size == 0
    assert 0 < peak < MOST
    assert database.stat().st_size > WRITTEN


async def test_a_reader_that_stays_holds_nobody_up(database: Path) -> None:
    """Another program with a read transaction open, such as a backup: the log grows until it leaves, and shrinks."""
    async with serving(database) as api:
        path = f"/threads/{(await api.post('/threads'))['id']}/messages"
        reader = sqlite3.connect(database, isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM messages").fetchone()
        for _ in range(10):
            await api.post(path, {"role": "user", "content": TEXT})
        assert reader.execute("SELECT count(*) FROM messages").fetchone() == (0,)
        reader.close()
    assert _beside(database) == ["local.db"]


async def test_the_last_one_to_close_leaves_one_clean_file(database: Path) -> None:
    first, second = (Api(open_emulator(database)) for _ in range(2))
    for api in (first, second):
        await api.assistant()
        await api.http.aclose()
        await api.emulator.aclose()
        assert _beside(database) == (["local.db", "local.db-shm", "local.db-wal"] if api is first else ["local.db"])
    connection = sqlite3.connect(database)
    assert connection.execute("SELECT count(*) FROM assistants").fetchone() == (2,)
    connection.close()
