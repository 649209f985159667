"""The execution of a turn by this server: round after round, until the turn is over or waits for its client.

A round is one call of the model with the code that it asks to have run. Each step is committed before it is told. What
a round says is in `reply.py` and `speech.py`, what the model is given in `context.py`.
"""

import logging
import sqlite3
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from asstctl.emulator.agents.objects.session import ITEM, SESSION, TURN, show_session, show_turn
from asstctl.emulator.agents.turns import events, items, leases, states
from asstctl.emulator.agents.turns.context import COMMENTARY, FINAL, build_request, was_steered
from asstctl.emulator.agents.turns.ending import end_turn
from asstctl.emulator.agents.turns.hold import Hold, TurnTakenAway
from asstctl.emulator.agents.turns.reply import Reply
from asstctl.emulator.agents.turns.speech import Speech
from asstctl.emulator.json_text import sendable
from asstctl.emulator.replies.values import ReplyFailed, RunCode, ToolCall
from asstctl.emulator.runs.events import Event
from asstctl.emulator.services import Services
from asstctl.emulator.store import Body

Json = Any

MAX_ROUNDS = 32
"""Rounds of a turn without its client: a model that never comes to an end would use tools for ever."""

_CODES = {"invalid_prompt": "invalid_request"}
"""How the wire calls what kept a backend from replying, where it has another name for it."""

_log = logging.getLogger("asstctl.emulator")


class Execution:
    """One turn from `queued`, or from the answers to its calls, to its end or to the next calls."""

    def __init__(self, services: Services, session_id: str) -> None:
        self._services = services
        self._hold = Hold(services, session_id)
        self._speech: Speech | None = None
        """What writes the open message, if there is one."""
        self._command: tuple[Body, int] | None = None
        """The code that is running, and its place in what the turn puts out."""
        self.waits = False

    async def play(self) -> None:
        try:
            self._take_up()
            await self._take_rounds()
        except TurnTakenAway:
            return
        except ReplyFailed as error:
            self.fail(str(error), _CODES.get(error.code, error.code))
        except sqlite3.Error as error:
            self.fail(f"The server could not write this turn: {error}.")
        except Exception as error:
            _log.exception("turn %s failed", self._hold.turn_id)
            self.fail(f"The server had an error while carrying out this turn ({type(error).__name__}).")

    def fail(self, message: str, code: str = "internal_error") -> None:
        with suppress(TurnTakenAway):
            with self._hold.write() as (session, turn):
                error = {"code": code, "message": sendable(message)}
                told = end_turn(self._services, session, turn, "failed", error=error, cut=self.save())
            self._hold.tell(told)

    def save(self) -> Sequence[Event]:
        told: list[Event] = []
        if self._speech is not None:
            told += self._speech.close("incomplete", FINAL)
        if self._command is not None:
            item, index = self._command
            item = {**item, "status": "incomplete"}
            self._hold.add(item)
            told.append(events.item_done(self._hold.session_id, item, index))
        self._speech = self._command = None
        return told

    def keep_told(self) -> None:
        """What was cut short by another server is not listed."""

    def _take_up(self) -> None:
        with self._hold.write() as (_, turn):
            if turn["status"] != "queued":
                return
            turn = states.moved(turn, "in_progress", started_at=int(self._services.clock()))
            self._hold.store.replace(TURN, turn)
        self._hold.tell([events.of_turn("in_progress", show_turn(self._services, turn))])

    async def _take_rounds(self) -> None:
        for _ in range(MAX_ROUNDS):
            with self._hold.write() as (session, turn):
                turn = {**turn, "_round": turn["_round"] + 1}
                self._hold.store.replace(TURN, turn)
            request = build_request(self._hold.store, session, turn)
            self._speech = Speech(self._hold, turn, turn["_outputs"])
            reply = Reply(request, self._speech)
            await reply.listen(self._services.executor.backend)
            if not self._conclude(reply):
                return
            for code in reply.codes:
                await self._run(code)
            if reply.calls:
                self._await(reply.calls)
                return
        raise ReplyFailed(f"The model used tools in {MAX_ROUNDS} rounds in a row and came to no end.", "invalid_prompt")

    def _conclude(self, reply: Reply) -> bool:
        """Write down what a round came to; False when it was the turn's last."""
        speech, goes_on = self._speech, True
        assert speech is not None
        with self._hold.write() as (session, turn):
            said = speech.opened
            turn["usage"] = states.total_usage(used for used in (turn["usage"], reply.usage()) if used is not None)
            turn["_outputs"] += said
            status = "incomplete" if reply.cut_short else "completed"
            told = speech.close(status, COMMENTARY if reply.asks else FINAL)
            if reply.cut_short:
                error = {"code": "max_output_tokens", "message": "The model came to its limit of output tokens."}
                told = end_turn(self._services, session, turn, "failed", error=error, cut=told)
                goes_on = False
            elif reply.asks or was_steered(self._hold.store, turn):
                self._hold.store.replace(TURN, turn)
            else:
                told = end_turn(self._services, session, turn, "completed", cut=told)
                goes_on = False
        self._speech = None
        self._hold.tell(told)
        return goes_on

    async def _run(self, code: RunCode) -> None:
        """Run code in the session's environment. What it leaves behind is there for the rest of the turn."""
        with self._hold.write() as (_, turn):
            index = turn["_outputs"]
            item = items.command(turn, code.code)
            self._hold.store.replace(TURN, {**turn, "_outputs": index + 1})
        self._command = (item, index)
        self._hold.tell([events.item_added(self._hold.session_id, item, index)])
        began = time.monotonic()
        own = self._hold.store.all(ITEM, turn_id=self._hold.turn_id)
        earlier = [each["command"] for each in own if each["type"] == "command_execution"]
        ran = await self._services.sandbox.run(self._hold.session_id, code.code, earlier=earlier)
        item = {
            **item,
            "status": "failed" if ran.failed else "completed",
            "output": sendable(ran.logs),
            "exit_code": int(ran.failed),
            "duration_ms": round((time.monotonic() - began) * 1000),
        }
        with self._hold.write():
            self._hold.add(item)
        self._command = None
        printed = [events.command_printed(self._hold.session_id, item, index, item["output"])] if ran.logs else []
        self._hold.tell([*printed, events.item_done(self._hold.session_id, item, index)])

    def _await(self, calls: Sequence[ToolCall]) -> None:
        """Have the client answer the calls."""
        now = self._services.clock()
        with self._hold.write() as (session, turn):
            first = turn["_outputs"]
            pending = [items.function_call(turn, call, now, first + number) for number, call in enumerate(calls)]
            turn = states.moved(turn, "waiting", _calls=pending, _outputs=first + len(pending))
            session = states.requiring(session, turn, int(now))
            self._hold.store.replace(TURN, turn)
            self._hold.store.replace(SESSION, session, **leases.FREE)
        self.waits = True
        told = [events.item_added(self._hold.session_id, call, call["_index"]) for call in pending]
        self._hold.tell([*told, events.of_session("requires_action", show_session(self._services, session))])
