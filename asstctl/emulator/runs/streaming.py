"""The stream of a run: what is told of it, as server-sent events, to one client.

A stream only reads: the run goes on without it, however slow its reader is, or if the reader is gone. What another
process does to a run is not told here, so a stream also looks for itself: when the execution stops, and now and then.
"""

import asyncio
import sqlite3
from collections import deque
from collections.abc import AsyncGenerator, Callable, MutableMapping
from typing import Any

from starlette.responses import Response

from asstctl.emulator.asgi import Receive, Send
from asstctl.emulator.objects import MESSAGE, RUN, STEP
from asstctl.emulator.runs.ending import closing
from asstctl.emulator.runs.events import Event, error_event
from asstctl.emulator.runs.settling import settle_thread
from asstctl.emulator.runs.states import is_active, moved
from asstctl.emulator.runs.tool_calls import with_passages
from asstctl.emulator.services import Services
from asstctl.emulator.sse import STILL_HERE, encoded, send_stream
from asstctl.emulator.store import Body

KEEP_ALIVE = 15.0
"""Seconds without an event after which a stream says that it is still there, and looks at its run."""

LOOK_AGAIN = 0.25
"""Seconds after which it looks at its run again, while another server is about to end it."""

_DONE = b"event: done\ndata: [DONE]\n\n"
_CHUNK = 256
"""Events that go out in one piece when a reader is behind."""

_LAST = frozenset(
    ("error", *(f"thread.run.{status}" for status in ("requires_action", "completed", "incomplete", "failed")))
) | {"thread.run.cancelled", "thread.run.expired"}


class EventStream(Response):
    """The answer to a request with `stream: true`. It listens first and then sets the run going."""

    media_type = "text/event-stream"

    def __init__(self, services: Services, run: Body, begin: Callable[[], None], *, passages: bool = False) -> None:
        self.status_code = 200
        self.background = None
        self.init_headers({"cache-control": "no-cache"})
        self._services = services
        self._run = run
        self._begin = begin
        self._passages = passages

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        executor = self._services.executor
        tail = _Tail(self._services, self._run, passages=self._passages)
        with executor.announcements.listening(self._run["id"], tail.take):
            self._begin()
            executor.when_stopped(self._run["id"], tail.look_soon)
            await send_stream(tail, receive, send, status=self.status_code, headers=self.raw_headers)


class _Tail:
    """The events of one run that its reader has not seen yet. It ends with the run, or when the run waits."""

    def __init__(self, services: Services, run: Body, *, passages: bool) -> None:
        self.left = False
        self._services = services
        self._run_id: str = run["id"]
        self._thread_id: str = run["thread_id"]
        self._passages = passages
        self._events: deque[Event] = deque()
        self._news = asyncio.Event()
        self._over = False
        self._look = False
        self._told: Body = run
        """The run as it was told last."""
        self._open_step: str | None = None
        self._open_message: str | None = None

    def take(self, event: Event) -> None:
        if self._over:
            return
        self._note(event)
        self._events.append(event)
        self._over = event.name in _LAST
        self._news.set()

    def look_soon(self) -> None:
        self._look = True
        self._news.set()

    def leave(self) -> None:
        self.left = True
        self._news.set()

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        while not self.left:
            if not self._events and not self._over:
                ours = self._services.executor.executes(self._run_id)
                try:
                    async with asyncio.timeout(KEEP_ALIVE if ours else LOOK_AGAIN):
                        await self._news.wait()
                except TimeoutError:
                    self._look = True
                    yield STILL_HERE
            self._news.clear()
            if self._look:
                self._look = False
                self._look_at_run()
            if self._events:
                count = min(len(self._events), _CHUNK)
                yield b"".join(self._encoded(self._events.popleft()) for _ in range(count))
            elif self._over:
                yield _DONE
                return

    def _note(self, event: Event) -> None:
        """What a reader of this stream knows: which step and message are open, and the run."""
        kind, _, what = event.name.rpartition(".")
        if kind == "thread.run.step" and what != "delta":
            self._open_step = event.data["id"] if what in ("created", "in_progress") else None
        elif kind == "thread.message" and what != "delta":
            self._open_message = event.data["id"] if what in ("created", "in_progress") else None
        elif kind == "thread.run":
            self._told = event.data

    def _look_at_run(self) -> None:
        """Find out what nobody told: the end of a run that another process ended, or that was deleted."""
        try:
            settle_thread(self._services, self._thread_id)
            if self._over:
                return
            run = self._services.store.find(RUN, self._run_id)
            if run is None:
                self.take(error_event("The run was deleted while it was being streamed."))
                return
            cancelled = run["status"] in ("cancelling", "cancelled")
            if cancelled and self._told["status"] != "cancelling":
                told = moved(self._told, "cancelling", metadata=run["metadata"])
                self.take(Event("thread.run.cancelling", RUN.show(told)))
            if not is_active(run):
                for event in self._missed(run):
                    self.take(event)
        except sqlite3.OperationalError:
            # Busy or full; there is another look to come.
            return

    def _missed(self, run: Body) -> list[Event]:
        store = self._services.store
        step = store.find(STEP, self._open_step) if self._open_step else None
        message = store.find(MESSAGE, self._open_message) if self._open_message else None
        return [
            *closing(
                run["status"],
                step=[Event(f"thread.run.step.{step['status']}", STEP.show(step))] if step else [],
                message=[Event(f"thread.message.{message['status']}", MESSAGE.show(message))] if message else [],
            ),
            Event(f"thread.run.{run['status']}", RUN.show(run)),
        ]

    def _encoded(self, event: Event) -> bytes:
        data = event.data
        if self._passages and event.name == "thread.run.step.completed":
            data = with_passages(data, self._services.store.notes(STEP, data["id"]))
        return encoded(event.name, data)
