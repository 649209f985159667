"""The message that a turn of the model writes: opened with its first word, told in deltas, closed with its step.

What was told is also in the database soon after, with what it used: this server may be killed, and another may end the
run at any time.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from asstctl.emulator.objects import MESSAGE, STEP
from asstctl.emulator.replies.tokens import cut, quarters
from asstctl.emulator.replies.values import FilesSearched, ReplyRequest
from asstctl.emulator.runs.citations import Citations, Piece
from asstctl.emulator.runs.events import Event
from asstctl.emulator.runs.history import store_message
from asstctl.emulator.runs.hold import Hold, RunTakenAway, new_step, opened
from asstctl.emulator.runs.states import message_completed, step_ended
from asstctl.emulator.store import Body

Json = Any

SAVE_AFTER = 0.25
"""Seconds until what was told is in the database too. A message that is complete sooner is written once."""


class Speech:
    """What the model says in one turn. Without a word there is neither a message nor a step."""

    def __init__(self, hold: Hold, request: ReplyRequest, *, budget: int | None, usage: Callable[[], Body]) -> None:
        """`budget`: the tokens that may be said; `usage` answers what the turn has used so far."""
        self.quarters = 0
        """Quarters of tokens of all that was said, including what may still become a marker and was not told yet."""
        self.cut_short = False
        self._hold = hold
        self._budget = budget
        self._usage = usage
        self._citations = Citations(_markers(request))
        self._told: list[str] = []
        self._length = 0
        self._annotations: list[Json] = []
        self._message: Body | None = None
        self._step: Body | None = None
        self._save_at: asyncio.TimerHandle | None = None

    @property
    def opened(self) -> bool:
        return self._message is not None

    def say(self, text: str) -> None:
        """Take a piece of text, or as much of it as the budget allows."""
        if self._budget is not None and self.quarters + quarters(text) > self._budget * 4:
            self.cut_short = True
            text = cut(text, self._budget, self.quarters)
        self.quarters += quarters(text)
        self._tell(self._citations.feed(text))

    def say_nothing(self) -> None:
        """Open a message that was cut before its first word."""
        self._tell([Piece("")])

    def finish(self) -> None:
        """Tell what was held back."""
        self._tell(self._citations.flush())

    def rest(self) -> None:
        """Nothing more will be said, and whoever closes the message writes it."""
        if self._save_at is not None:
            self._save_at.cancel()
            self._save_at = None

    def complete(self, now: int) -> list[Event]:
        """Inside a transaction: the message and its step are complete."""
        if self._message is None or self._step is None:
            return []
        message = message_completed({**self._message, "content": self._content()}, now)
        step = step_ended(self._step, "completed", now, self._usage())
        self._hold.store.replace(MESSAGE, message)
        self._hold.store.replace(STEP, step)
        return [
            Event("thread.message.completed", MESSAGE.show(message)),
            Event("thread.run.step.completed", STEP.show(step)),
        ]

    def save(self) -> None:
        """Inside a transaction: what the open message says so far, and what its step used for it."""
        if self._message is not None and self._step is not None:
            self._hold.store.replace(MESSAGE, {**self._message, "content": self._content()})
            self._hold.store.replace(STEP, self._step, notes={"usage": self._usage()})

    def keep_told(self) -> None:
        """Inside a transaction: all that was told, in a message that somebody else closes or has closed."""
        message = self._hold.store.find(MESSAGE, self._message["id"]) if self._message is not None else None
        if message is not None:
            self._hold.store.replace(MESSAGE, {**message, "content": self._content()})

    def _tell(self, pieces: list[Piece]) -> None:
        if not pieces:
            return
        if self._message is not None:
            self._hold.check()
        texts = [self._taken(piece) for piece in pieces]
        if self._message is None:
            self._message = self._open()
        elif self._save_at is None:
            self._save_at = asyncio.get_running_loop().call_later(SAVE_AFTER, self._save_now)
        message_id = self._message["id"]
        self._hold.tell(Event("thread.message.delta", _delta(message_id, text)) for text in texts)

    def _open(self) -> Body:
        hold, now = self._hold, self._hold.now()
        with hold.write() as run:
            about = {name: run[name] for name in ("assistant_id", "thread_id")}
            message = MESSAGE.new({}, now, **about, run_id=run["id"], role="assistant", status="in_progress")
            details = {"type": "message_creation", "message_creation": {"message_id": message["id"]}}
            step = new_step(run, now, details)
            hold.store.insert(STEP, step, notes={"usage": self._usage()})
            store_message(hold.store, {**message, "content": self._content()})
        self._step = step
        # Told empty, since its reader adds up what follows.
        hold.tell([*opened("thread.run.step", STEP.show(step)), *opened("thread.message", MESSAGE.show(message))])
        return message

    def _save_now(self) -> None:
        self._save_at = None
        try:
            # What cannot be written now is written later, or said by a write that somebody waits for.
            with suppress(sqlite3.Error), self._hold.write():
                self.save()
        except RunTakenAway:
            self._hold.lose()

    def _content(self) -> list[Json]:
        return [{"type": "text", "text": {"value": "".join(self._told), "annotations": self._annotations}}]

    def _taken(self, piece: Piece) -> Body:
        """A piece as the next delta tells it."""
        text: Body = {"value": piece.text}
        if not self._told:
            text["annotations"] = []
        start = self._length
        self._told.append(piece.text)
        self._length += len(piece.text)
        if piece.cites is not None:
            annotation = {
                "type": "file_citation",
                "text": piece.text,
                "start_index": start,
                "end_index": self._length,
                "file_citation": {"file_id": piece.cites},
            }
            told = {**annotation, "file_citation": {"file_id": piece.cites, "quote": ""}}
            text["annotations"] = [{"index": len(self._annotations), **told}]
            self._annotations.append(annotation)
        return text


def _delta(message_id: str, text: Body) -> Body:
    content = [{"index": 0, "type": "text", "text": text}]
    return {"id": message_id, "object": "thread.message.delta", "delta": {"content": content}}


def _markers(request: ReplyRequest) -> dict[str, str]:
    """What this run's searches found, and a reply may cite."""
    return {
        passage.marker: passage.file_id
        for earlier in request.rounds
        for call in earlier.calls
        if isinstance(call, FilesSearched)
        for passage in call.passages
    }
