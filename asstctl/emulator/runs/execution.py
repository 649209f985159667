"""The execution of a run by this server: turn after turn of the model, until the run is over or waits for its client.

Each step is committed before it is announced. What a turn says is in `turn.py` and `speech.py`, what its tools do in
`tool_step.py`.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from asstctl.emulator.json_text import sendable
from asstctl.emulator.objects import RUN
from asstctl.emulator.replies.values import ReplyFailed
from asstctl.emulator.runs import leases
from asstctl.emulator.runs.context import BudgetSpent, build_request
from asstctl.emulator.runs.ending import end_run
from asstctl.emulator.runs.events import Event
from asstctl.emulator.runs.history import read_history
from asstctl.emulator.runs.hold import Hold, RunTakenAway
from asstctl.emulator.runs.speech import Speech
from asstctl.emulator.runs.states import awaiting, started, usage_of
from asstctl.emulator.runs.tool_calls import functions_in
from asstctl.emulator.runs.tool_step import ToolStep
from asstctl.emulator.runs.turn import Turn
from asstctl.emulator.services import Services
from asstctl.emulator.store import Body

Json = Any

MAX_TURNS = 32
"""Turns of the model in a row that end in the server's own tools: a model that never comes to an end would use them
for ever."""

_log = logging.getLogger("asstctl.emulator")


class Execution:
    """One run from `queued` to its end, or to the calls that its client answers. `play` is the task."""

    def __init__(self, services: Services, run_id: str) -> None:
        self._services = services
        self._hold = Hold(services, run_id)
        self._speech: Speech | None = None
        """What writes the open message, if there is one."""
        self.waits = False
        """Whether the run has come to wait for its client."""

    async def play(self) -> None:
        try:
            run = self._take_up()
            try:
                async with asyncio.timeout(run["expires_at"] - self._services.clock()) as lifetime:
                    await self._take_turns(run)
            except TimeoutError:
                if not lifetime.expired():
                    raise
                self._end("expired")
        except RunTakenAway:
            self.keep_told()
        except ReplyFailed as error:
            self.fail(str(error), error.code)
        except sqlite3.Error as error:
            self.fail(f"The server could not write this run: {error}.")
        except Exception as error:
            _log.exception("run %s failed", self._hold.run_id)
            self.fail(f"The server had an error while executing this run ({type(error).__name__}).")

    def fail(self, message: str, code: str = "server_error") -> None:
        """End the run `failed`, unless somebody else has ended it."""
        # What cannot be written would leave the run active for ever.
        try:
            self._end("failed", last_error={"code": code, "message": sendable(message)})
        except RunTakenAway:
            self.keep_told()

    def save(self) -> Sequence[Event]:
        """Inside a transaction: what the open message has come to say, and what that used. Whoever ends it tells."""
        if self._speech is not None:
            self._speech.save()
        return ()

    def keep_told(self) -> None:
        """Somebody else ends the run: have its message say all that streams of this server were told."""
        if self._speech is not None:
            with suppress(sqlite3.Error), self._hold.store.write():
                self._speech.keep_told()

    def _end(self, status: str, **changes: Json) -> None:
        with self._hold.write() as run:
            self.save()
            events = end_run(self._hold.store, run, status, self._hold.now(), **changes)
        self._hold.tell(events)

    def _take_up(self) -> Body:
        with self._hold.write() as run:
            run = started(run, self._hold.now())
            lease = leases.held(self._services.executor.owner, self._services.clock())
            self._hold.store.replace(RUN, run, **lease)
        self._hold.tell([Event("thread.run.in_progress", RUN.show(run))])
        return run

    async def _take_turns(self, run: Body) -> None:
        history = await read_history(self._services, run)
        # A long thread takes its time, in which another server may have ended the run or deleted it.
        self._hold.check()
        for _ in range(MAX_TURNS):
            try:
                request = build_request(self._hold.store, run, history)
            except BudgetSpent as spent:
                self._end("incomplete", incomplete_details={"reason": spent.reason})
                return
            turn = Turn(self._hold, request, self._services.executor.backend)
            self._speech = turn.speech
            await turn.listen()
            step = self._conclude(turn)
            if step is None or not await self._use_tools(step):
                return
        raise ReplyFailed(f"The model used tools in {MAX_TURNS} turns in a row and came to no end.", "invalid_prompt")

    def _conclude(self, turn: Turn) -> ToolStep | None:
        """Write down what a turn came to: the step of its calls, or None when it was the run's last."""
        if turn.cut_short:
            self._end("incomplete", incomplete_details={"reason": "max_completion_tokens"})
            return None
        step, now = None, self._hold.now()
        with self._hold.write() as run:
            events = turn.speech.complete(now)
            if turn.asked:
                step = ToolStep(self._hold, run, turn.request)
                events += step.open(turn.asked, usage_of(0, 0) if turn.speech.opened else turn.usage())
            else:
                events += end_run(self._hold.store, run, "completed", now)
        self._speech = None
        self._hold.tell(events)
        return step

    async def _use_tools(self, step: ToolStep) -> bool:
        """Have the calls of a step answered; False when functions are among them, for which the run waits."""
        await step.serve()
        functions = functions_in(step.body)
        with self._hold.write() as run:
            if functions:
                run = awaiting(run, functions)
                self._hold.store.replace(RUN, run, **leases.FREE)
                events = [Event("thread.run.requires_action", RUN.show(run))]
            else:
                events = step.complete()
        self.waits = bool(functions)
        self._hold.tell(events)
        return not functions
