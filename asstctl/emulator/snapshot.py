"""A copy of a database in memory, made without a trace: no file is made or changed, and nobody waits for it.

A database that nobody has open is read as it lies there: opened in any other way, SQLite would put its shared memory
beside it. Where another process has it open, or was killed while it had, that lies there already.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

_TRIES = 3
"""A process that opens the database while it is read as it lies there may change it; then it is read again."""


def snapshot(database: Path) -> sqlite3.Connection:
    """The copy, for one thread at a time. Raises sqlite3.Error where the file cannot be read, or is no database."""
    log = database.with_name(f"{database.name}-wal")
    copy = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    try:
        for _ in range(_TRIES):
            in_use = log.exists()
            _copy(database, "mode=ro" if in_use else "immutable=1", copy)
            if in_use or not log.exists():
                break
    except BaseException:
        copy.close()
        raise
    return copy


def _copy(database: Path, how: str, copy: sqlite3.Connection) -> None:
    with closing(sqlite3.connect(f"{database.absolute().as_uri()}?{how}", uri=True)) as source:
        source.backup(copy)
