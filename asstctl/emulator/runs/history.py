"""The messages of a thread, however many: counted as they come and go, and read from the newest back.

A thread may hold more than any model is given, and a run on it must not pay for those.
"""

import asyncio
import json
from dataclasses import dataclass

from asstctl.emulator import refusals
from asstctl.emulator.objects import MESSAGE
from asstctl.emulator.objects.message import message_text
from asstctl.emulator.replies.tokens import estimate
from asstctl.emulator.replies.values import Said
from asstctl.emulator.runs.inputs import images_in
from asstctl.emulator.services import Services
from asstctl.emulator.store import Body, Store, load_all

MAX_MESSAGES = 100_000
"""Messages that a thread holds (A3)."""

WINDOW = 128_000
"""Estimated tokens of history that a model is given at most."""
OVERHEAD = 4
"""Tokens that a message takes of the window besides its text."""
NEWEST = 500
"""Messages that a model is given at most, unless the run itself says how many."""

_BATCH = 100
_END = 1 << 62


def store_message(store: Store, message: Body) -> None:
    """Inside a transaction: a new message, counted."""
    store.insert(MESSAGE, message)
    _count(store, message, 1)


def remove_message(store: Store, message: Body) -> None:
    """Inside a transaction."""
    store.remove(MESSAGE, message["id"])
    _count(store, message, -1)


def check_room(store: Store, thread_id: str) -> None:
    """Refuse a message that a client posts to a full thread. What a run says there still has its place."""
    sql = "SELECT messages FROM threads WHERE id = ?"
    if store.connection.execute(sql, (thread_id,)).fetchone()[0] >= MAX_MESSAGES:
        raise refusals.thread_is_full(thread_id, MAX_MESSAGES)


def user_messages(store: Store, thread_id: str) -> int:
    row = store.connection.execute("SELECT user_messages FROM threads WHERE id = ?", (thread_id,)).fetchone()
    return row[0] if row else 0


def _count(store: Store, message: Body, change: int) -> None:
    sql = "UPDATE threads SET messages = messages + ?, user_messages = user_messages + ? WHERE id = ?"
    by_user = change if message["role"] == "user" else 0
    store.connection.execute(sql, (change, by_user, message["thread_id"]))


@dataclass(frozen=True, slots=True)
class History:
    """What was said before a run began, as far as its model is given it."""

    messages: tuple[Said, ...]
    turn: int
    """How many messages of the user the whole thread has."""


async def read_history(services: Services, run: Body) -> History:
    """The newest messages until a context window is full, after the very first one; or just the last n."""
    store, strategy = services.store, run["truncation_strategy"]
    last = strategy["last_messages"] if strategy["type"] == "last_messages" else None
    room, tokens, before = last or NEWEST, 0, _END
    newest: list[Said] = []
    full = False
    while not full and room > 0:
        rows = _rows(store, run, before, min(_BATCH, room))
        bodies = load_all(text for _, text in rows)
        for (seq, _), body in zip(rows, bodies, strict=True):
            said = _said(services, body)
            tokens += estimate(said.text) + OVERHEAD
            full = tokens > WINDOW and bool(newest)
            if full:
                break
            newest.append(said)
            before = seq
        room -= len(rows)
        if len(rows) < _BATCH:
            break
        # Others have their turn: this may be a long read.
        await asyncio.sleep(0)
    first = None if last else _first(services, run, before)
    messages = (*((first,) if first else ()), *reversed(newest))
    return History(messages, user_messages(store, run["thread_id"]))


def _rows(store: Store, run: Body, before: int, limit: int) -> list[tuple[int, str]]:
    sql = "SELECT seq, body FROM messages WHERE thread_id = ? AND seq < ? AND run_id IS NOT ? ORDER BY seq DESC LIMIT ?"
    return store.connection.execute(sql, (run["thread_id"], before, run["id"], limit)).fetchall()


def _first(services: Services, run: Body, before: int) -> Said | None:
    """The thread's first message, if it is not among those read."""
    sql = "SELECT seq, body FROM messages WHERE thread_id = ? AND run_id IS NOT ? ORDER BY seq LIMIT 1"
    row = services.store.connection.execute(sql, (run["thread_id"], run["id"])).fetchone()
    return _said(services, json.loads(row[1])) if row and row[0] < before else None


def _said(services: Services, message: Body) -> Said:
    return Said(message["role"], message_text(message), images_in(services, message))
