"""Objects in one SQLite file: short statements on one connection, one short write transaction per operation.

Called directly on the event loop's thread: a statement takes tens of microseconds, a hop to another thread more. What
an object means is not known here.
"""

import json
import shutil
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asstctl.emulator.errors import DatabaseUnusable, DiskFull
from asstctl.emulator.json_text import compact
from asstctl.emulator.migrations import migrate
from asstctl.emulator.objects.base import Collection
from asstctl.emulator.snapshot import snapshot

Json = Any
Body = dict[str, Json]

_ROOM_TO_OPEN = 64 * 1024
"""Bytes that SQLite needs beside a database in WAL mode before it can read a row."""

_BUSY_TIMEOUT = 5.0

_REMEMBERED = 10_000
"""Removed objects that are still known as cursors, by the process that removed them."""


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a listing is wanted, in the words of the wire."""

    limit: int = 20
    descending: bool = True
    after: str | None = None
    before: str | None = None


class UnknownCursor(Exception):
    """A cursor that names no object of the listing."""


class Store:
    """The database. Opening it needs no running event loop. `copied`: a copy in memory is worked on in its place."""

    def __init__(self, database: Path | str, *, copied: bool = False) -> None:
        self.name = str(database)
        self._removed: dict[tuple[Json, ...], int] = {}
        """Where objects stood in their listings, by kind, id and the columns that tell them apart."""
        try:
            # One thread at a time uses it: the one that opens, then the event loop's.
            self.connection = (
                snapshot(Path(database))
                if copied
                else sqlite3.connect(self.name, timeout=_BUSY_TIMEOUT, isolation_level=None, check_same_thread=False)
            )
        except sqlite3.Error as error:
            raise self._unusable(error) from error
        try:
            self._prepare()
        except sqlite3.Error as error:
            self.connection.close()
            raise self._unusable(error) from error
        except BaseException:
            self.connection.close()
            raise

    def _unusable(self, error: sqlite3.Error) -> DatabaseUnusable:
        # SQLite calls it an I/O error when there is no room for the shared memory beside the file
        folder = Path(self.name).parent
        if self.name != ":memory:" and folder.is_dir() and shutil.disk_usage(folder).free < _ROOM_TO_OPEN:
            return DiskFull(self.name)
        return DatabaseUnusable(self.name, str(error))

    def _prepare(self) -> None:
        patience = time.monotonic() + _BUSY_TIMEOUT
        while True:
            try:
                self.connection.execute("PRAGMA journal_mode = WAL")
                break
            except sqlite3.OperationalError as error:
                # Changing the mode does not wait for another process that is changing it too.
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > patience:
                    raise
                time.sleep(0.01)
        self.connection.execute("PRAGMA synchronous = NORMAL")
        self.connection.execute("PRAGMA foreign_keys = ON")
        if foreign := foreign_to_us(self.connection):
            raise DatabaseUnusable(self.name, foreign)
        migrate(self.connection, self.name)

    def close(self) -> None:
        self.connection.close()

    @contextmanager
    def write(self) -> Iterator[None]:
        """One write transaction: all of it, or, after any exception, nothing."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.connection.execute("COMMIT")
        except BaseException:
            # A full disk may already have rolled it back.
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            raise

    def find(self, collection: Collection, object_id: str, **where: Json) -> Body | None:
        """The object of this id, if it also has these values in these columns."""
        tests, values = _conditions({"id": object_id, **where})
        sql = f"SELECT body FROM {collection.table}{tests}"  # noqa: S608 - table and column names are constants
        row = self.connection.execute(sql, values).fetchone()
        return _load(row[0]) if row else None

    def notes(self, collection: Collection, object_id: str) -> Body:
        """What the server has noted about an object and does not show; `notes` is a column beside the body."""
        sql = f"SELECT notes FROM {collection.table} WHERE id = ?"  # noqa: S608 - as above
        row = self.connection.execute(sql, (object_id,)).fetchone()
        return _load(row[0]) if row else {}

    def insert(self, collection: Collection, body: Body, **beside: Json) -> None:
        """A new object; `beside` are columns of its row that are not members of it, `notes` as an object."""
        row = {"id": body["id"], **_row(collection, body, beside)}
        marks = ", ".join("?" * len(row))
        sql = f"INSERT INTO {collection.table} ({', '.join(row)}) VALUES ({marks})"  # noqa: S608 - as above
        self.connection.execute(sql, (*row.values(),))

    def replace(self, collection: Collection, body: Body, **beside: Json) -> None:
        """The object as it is now; of the columns that are not members of it only `beside` change."""
        row = _row(collection, body, beside)
        changes = ", ".join(f"{name} = ?" for name in row)
        tests, values = _conditions({"id": body["id"], **{name: body[name] for name in collection.within}})
        sql = f"UPDATE {collection.table} SET {changes}{tests}"  # noqa: S608 - as above
        self.connection.execute(sql, (*row.values(), *values))

    def remove(self, collection: Collection, object_id: str, **where: Json) -> bool:
        tests, values = _conditions({"id": object_id, **where})
        returned = ", ".join(("seq", *collection.within))
        sql = f"DELETE FROM {collection.table}{tests} RETURNING {returned}"  # noqa: S608 - as above
        rows = self.connection.execute(sql, values).fetchall()
        for position, *within in rows:
            self._removed[collection.object, object_id, *within] = position
            if len(self._removed) > _REMEMBERED:
                del self._removed[next(iter(self._removed))]
        return bool(rows)

    def was_removed(self, collection: Collection, object_id: str) -> bool:
        """Whether this process removed such an object, as far as it remembers."""
        return (collection.object, object_id) in self._removed

    def all(self, collection: Collection, **where: Json) -> list[Body]:
        """Every object that has these values in these columns, oldest first."""
        tests, values = _conditions(where)
        sql = f"SELECT body FROM {collection.table}{tests} ORDER BY seq"  # noqa: S608 - as above
        return load_all(text for (text,) in self.connection.execute(sql, values))

    def page(
        self, collection: Collection, page: Page, where: Mapping[str, Json], tagged: Mapping[str, str] | None = None
    ) -> tuple[list[str], bool]:
        """A page in the requested order as texts, and whether there is more in the direction of reading.

        `tagged` are pairs that the metadata of each must have.

        Order is that of insertion, so objects of one second page correctly. With `before` alone the page is the one
        next to the cursor, so that reading backwards meets every object.
        """
        tests, values = _conditions(where)
        limits = [tests.removeprefix(" WHERE ")] if tests else []
        for cursor, follows in ((page.after, True), (page.before, False)):
            if cursor is not None:
                limits.append("seq < ?" if follows == page.descending else "seq > ?")
                values.append(self._position(collection, cursor, where))
        for pair in (tagged or {}).items():
            limits.append("EXISTS (SELECT 1 FROM json_each(body, '$.metadata') WHERE key = ? AND value = ?)")
            values += pair
        backwards = page.before is not None and page.after is None
        order = "DESC" if page.descending != backwards else "ASC"
        tests = f" WHERE {' AND '.join(limits)}" if limits else ""
        sql = f"SELECT body FROM {collection.table}{tests} ORDER BY seq {order} LIMIT ?"  # noqa: S608 - as above
        rows = self.connection.execute(sql, (*values, page.limit + 1)).fetchall()
        texts = [row[0] for row in rows[: page.limit]]
        if backwards:
            texts.reverse()
        return texts, len(rows) > page.limit

    def _position(self, collection: Collection, cursor: str, where: Mapping[str, Json]) -> int:
        # An object that has changed since the last page, as a file that was taken in, is still a place to go on from.
        fixed = {name: where[name] for name in collection.within} if collection.within else where
        tests, values = _conditions({**fixed, "id": cursor})
        sql = f"SELECT seq FROM {collection.table}{tests}"  # noqa: S608 - as above
        row = self.connection.execute(sql, values).fetchone()
        if row is not None:
            position: int = row[0]
            return position
        # Whoever deletes what a page lists goes on after the last of it.
        removed = self._removed.get((collection.object, cursor, *(where[name] for name in collection.within)))
        if removed is None:
            raise UnknownCursor(cursor)
        return removed


def foreign_to_us(connection: sqlite3.Connection) -> str:
    """What a database holds that ours never do, or nothing."""
    # Both run with our statements, and a file may have come with a checkout.
    found = connection.execute("SELECT name FROM sqlite_master WHERE type IN ('view', 'trigger')").fetchone()
    return f"it holds a view or a trigger ({found[0]}), and ours never do" if found else ""


def _row(collection: Collection, body: Body, beside: Mapping[str, Json]) -> dict[str, Json]:
    row = {"body": compact(body), **{name: body[name] for name in collection.columns}, **beside}
    if "notes" in row:
        row["notes"] = compact(row["notes"])
    return row


def _conditions(where: Mapping[str, Json]) -> tuple[str, list[Json]]:
    if not where:
        return "", []
    return " WHERE " + " AND ".join(f"{name} = ?" for name in where), list(where.values())


def load_all(texts: Iterable[str]) -> list[Body]:
    """Bodies from their texts, read as one: a call of the parser for each costs more than its parsing."""
    bodies: list[Body] = json.loads(f"[{','.join(texts)}]")
    return bodies


def _load(text: str) -> Body:
    body: Body = json.loads(text)
    return body
