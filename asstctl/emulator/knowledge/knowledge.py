"""What runs and routes ask of vector stores: take files in, wait for them, search them, let them go."""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from asstctl.emulator import refusals
from asstctl.emulator.files.lookup import get_file
from asstctl.emulator.knowledge.filters import passes
from asstctl.emulator.knowledge.stores import (
    attach,
    detach,
    find_store,
    insert_store,
    is_expired,
    left_over,
    mark_active,
    waiting,
)
from asstctl.emulator.objects.shared import MAX_CODE_FILES
from asstctl.emulator.objects.thread import THREAD
from asstctl.emulator.objects.vector_store import VECTOR_STORE
from asstctl.emulator.services import Services
from asstctl.emulator.store import Body, Store

if TYPE_CHECKING:
    from asstctl.emulator.knowledge.ingestion import Ingestion

Json = Any

_HELPER_EXPIRY = {"anchor": "last_active_at", "days": 7}
"""Of the stores that are made for a thread on the way (A5)."""

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
        from asstctl.emulator.knowledge.words import phrases_of

        index, connection = self._loaded().index(services), services.store.connection
        scores: dict[int, float] = {}
        for store_id in self._marked_active(services, store_ids):
            row = connection.execute("SELECT seq FROM vector_stores WHERE id = ?", (store_id,)).fetchone()
            files = None if filters is None else await _passing(services.store, store_id, filters)
            if row is None or files == []:
                continue
            for query in dict.fromkeys(queries):
                for found in await index.best(connection, row[0], phrases_of(query), limit, files):
                    scores[found.chunk_id] = max(found.score, scores.get(found.chunk_id, 0.0))
        best = sorted(scores.items(), key=lambda each: (-each[1], each[0]))
        chosen = [(chunk_id, score) for chunk_id, score in best if score >= threshold]
        return [hit for chunk_id, score in chosen[:limit] if (hit := _hit(connection, chunk_id, score)) is not None]

    def add_attachments(self, services: Services, thread_id: str, attachments: Sequence[Json], now: int) -> None:
        """Inside a transaction: give a thread the files attached to one of its messages."""
        if not attachments:
            return
        thread = services.store.find(THREAD, thread_id)
        assert thread is not None
        resources: dict[str, Json] = dict(thread["tool_resources"])
        for attachment in attachments:
            file_id = attachment.get("file_id")
            if file_id is None:
                continue
            get_file(services, file_id)
            for kind in {tool["type"] for tool in attachment.get("tools") or ()}:
                if kind == "file_search":
                    store_id = _store_of_thread(services, resources, now)
                    attach(services, store_id, file_id, now)
                    resources["file_search"] = {"vector_store_ids": [store_id]}
                else:
                    resources["code_interpreter"] = {"file_ids": _with_file(resources, file_id)}
        if resources != thread["tool_resources"]:
            services.store.replace(THREAD, {**thread, "tool_resources": resources})

    def make_stores(
        self, services: Services, tool_resources: Json, now: int, *, of_thread: bool = False
    ) -> dict[str, Json]:
        """Inside a transaction: `tool_resources` with the stores of the helper `vector_stores` made.

        Stores that are given by id have to exist. The stores of a thread expire when they are not used.
        """
        given: dict[str, Json] = tool_resources or {}
        search = given.get("file_search") or {}
        ids, helpers = search.get("vector_store_ids") or [], search.get("vector_stores") or []
        if ids and helpers:
            path = "tool_resources.file_search.vector_stores"
            raise refusals.exclusive(path, "tool_resources.file_search.vector_store_ids")
        for store_id in ids:
            find_store(services, store_id)
        expiry = {"expires_after": _HELPER_EXPIRY} if of_thread else {}
        made = [insert_store(services, {**helper, **expiry}, now)["id"] for helper in helpers]
        return {**given, "file_search": {"vector_store_ids": made}} if made else given

    def drop_file(self, services: Services, file_id: str) -> None:
        """Inside a transaction: take a file that is being deleted out of every store."""
        if detach(services.store, file_id):
            self.start_soon(services)

    def start(self, services: Services) -> None:
        """After a commit: take in the files that are waiting. Needs a running event loop."""
        if self._closed:
            return
        try:
            self._loaded().start(services)
        except sqlite3.Error as error:
            _log.warning("files of vector stores were left: %s", error)

    def start_soon(self, services: Services) -> None:
        """The same from inside a transaction: it has ended when the event loop comes to this."""
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


def _store_of_thread(services: Services, resources: Mapping[str, Json], now: int) -> str:
    """The store that a thread has, if it can be used, or a new one."""
    for store_id in (resources.get("file_search") or {}).get("vector_store_ids") or ():
        store = services.store.find(VECTOR_STORE, store_id)
        if store is not None and not is_expired(store, services.clock()):
            mark_active(services, store, now)
            return str(store_id)
    made: Body = insert_store(services, {"expires_after": _HELPER_EXPIRY}, now)
    return str(made["id"])


def _with_file(resources: Mapping[str, Json], file_id: str) -> list[str]:
    held: list[str] = list((resources.get("code_interpreter") or {}).get("file_ids") or ())
    if file_id not in held:
        held.append(file_id)
    if len(held) > MAX_CODE_FILES:
        raise refusals.array_too_long("tool_resources.code_interpreter.file_ids", MAX_CODE_FILES, len(held))
    return held
