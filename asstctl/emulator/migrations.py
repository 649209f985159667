"""The database's schema as an ordered list of steps; `PRAGMA user_version` counts those already taken.

A step that has been released is never edited: a change is a new step at the end. Objects are kept as JSON text beside
the few columns that are searched by, so a new field of an object needs no step.
"""

import sqlite3
from collections.abc import Callable

from asstctl.emulator.errors import DatabaseTooNew

Step = str | Callable[[sqlite3.Connection], None]

_FIRST = """
CREATE TABLE assistants (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, body TEXT NOT NULL
) STRICT;
CREATE TABLE threads (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, body TEXT NOT NULL
) STRICT;
CREATE TABLE messages (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
  thread_id TEXT NOT NULL REFERENCES threads (id) ON DELETE CASCADE,
  run_id TEXT, body TEXT NOT NULL
) STRICT;
CREATE INDEX messages_of_thread ON messages (thread_id);
CREATE INDEX messages_of_run ON messages (run_id) WHERE run_id IS NOT NULL;
CREATE TABLE runs (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
  thread_id TEXT NOT NULL REFERENCES threads (id) ON DELETE CASCADE,
  status TEXT NOT NULL, expires_at INTEGER, lease_owner TEXT, lease_until REAL, body TEXT NOT NULL
) STRICT;
CREATE INDEX runs_of_thread ON runs (thread_id);
CREATE UNIQUE INDEX one_active_run ON runs (thread_id)
  WHERE status IN ('queued', 'in_progress', 'requires_action', 'cancelling');
CREATE TABLE steps (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
  thread_id TEXT NOT NULL REFERENCES threads (id) ON DELETE CASCADE,
  run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE, body TEXT NOT NULL
) STRICT;
CREATE INDEX steps_of_thread ON steps (thread_id);
CREATE INDEX steps_of_run ON steps (run_id);
"""

STEPS: tuple[Step, ...] = (_FIRST,)


def migrate(connection: sqlite3.Connection, name: str) -> None:
    """Take the steps that are missing, in one transaction: two processes may open one file at once."""
    if _version(connection) == len(STEPS):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        found = _version(connection)
        if found > len(STEPS):
            raise DatabaseTooNew(name, found, len(STEPS))
        for step in STEPS[found:]:
            if isinstance(step, str):
                # executescript() would commit the transaction first.
                for statement in step.split(";\n"):
                    connection.execute(statement)
            else:
                step(connection)
        connection.execute(f"PRAGMA user_version = {len(STEPS)}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _version(connection: sqlite3.Connection) -> int:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version
