"""The full-text index: one FTS5 table for all stores, in which every word carries the number of its store.

So a search costs what its own store holds, however many others there are, and what counts as a rare word is decided in
that store alone. Words hold letters and digits only, so nothing in a query is ever syntax. SQLite without FTS5 uses
`plain_index.py`.
"""

import asyncio
import json
import math
import sqlite3
from collections.abc import Collection as Group
from collections.abc import Sequence
from typing import Protocol

from asstctl.emulator.knowledge.ranking import Found, score, weight
from asstctl.emulator.knowledge.words import words_of

_MOST_ROWS = 2_000
"""Postings that one search ranks: words in more chunks tell little, and ranking them would hold up the server."""

_MERGE_PAGES = 32
"""Pages that one step of merging writes: a few milliseconds. Left alone, FTS5 merges for tens of them."""


class Index(Protocol):
    """How chunks are found. `prepared` may be called on any thread, everything else on that of the store."""

    keeps_words: bool
    """False: nothing is kept beside the chunks themselves."""

    def prepared(self, store_seq: int, text: str) -> str: ...

    def add(self, connection: sqlite3.Connection, chunk_id: int, prepared: str) -> None: ...

    def remove(self, connection: sqlite3.Connection, chunk_ids: Sequence[int]) -> None: ...

    def tidy(self, connection: sqlite3.Connection) -> None:
        """Outside a transaction: one short step of upkeep, due after each write."""
        ...

    async def best(
        self,
        connection: sqlite3.Connection,
        store_seq: int,
        wanted: Sequence[str],
        limit: int,
        files: Group[int] | None,
    ) -> list[Found]:
        """The best chunks of a store's completed files, or of those among them that are given by number."""
        ...


def has_full_text(connection: sqlite3.Connection) -> bool:
    sql = "SELECT 1 FROM pragma_module_list WHERE name = 'fts5'"
    return connection.execute(sql).fetchone() is not None


class FullTextIndex:
    keeps_words = True

    @staticmethod
    def create(connection: sqlite3.Connection) -> None:
        """Inside a transaction: the table, unless it is there."""
        sql = "SELECT 1 FROM sqlite_master WHERE name = 'chunk_words'"
        if connection.execute(sql).fetchone() is not None:
            return
        connection.execute("CREATE VIRTUAL TABLE chunk_words USING fts5(words, tokenize = 'porter unicode61')")
        # We merge in small steps of our own, see `tidy`.
        connection.execute("INSERT INTO chunk_words (chunk_words, rank) VALUES ('automerge', 0)")
        connection.execute("INSERT INTO chunk_words (chunk_words, rank) VALUES ('crisismerge', 1000)")

    def prepared(self, store_seq: int, text: str) -> str:
        mark = _mark(store_seq)
        # The mark alone stands in every chunk of the store, to count them by.
        return " ".join((mark, *(mark + word for word in words_of(text))))

    def add(self, connection: sqlite3.Connection, chunk_id: int, prepared: str) -> None:
        connection.execute("INSERT INTO chunk_words (rowid, words) VALUES (?, ?)", (chunk_id, prepared))

    def remove(self, connection: sqlite3.Connection, chunk_ids: Sequence[int]) -> None:
        connection.executemany("DELETE FROM chunk_words WHERE rowid = ?", [(each,) for each in chunk_ids])

    def tidy(self, connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO chunk_words (chunk_words, rank) VALUES ('merge', ?)", (_MERGE_PAGES,))

    async def best(
        self,
        connection: sqlite3.Connection,
        store_seq: int,
        wanted: Sequence[str],
        limit: int,
        files: Group[int] | None,
    ) -> list[Found]:
        mark = _mark(store_seq)
        chunks = _count(connection, f'"{mark}"')
        counted: list[tuple[int, str]] = []
        for word in wanted:
            match = f'"{mark}{word}"'
            counted.append((_count(connection, match, _MOST_ROWS + 1), match))
            await asyncio.sleep(0)
        missing = sum(holding == 0 for holding, _ in counted)
        ranked = _worth_ranking(connection, [each for each in counted if each[0]])
        if not ranked:
            return []
        whole = sum(weight(chunks, holding) for holding, _ in ranked) + missing * weight(chunks, 0)
        total = _rows(connection)
        parts, values = [], []
        for holding, match in ranked:
            # bm25() weighs a word by all stores; divided by that and multiplied by our own weight it is of this one.
            factor = -weight(chunks, holding) / _weight_in_fts5(total, holding)
            parts.append(
                "SELECT * FROM (SELECT rowid AS chunk, bm25(chunk_words) * ? AS share "
                "FROM chunk_words WHERE chunk_words MATCH ? LIMIT ?)"
            )
            values += [factor, match, _MOST_ROWS]
        chosen = "" if files is None else " AND store_files.seq IN (SELECT value FROM json_each(?))"
        sql = (
            f"SELECT chunk, sum(share) AS shares FROM ({' UNION ALL '.join(parts)}) "  # noqa: S608 - constants
            "JOIN chunks ON chunks.id = chunk JOIN store_files ON store_files.seq = chunks.file_seq "
            f"WHERE store_files.status = 'completed'{chosen} GROUP BY chunk ORDER BY shares DESC, chunk LIMIT ?"
        )
        if files is not None:
            values.append(json.dumps(list(files)))
        rows = connection.execute(sql, (*values, limit)).fetchall()
        return [Found(chunk_id, score(shares, whole)) for chunk_id, shares in rows]


def _mark(store_seq: int) -> str:
    # No vowel among these, so that words are stemmed as they are without it.
    return f"s{store_seq}x"


def _count(connection: sqlite3.Connection, match: str, most: int = -1) -> int:
    sql = "SELECT count(*) FROM (SELECT 1 FROM chunk_words WHERE chunk_words MATCH ? LIMIT ?)"
    count: int = connection.execute(sql, (match, most)).fetchone()[0]
    return count


def _worth_ranking(connection: sqlite3.Connection, counted: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """The rarest words, as many as there is time for; of common ones alone, the first."""
    chosen, rows = [], 0
    for holding, match in sorted(counted, key=lambda each: each[0]):
        rows += holding
        if rows > _MOST_ROWS:
            break
        chosen.append((holding, match))
    if not chosen and counted:
        match = counted[0][1]
        return [(_count(connection, match), match)]
    return chosen


def _weight_in_fts5(total: int, holding: int) -> float:
    weight = math.log((total - holding + 0.5) / (holding + 0.5))
    return weight if weight > 0 else 1e-6


def _rows(connection: sqlite3.Connection) -> int:
    """How many rows the table has, as FTS5 itself keeps it: counting them would take longer than the search.

    The first number of the averages record, which is row 1 of its data table.
    """
    block = connection.execute("SELECT block FROM chunk_words_data WHERE id = 1").fetchone()[0]
    rows = 0
    for byte in block[:9]:
        rows = rows << 7 | byte & 0x7F
        if byte < 0x80:
            break
    return rows
