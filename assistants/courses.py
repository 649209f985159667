"""Answers `ask_database` in conversation tests: the assistant's own SQL, on a real database, read-only.

The query comes from a model, so nothing is trusted: the file is opened read-only, and SQLite itself is told
to refuse everything but reading. What it refuses goes back as an error, as a model could make use of it.
"""

import sqlite3
from pathlib import Path

DATABASE = Path(__file__).with_name("courses.db")
MAX_ROWS = 50

_READING = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}


def ask_database(query: str) -> list[dict[str, object]] | dict[str, str]:
    """The rows that a query finds, each a map of columns; or `{"error": reason}`."""
    connection = sqlite3.connect(f"{DATABASE.as_uri()}?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row
    connection.set_authorizer(_only_reading)
    try:
        return [dict(row) for row in connection.execute(query).fetchmany(MAX_ROWS)]
    except (sqlite3.Error, sqlite3.Warning) as problem:
        return {"error": str(problem)}
    finally:
        connection.close()


def _only_reading(action: int, *_: object) -> int:
    return sqlite3.SQLITE_OK if action in _READING else sqlite3.SQLITE_DENY
