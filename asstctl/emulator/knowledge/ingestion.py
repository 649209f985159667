"""Taking files in: their text is extracted, cut into chunks and indexed, in the background and in short transactions.

A file is found by searches when it is completed, not before. What is left of files that were deleted, cancelled or
half taken in is swept away here too.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Iterator
from itertools import islice

from asstctl.emulator.ids import new_id
from asstctl.emulator.json_text import sendable
from asstctl.emulator.knowledge import leases
from asstctl.emulator.knowledge.chunks import spans
from asstctl.emulator.knowledge.documents import Unreadable
from asstctl.emulator.knowledge.extraction import text_of
from asstctl.emulator.knowledge.index import FullTextIndex, Index, has_full_text
from asstctl.emulator.knowledge.leases import Job, TakenAway
from asstctl.emulator.knowledge.plain_index import PlainIndex
from asstctl.emulator.objects.vector_store_file import STORE_FILE
from asstctl.emulator.services import Services

_WORKERS = 2
"""Files that are taken in at once: one that is slow to read does not hold up the others."""

_BATCH_TOKENS = 8_000
"""Of chunks that are written in one transaction, which then takes a few milliseconds."""

_SWEPT_AT_ONCE = 10

_log = logging.getLogger("asstctl.emulator")


class Ingestion:
    """The tasks of one server that take files in, and the heartbeat that keeps their leases."""

    def __init__(self) -> None:
        self._owner = new_id("server_")
        self._index: Index | None = None
        self._held: set[int] = set()
        self._workers: set[asyncio.Task[None]] = set()
        self._heartbeat: asyncio.Task[None] | None = None
        self._sweeper: asyncio.Task[None] | None = None
        self._services: Services | None = None
        self._closed = False

    def index(self, services: Services) -> Index:
        """Outside a transaction: the index of this database, made if it is not there."""
        if self._index is None:
            if has_full_text(services.store.connection):
                with services.store.write():
                    FullTextIndex.create(services.store.connection)
                self._index = FullTextIndex()
            else:
                self._index = PlainIndex()
        return self._index

    def start(self, services: Services) -> None:
        """Take in what waits and sweep what was left; costs three indexed reads when there is neither."""
        if self._closed:
            return
        self._services = services
        loop = asyncio.get_running_loop()
        free = _WORKERS - len(self._workers)
        if free > 0:
            for _ in range(leases.claimable(services.store, services.clock(), self._held, free)):
                worker = loop.create_task(self._work(services))
                self._workers.add(worker)
                worker.add_done_callback(self._workers.discard)
        beats = self._heartbeat is not None and not self._heartbeat.done()
        if not beats and (self._workers or leases.in_progress(services.store)):
            self._heartbeat = loop.create_task(self._beat(services))
        if (self._sweeper is None or self._sweeper.done()) and self._left_over(services):
            self._sweeper = loop.create_task(self._sweep(services))

    async def aclose(self) -> None:
        """Stop at the next step; what was begun is left to whoever opens the database next."""
        self._closed = True
        tasks = [*self._workers, *(task for task in (self._heartbeat, self._sweeper) if task is not None)]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._services is not None:
            try:
                with self._services.store.write():
                    leases.release(self._services.store, self._owner)
            except sqlite3.Error as error:
                _log.warning("files of vector stores were left: %s", error)

    async def _work(self, services: Services) -> None:
        try:
            while (job := leases.claim(services.store, self._owner, services.clock(), self._held)) is not None:
                self._held.add(job.seq)
                try:
                    await self._take_in(services, job)
                finally:
                    self._held.discard(job.seq)
        except sqlite3.Error as error:
            # Its lease runs out, and the next touch of the store begins again.
            _log.warning("files of vector stores were left: %s", error)

    async def _take_in(self, services: Services, job: Job) -> None:
        try:
            await self._remove_chunks(services, job.seq)
            text = await text_of(services.blobs.path(job.file["id"]), job.filename)
            usage = await self._write(services, job, text)
            self._end(services, job, status="completed", usage_bytes=usage)
        except TakenAway:
            self.start(services)
        except Unreadable as error:
            self._fail(services, job, error.code, error.message)
        except FileNotFoundError:
            self._fail(services, job, "server_error", "The content of the file is not on the disk of this server.")
        except sqlite3.Error:
            raise
        except Exception as error:
            _log.exception("file %s was not taken in", job.file["id"])
            self._fail(services, job, "server_error", f"The server had an error ({type(error).__name__}).")

    async def _write(self, services: Services, job: Job, text: str) -> int:
        """The chunks of a text in the database and in the index; answers how many bytes they have."""
        store, index = services.store, self.index(services)
        sizes = job.file["chunking_strategy"]["static"]
        chunks = _chunks(text, sizes["max_chunk_size_tokens"], sizes["chunk_overlap_tokens"])
        usage = 0
        at_once = max(1, _BATCH_TOKENS // sizes["max_chunk_size_tokens"])
        # On this thread, a little at a time: beside a thread that computes, each statement would wait for its turn.
        while batch := [(*chunk, index.prepared(job.store_seq, chunk[0])) for chunk in islice(chunks, at_once)]:
            await asyncio.sleep(0)
            with store.write():
                leases.check(store, self._owner, job)
                for chunk, repeated, prepared in batch:
                    sql = "INSERT INTO chunks (file_seq, repeated, indexed, text) VALUES (?, ?, ?, ?)"
                    row = store.connection.execute(sql, (job.seq, repeated, index.keeps_words, chunk))
                    assert row.lastrowid is not None
                    index.add(store.connection, row.lastrowid, prepared)
            usage += sum(len(chunk.encode()) for chunk, *_ in batch)
            await asyncio.sleep(0)
            index.tidy(store.connection)
            await asyncio.sleep(0)
        return usage

    def _fail(self, services: Services, job: Job, code: str, message: str) -> None:
        message = sendable(message)
        try:
            self._end(services, job, status="failed", last_error={"code": code, "message": message})
        except TakenAway:
            return

    def _end(self, services: Services, job: Job, **changes: object) -> None:
        with services.store.write():
            file = leases.check(services.store, self._owner, job)
            services.store.replace(STORE_FILE, {**file, **changes}, lease_owner=None, lease_until=None)

    async def _beat(self, services: Services) -> None:
        """As long as any file is in progress: keep our leases, and see whether another server has let go of its own."""
        going = True
        while going:
            await asyncio.sleep(leases.DURATION / 3)
            try:
                if self._held:
                    with services.store.write():
                        leases.renew(services.store, self._owner, self._held, services.clock())
                self.start(services)
                going = bool(self._workers) or leases.in_progress(services.store)
            except sqlite3.Error as error:
                _log.warning("leases were not renewed: %s", error)

    def _left_over(self, services: Services) -> bool:
        connection = services.store.connection
        if connection.execute("SELECT 1 FROM dropped_chunks LIMIT 1").fetchone() is not None:
            return True
        # A build of SQLite without FTS5 wrote these, and a look at all modules is for those who have such chunks.
        found = connection.execute("SELECT 1 FROM chunks WHERE indexed = 0 LIMIT 1").fetchone() is not None
        return found and self.index(services).keeps_words

    async def _sweep(self, services: Services) -> None:
        connection = services.store.connection
        try:
            while row := connection.execute("SELECT file_seq FROM dropped_chunks LIMIT 1").fetchone():
                await self._remove_chunks(services, row[0])
                with services.store.write():
                    connection.execute("DELETE FROM dropped_chunks WHERE file_seq = ?", row)
            await self._index_chunks(services)
        except sqlite3.Error as error:
            _log.warning("chunks were not swept: %s", error)

    async def _remove_chunks(self, services: Services, file_seq: int) -> None:
        store = services.store
        sql = "SELECT id FROM chunks WHERE file_seq = ? LIMIT ?"
        while ids := [row[0] for row in store.connection.execute(sql, (file_seq, _SWEPT_AT_ONCE))]:
            index = self.index(services)
            with store.write():
                index.remove(store.connection, ids)
                store.connection.executemany("DELETE FROM chunks WHERE id = ?", [(each,) for each in ids])
            await asyncio.sleep(0)
            index.tidy(store.connection)
            await asyncio.sleep(0)

    async def _index_chunks(self, services: Services) -> None:
        """Index the chunks that a build of SQLite without FTS5 has written."""
        store, index = services.store, self.index(services)
        if not index.keeps_words:
            return
        sql = (
            "SELECT chunks.id, vector_stores.seq, text FROM chunks JOIN store_files ON store_files.seq = file_seq "
            "JOIN vector_stores ON vector_stores.id = vector_store_id WHERE indexed = 0 LIMIT ?"
        )
        while True:
            with store.write():
                # Read under the lock: another server may be at it too.
                rows = store.connection.execute(sql, (_SWEPT_AT_ONCE,)).fetchall()
                for chunk_id, store_seq, text in rows:
                    index.add(store.connection, chunk_id, index.prepared(store_seq, text))
                    store.connection.execute("UPDATE chunks SET indexed = 1 WHERE id = ?", (chunk_id,))
            if not rows:
                return
            await asyncio.sleep(0)
            index.tidy(store.connection)
            await asyncio.sleep(0)


def _chunks(text: str, max_tokens: int, overlap_tokens: int) -> Iterator[tuple[str, int]]:
    """The chunks of a text, and how many of its first characters each one has from the chunk before."""
    last = 0
    for start, end in spans(text, max_tokens, overlap_tokens):
        yield text[start:end], last - start
        last = end
