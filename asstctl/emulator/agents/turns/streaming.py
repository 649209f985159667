"""The stream of a session: what is told of it, as server-sent events, to one client.

Live only: what was told before is not told again. A stream only reads, however slow its reader is, or if the reader is
gone. What another process does to the session is not told here, so a stream also looks for itself now and then.
"""

import asyncio
import sqlite3
from collections import deque
from collections.abc import AsyncGenerator, Callable, MutableMapping
from typing import Any

from starlette.responses import Response

from asstctl.emulator.agents.objects.session import SESSION, TURN, show_session, show_turn
from asstctl.emulator.agents.turns import events, states
from asstctl.emulator.agents.turns.settling import settle_session
from asstctl.emulator.asgi import Receive, Send
from asstctl.emulator.ids import new_id
from asstctl.emulator.runs.events import Event
from asstctl.emulator.services import Services
from asstctl.emulator.sse import STILL_HERE, encoded, send_stream

KEEP_ALIVE = 15.0
"""Seconds without an event after which a stream says that it is still there, and looks at its session."""

LOOK_AGAIN = 0.25
"""Seconds after which it looks while a turn is going on, of all that it knows, that this server does not carry out."""

_CHUNK = 256
"""Events that go out in one piece when a reader is behind."""


class SessionStream(Response):
    """The answer to a request for events. It listens first and then begins.

    once: the stream is over when the session comes to rest, as that of a create is.
    """

    media_type = "text/event-stream"

    def __init__(
        self,
        services: Services,
        session_id: str,
        begin: Callable[[], None],
        *,
        status: int = 200,
        once: bool = False,
        obfuscated: bool = True,
    ) -> None:
        self.status_code = status
        self.background = None
        self.init_headers({"cache-control": "no-cache"})
        self._services = services
        self._begin = begin
        self._tail = _Tail(services, session_id, once=once, obfuscated=obfuscated)

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        tail = self._tail
        with self._services.executor.announcements.listening(tail.session_id, tail.take):
            self._begin()
            await send_stream(tail, receive, send, status=self.status_code, headers=self.raw_headers)


class _Tail:
    """The events of one session that its reader has not seen yet."""

    def __init__(self, services: Services, session_id: str, *, once: bool, obfuscated: bool) -> None:
        self.session_id = session_id
        self.left = False
        self._services = services
        self._once = once
        self._obfuscated = obfuscated
        self._events: deque[Event] = deque()
        self._news = asyncio.Event()
        self._over = False
        session = services.store.find(SESSION, session_id)
        self._status = session["status"] if session else ""
        """The session as it was told last, or as it was when the stream began."""
        self._turn = session["_turn"] if session else None
        """The turn that goes on, of all that this stream knows."""

    def take(self, event: Event) -> None:
        if self._over:
            return
        if event is events.CLOSING:
            self._over = True
        elif event is events.ENDING:
            self._once, self._over = True, self._status != "in_progress"
        else:
            self._note(event)
            self._events.append(event)
            self._over = event.name == "agent.session.failed" or (self._once and event.name in events.LAST)
        self._news.set()

    def leave(self) -> None:
        self.left = True
        self._news.set()

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        while not self.left:
            if not self._events and not self._over:
                elsewhere = self._status == "in_progress" and not self._services.executor.executes(self.session_id)
                try:
                    async with asyncio.timeout(LOOK_AGAIN if elsewhere else KEEP_ALIVE):
                        await self._news.wait()
                except TimeoutError:
                    self._look()
                    yield STILL_HERE
            self._news.clear()
            if self._events:
                count = min(len(self._events), _CHUNK)
                yield b"".join(self._encoded(self._events.popleft()) for _ in range(count))
            elif self._over:
                return

    def _note(self, event: Event) -> None:
        if "session" in event.data:
            self._status = event.data["session"]["status"]
        elif "turn" in event.data:
            self._turn = None if event.data["turn"]["status"] in states.OVER else event.data["turn"]["id"]

    def _look(self) -> None:
        """Find out what nobody told: where another process has brought the session to."""
        try:
            settle_session(self._services, self.session_id)
            if self._over:
                return
            store, services = self._services.store, self._services
            session = store.find(SESSION, self.session_id)
            if session is None:
                self.take(events.CLOSING)
                return
            turn = store.find(TURN, self._turn) if self._turn else None
            if turn is not None and turn["status"] in states.OVER:
                self.take(events.of_turn(turn["status"], show_turn(services, turn)))
            if session["status"] != self._status:
                self.take(events.of_session(session["status"], show_session(services, session)))
                self._turn = session["_turn"]
        except sqlite3.OperationalError:
            # Busy or full; there is another look to come.
            return

    def _encoded(self, event: Event) -> bytes:
        told = {**event.data, "obfuscation": new_id("", 8)} if self._obfuscated else event.data
        return encoded(event.name, told)
