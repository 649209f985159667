"""What runs and routes ask of vector stores: take files in, wait for them, search them, let them go."""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from asstctl.emulator.knowledge.filters import passes
from asstctl.emulator.knowledge.stores import detach, is_expired, left_over, mark_active, waiting
from asstctl.emulator.objects.vector_store import VECTOR_STORE
from asstctl.emulator.services import Services
from asstctl.emulator.store import Store

if TYPE_CHECKING:
    from asstctl.emulator.knowledge.ingestion import Ingestion

Json = Any

_SHORTEST_WAIT, _LONGEST_WAIT = 0.005, 0.1
"""Seconds between two looks at files in progress, which another process may be taking in."""

_FILTERED_AT_ONCE = 500

_log = logging.getLogger("asstctl.emulator")


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk that a search found, best first; `score` is between 0 and 1."""

    file_id: str
    filename: str
    score: float
    attributes: Mapping[str, Json]
    text: str


class Knowledge:
    """The vector stores of one server. One per server; what it does in the background ends with `aclose`."""

    def __init__(self) -> None:
        self._ingestion: Ingestion | None = None
        self._resumed = False
        self._starting = False
        self._closed = False

    async def settled(self, services: Services, store_ids: Sequence[str]) -> None:
        """Wait until no file of these stores is in progress any more."""
        wait = _SHORTEST_WAIT
        while waiting(services.store, store_ids):
            self.start(services)
            await asyncio.sleep(wait)
            wait = min(2 * wait, _LONGEST_WAIT)

    async def search(
        self,
        services: Services,
        store_ids: Sequence[str],
        queries: Sequence[str],
        *,
        limit: int,
        threshold: float = 0.0,
        filters: Json = None,
    ) -> list[Hit]:
        """The best chunks of these stores; stores that are gone or expired are left out. Marks the stores as active."""
        from asstctl.emulator.knowledge.words import wanted_in

        index, connection = self._loaded().index(services), services.store.connection
        scores: dict[int, float] = {}
        for store_id in self._marked_active(services, store_ids):
            row = connection.execute("SELECT seq FROM vector_stores WHERE id = ?", (store_id,)).fetchone()
            files = None if filters is None else await _passing(services.store, store_id, filters)
            if row is None or files == []:
                continue
            for query in dict.fromkeys(queries):
                for found in await index.best(connection, row[0], wanted_in(query), limit, files):
                    scores[found.chunk_id] = max(found.score, scores.get(found.chunk_id, 0.0))
        best = sorted(scores.items(), key=lambda each: (-each[1], each[0]))
        chosen = [(chunk_id, score) for chunk_id, score in best if score >= threshold]
        return [hit for chunk_id, score in chosen[:limit] if (hit := _hit(connection, chunk_id, score)) is not None]

    def drop_file(self, services: Services, file_id: str) -> None:
        """Inside a transaction: take a file that is being deleted out of every store."""
        if detach(services.store, file_id):
            self.start_soon(services)

    def start(self, services: Services) -> None:
        """After a commit: take in the files that are waiting. Needs a running event loop."""
        self._starting = False
        if self._closed:
            return
        try:
            self._loaded().start(services)
        except sqlite3.Error as error:
            _log.warning("files of vector stores were left: %s", error)

    def start_soon(self, services: Services) -> None:
        """The same from inside a transaction, which has ended when the event loop comes to this."""
        if not self._starting:
            self._starting = True
            asyncio.get_running_loop().call_soon(self.start, services)

    def resume(self, services: Services) -> None:
        """With the first request: go on with what an earlier server left."""
        if not self._resumed:
            self._resumed = True
            if left_over(services.store):
                self.start(services)

    async def aclose(self) -> None:
        """End what goes on in the background; afterwards no task or child of ours is left."""
        self._closed = True
        if self._ingestion is not None:
            await self._ingestion.aclose()

    def _loaded(self) -> Ingestion:
        if self._ingestion is None:
            # With the first file: most servers never see one, and it takes a while to load.
            from asstctl.emulator.knowledge.ingestion import Ingestion

            self._ingestion = Ingestion()
        return self._ingestion

    def _marked_active(self, services: Services, store_ids: Sequence[str]) -> list[str]:
        now = services.clock()
        with services.store.write():
            stores = [services.store.find(VECTOR_STORE, store_id) for store_id in dict.fromkeys(store_ids)]
            usable = [store for store in stores if store is not None and not is_expired(store, now)]
            for store in usable:
                mark_active(services, store, int(now))
        return [store["id"] for store in usable]


async def _passing(store: Store, store_id: str, filters: Json) -> list[int]:
    """The numbers of the files whose attributes pass."""
    sql = (
        "SELECT seq, json_extract(body, '$.attributes') FROM store_files "
        "WHERE vector_store_id = ? AND status = 'completed' AND seq > ? ORDER BY seq LIMIT ?"
    )
    files: list[int] = []
    last = 0
    while rows := store.connection.execute(sql, (store_id, last, _FILTERED_AT_ONCE)).fetchall():
        files += [seq for seq, attributes in rows if passes(filters, json.loads(attributes))]
        last = rows[-1][0]
        await asyncio.sleep(0)
    return files


def _hit(connection: sqlite3.Connection, chunk_id: int, score: float) -> Hit | None:
    sql = (
        "SELECT store_files.id, filename, json_extract(body, '$.attributes'), text FROM chunks "
        "JOIN store_files ON store_files.seq = file_seq WHERE chunks.id = ?"
    )
    row = connection.execute(sql, (chunk_id,)).fetchone()
    if row is None:
        # Deleted since it was found.
        return None
    file_id, filename, attributes, text = row
    return Hit(file_id, filename, score, json.loads(attributes), text)
