"""What a client says to a session: messages begin a turn or steer the one that goes on, results resume it, a cancel
ends it.

All input of a request is taken in one transaction, or none; what came of it is told and carried out after the commit.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from asstctl.emulator.agents import refusals
from asstctl.emulator.agents.objects.input import CANCEL, MESSAGE
from asstctl.emulator.agents.objects.session import ITEM, SESSION, TURN, show_session, show_turn
from asstctl.emulator.agents.turns import events, items, leases, states
from asstctl.emulator.agents.turns.ending import end_turn
from asstctl.emulator.json_text import compact
from asstctl.emulator.runs.events import Event
from asstctl.emulator.services import Services
from asstctl.emulator.store import Body

Json = Any

_KEYS = 100
"""Idempotency keys that a session remembers."""


class Intake:
    """Input for one session, inside a transaction; `carry_out` is for afterwards."""

    def __init__(self, services: Services, session: Body) -> None:
        self.session = session
        self.told: list[Event] = []
        self._services = services
        self._store = services.store
        self._starts = self._stops = False

    def take(self, given: Sequence[Mapping[str, Json]], key: str | None = None) -> None:
        """Events in their order. With a key that is known nothing happens: they have been taken already."""
        if key is not None and self._knows(key, given):
            return
        for event in given:
            match event["type"]:
                case kind if kind == MESSAGE:
                    self.say(event["input"])
                case kind if kind == CANCEL:
                    self._cancel()
                case _:
                    self._answer(event)

    def say(self, messages: Sequence[Mapping[str, Json]]) -> None:
        """What a user says: a turn of its own, or a part of the one that goes on."""
        if self.session["status"] == "budget_reached":
            raise refusals.conflict(f"The session {self.session['id']} has reached its spending limit. Raise it first.")
        turn = self._turn()
        begins = turn is None
        if turn is None:
            turn = self._new_turn()
            self.told.append(events.of_turn("created", show_turn(self._services, turn)))
        for message in messages:
            item = items.user_message(turn, message["content"])
            self._store.insert(ITEM, item, session_id=self.session["id"])
            self.told.append(events.item_added(self.session["id"], item, None))
        now = int(self._services.clock())
        said = self.session["_said"] + len(messages)
        self.session = {**self.session, "_said": said, "last_active_at": now}
        if begins:
            self._begin(turn)
        else:
            self._store.replace(SESSION, self.session)

    def carry_out(self) -> None:
        """After the commit."""
        executor, session_id = self._services.executor, self.session["id"]
        executor.announcements.tell(session_id, self.told)
        if self._stops:
            executor.drop(self._services, session_id)
        if self._starts:
            executor.start(self._services, session_id)

    def _turn(self) -> Body | None:
        """The turn that goes on."""
        return self._store.find(TURN, self.session["_turn"]) if self.session["_turn"] else None

    def _new_turn(self) -> Body:
        session = self.session
        about = {"session_id": session["id"], "agent_id": session["agent"]["id"]}
        caching = {"prompt_cache_options": session["prompt_cache_options"]}
        turn = TURN.new({}, int(self._services.clock()), **about, **caching)
        turn |= {"_calls": [], "_round": 0, "_outputs": 0, "_ended": None}
        self._store.insert(TURN, turn)
        return turn

    def _begin(self, turn: Body) -> None:
        """Put the session, whose turn it is, to work in the hands of this server."""
        now = self._services.clock()
        self.session = states.working(self.session, turn, int(now))
        owner = self._services.executor.owner
        self._store.replace(SESSION, self.session, **leases.held(owner, turn["id"], now))
        self.told.append(events.of_session("in_progress", show_session(self._services, self.session)))
        self._starts = True

    def _cancel(self) -> None:
        """Without a turn that goes on there is nothing to cancel, which is no fault: it may just have ended."""
        turn = self._turn()
        if turn is None:
            return
        cut = self._services.executor.save(self.session["id"])
        self.told += end_turn(self._services, self.session, turn, "cancelled", cut=cut)
        self._reread()
        self._starts, self._stops = False, True

    def _answer(self, result: Mapping[str, Json]) -> None:
        """The result of a call: the last one that is awaited resumes the turn."""
        turn, call_id = self._turn(), result["call_id"]
        call = next((call for call in (turn["_calls"] if turn else ()) if call["call_id"] == call_id), None)
        if turn is None or call is None:
            self._check_again(result)
            return
        if result["turn_id"] != turn["id"]:
            raise refusals.call_of_another_turn(call_id, result["turn_id"])
        if self._services.clock() < call["_at"] + self._services.quirks.pending_calls:
            raise refusals.unknown_call(call_id)
        self._add_answer(turn, call, result)

    def _add_answer(self, turn: Body, call: Body, result: Mapping[str, Json]) -> None:
        session_id = self.session["id"]
        output = items.function_output(call, result)
        call = {**call, "status": output["status"]}
        for item in (call, output):
            self._store.insert(ITEM, item, session_id=session_id)
        self.told.append(events.item_done(session_id, call, call["_index"]))
        self.told.append(events.item_added(session_id, output, None))
        left = [each for each in turn["_calls"] if each["call_id"] != call["call_id"]]
        turn = {**turn, "_calls": left}
        if left:
            self._store.replace(TURN, turn)
            self.session = states.requiring(self.session, turn, int(self._services.clock()))
            self._store.replace(SESSION, self.session)
            return
        turn = states.moved(turn, "in_progress")
        self._store.replace(TURN, turn)
        self._begin(turn)
        self.told.append(events.of_turn("in_progress", show_turn(self._services, turn)))

    def _check_again(self, result: Mapping[str, Json]) -> None:
        """A result of a call that is not awaited any more: the same as before is taken, another is not."""
        known = {item["type"]: item for item in self._of_call(result["call_id"])}
        if not known:
            raise refusals.unknown_call(result["call_id"])
        call, before = known["function_call"], known.get("function_call_output")
        if result["turn_id"] != call["turn_id"]:
            raise refusals.call_of_another_turn(call["call_id"], result["turn_id"])
        if before is None:
            raise refusals.conflict(
                f"The turn {call['turn_id']} ended before the tool call {call['call_id']} was answered."
            )
        again = items.function_output(call, result)
        if any(again[name] != before[name] for name in ("status", "output", "error")):
            raise refusals.conflict(f"The tool call {call['call_id']} already has another result.")

    def _of_call(self, call_id: str) -> list[Body]:
        own = self._store.all(ITEM, session_id=self.session["id"])
        return [item for item in own if item.get("call_id") == call_id]

    def _knows(self, key: str, given: Sequence[Mapping[str, Json]]) -> bool:
        """Whether this very input came with this key before; if not, it is remembered."""
        name, sent = _digest(key), _digest(compact(given))
        keys: dict[str, str] = self.session["_keys"]
        if name in keys:
            if keys[name] != sent:
                raise refusals.conflict("The idempotency key was used before, with other events.")
            return True
        newest = list({**keys, name: sent}.items())[-_KEYS:]
        self.session = {**self.session, "_keys": dict(newest)}
        self._store.replace(SESSION, self.session)
        return False

    def _reread(self) -> None:
        found = self._store.find(SESSION, self.session["id"])
        assert found is not None
        self.session = found


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]
