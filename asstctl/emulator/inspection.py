"""What can be told of a database, and of the SQLite that it would be opened with, without opening it for use."""

import sqlite3
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from asstctl.emulator.errors import DatabaseTooNew, DatabaseUnusable
from asstctl.emulator.knowledge.index import has_full_text
from asstctl.emulator.migrations import STEPS, version_of
from asstctl.emulator.snapshot import snapshot
from asstctl.emulator.store import foreign_to_us

_OLDEST = (3, 37, 0)
"""The first SQLite with STRICT tables."""

_LEASED = ("runs", "store_files", "agent_sessions")


@dataclass(frozen=True, slots=True)
class SqliteFeatures:
    """The SQLite of this process. `oldest` is the first version that will do."""

    version: str
    oldest: str
    is_old: bool
    full_text: bool
    json: bool


@dataclass(frozen=True, slots=True)
class Inspected:
    """A database that is ours. `bytes` are those of its files and of the files kept beside it.

    `schema` counts the steps taken of `known`. `damage` is what is broken, in SQLite's words. `busy` are runs and files
    that other processes work on now, `abandoned` those whose process has gone.
    """

    bytes: int
    schema: int
    known: int
    damage: str = ""
    busy: int = 0
    abandoned: int = 0


def sqlite_features() -> SqliteFeatures:
    """What this machine's SQLite can do."""
    with closing(sqlite3.connect(":memory:")) as connection:
        try:
            connection.execute("SELECT json_extract('{}', '$')")
            knows_json = True
        except sqlite3.OperationalError:
            knows_json = False
        return SqliteFeatures(
            sqlite3.sqlite_version,
            ".".join(map(str, _OLDEST)),
            sqlite3.sqlite_version_info < _OLDEST,
            has_full_text(connection),
            knows_json,
        )


def inspect_database(database: Path, *, name: str = "") -> Inspected:
    """Look at a copy of a database. Raises DatabaseTooNew and DatabaseUnusable for one that cannot be opened; `name` is
    what they call it."""
    name = name or str(database)
    try:
        with closing(snapshot(database)) as connection:
            schema = version_of(connection)
            if schema > len(STEPS):
                raise DatabaseTooNew(name, schema, len(STEPS))
            if foreign := foreign_to_us(connection):
                raise DatabaseUnusable(name, foreign)
            damage = _damage(connection)
            busy, abandoned = (0, 0) if damage else _leases(connection, time.time())
    except sqlite3.Error as error:
        raise DatabaseUnusable(name, str(error)) from error
    return Inspected(_size(database), schema, len(STEPS), damage, busy, abandoned)


def _damage(connection: sqlite3.Connection) -> str:
    try:
        found: str = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.DatabaseError as error:
        return str(error)
    return "" if found == "ok" else found.splitlines()[-1]


def _leases(connection: sqlite3.Connection, now: float) -> tuple[int, int]:
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    held = stale = 0
    for table in _LEASED:
        if table in tables:
            sql = f"SELECT lease_until > ? FROM {table} WHERE lease_owner IS NOT NULL"  # noqa: S608 - a constant
            holds = [bool(row[0]) for row in connection.execute(sql, (now,))]
            held, stale = held + sum(holds), stale + holds.count(False)
    return held, stale


def _size(database: Path) -> int:
    found = 0
    blobs = Path(f"{database}.files")
    beside = (database.with_name(database.name + ending) for ending in ("", "-wal", "-shm"))
    for path in (*beside, *(blobs.iterdir() if blobs.is_dir() and not blobs.is_symlink() else ())):
        with suppress(OSError):
            found += path.lstat().st_size
    return found
