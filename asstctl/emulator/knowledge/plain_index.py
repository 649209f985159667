"""Searching without FTS5: BM25 in Python over the chunks themselves, for builds of SQLite that lack it.

It keeps nothing, so there is nothing to bring up to date when another build opens the database. A search reads every
chunk of its store.
"""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Collection as Group
from collections.abc import Sequence

from asstctl.emulator.knowledge.ranking import Found, saturation, score, weight
from asstctl.emulator.knowledge.words import words_of

_AT_ONCE = 10
"""Chunks that are read before other tasks get their turn."""

_ENDINGS = ("ings", "ing", "ies", "ied", "es", "ed", "s", "y", "e")
_SHORTEST_STEM = 3


class PlainIndex:
    keeps_words = False

    def prepared(self, store_seq: int, text: str) -> str:
        return ""

    def add(self, connection: sqlite3.Connection, chunk_id: int, prepared: str) -> None:
        """The chunk itself is all that is needed."""

    def remove(self, connection: sqlite3.Connection, chunk_ids: Sequence[int]) -> None:
        """Nothing was kept."""

    def tidy(self, connection: sqlite3.Connection) -> None:
        """Nothing was kept."""

    async def best(
        self,
        connection: sqlite3.Connection,
        store_seq: int,
        wanted: Sequence[str],
        limit: int,
        files: Group[int] | None,
    ) -> list[Found]:
        stems = {_stem(word) for word in wanted}
        counts: dict[int, Counter[str]] = {}
        lengths: dict[int, int] = {}
        for chunk_id, file_seq, text in _chunks(connection, store_seq):
            words = [_stem(word) for word in words_of(text)]
            lengths[chunk_id] = len(words)
            if files is None or file_seq in files:
                counts[chunk_id] = Counter(word for word in words if word in stems)
            if len(lengths) % _AT_ONCE == 0:
                await asyncio.sleep(0)
        holding = Counter(stem for each in counts.values() for stem in each)
        weights = {stem: weight(len(lengths), holding[stem]) for stem in stems}
        average = sum(lengths.values()) / len(lengths) if lengths else 1.0
        found = [
            Found(
                chunk_id,
                score(
                    sum(weights[stem] * saturation(n, lengths[chunk_id], average) for stem, n in each.items()),
                    sum(weights.values()),
                ),
            )
            for chunk_id, each in counts.items()
            if each
        ]
        return sorted(found, key=lambda each: (-each.score, each.chunk_id))[:limit]


def _chunks(connection: sqlite3.Connection, store_seq: int) -> list[tuple[int, int, str]]:
    sql = (
        "SELECT chunks.id, file_seq, text FROM vector_stores "
        "JOIN store_files ON store_files.vector_store_id = vector_stores.id AND status = 'completed' "
        "JOIN chunks ON file_seq = store_files.seq WHERE vector_stores.seq = ?"
    )
    return connection.execute(sql, (store_seq,)).fetchall()


def _stem(word: str) -> str:
    """Enough for the plural and the usual endings; FTS5 has the real one."""
    if word.isascii():
        for ending in _ENDINGS:
            if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
                return word.removesuffix(ending)
    return word
