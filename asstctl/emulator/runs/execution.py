"""One turn of the model in a run, from `queued` to its end or to the calls that it asks for.

Each step is committed before it is announced. Every write first makes sure that the run is still ours and in progress:
a client may have cancelled it, it may have expired, the thread may be gone.
"""

import json
import logging
import sqlite3
from collections.abc import Iterable
from contextlib import aclosing
from typing import Any

from asstctl.emulator.ids import new_id
from asstctl.emulator.objects import MESSAGE, RUN, STEP
from asstctl.emulator.objects.message import text_part
from asstctl.emulator.replies.tokens import cut, estimate
from asstctl.emulator.replies.values import CutShort, ReplyFailed, ReplyRequest, TextDelta, ToolCall, Usage
from asstctl.emulator.runs import leases
from asstctl.emulator.runs.context import build_request, prompt_tokens
from asstctl.emulator.runs.ending import end_run
from asstctl.emulator.runs.events import Event
from asstctl.emulator.runs.states import awaiting, message_completed, started, step_ended, usage_of
from asstctl.emulator.services import Services
from asstctl.emulator.store import Body

Json = Any

_log = logging.getLogger("asstctl.emulator")


class RunTakenAway(Exception):
    """The run is no longer ours to write: it was cancelled, it expired, or it was deleted."""


class Execution:
    """A turn of one run. `play` is the task; the rest is how it ends early."""

    def __init__(self, services: Services, run_id: str) -> None:
        self._services = services
        self._run_id = run_id
        self._text = ""
        self._calls: list[ToolCall] = []
        self._usage: Usage | None = None
        self._cut_short = False
        self._message: Body | None = None
        self._step: Body | None = None

    @property
    def text(self) -> str:
        """What the open message has come to say."""
        return self._text

    async def play(self) -> None:
        try:
            request = self._begin()
            if request is None:
                return
            await self._listen(request)
            self._finish(request)
        except RunTakenAway:
            pass
        except ReplyFailed as error:
            self.fail(str(error), error.code)
        except sqlite3.Error as error:
            self.fail(f"The server could not write this run: {error}.")
        except Exception as error:
            _log.exception("run %s failed", self._run_id)
            self.fail(f"The server had an error while executing this run ({type(error).__name__}).")

    def fail(self, message: str, code: str = "server_error") -> None:
        """End the run `failed`, unless somebody else has ended it."""
        # What cannot be written would leave the run active for ever.
        error = {"code": code, "message": message.encode(errors="replace").decode()}
        try:
            with self._services.store.write():
                events = end_run(
                    self._services.store, self._mine(), "failed", self._now(), text=self._text, last_error=error
                )
        except RunTakenAway:
            return
        self._tell(events)

    def _begin(self) -> ReplyRequest | None:
        """Take the run up; None when its prompt has no room in what it may cost."""
        store = self._services.store
        with store.write():
            run = started(self._mine(), self._now())
            store.replace(RUN, run, **leases.held(self._services.executor.owner, self._services.clock()))
        self._tell([Event("thread.run.in_progress", RUN.show(run))])
        request = build_request(store, run)
        limit = run["max_prompt_tokens"]
        if limit is not None and prompt_tokens(request) > limit:
            reason = {"reason": "max_prompt_tokens"}
            with store.write():
                events = end_run(store, self._mine(), "incomplete", self._now(), incomplete_details=reason)
            self._tell(events)
            return None
        return request

    async def _listen(self, request: ReplyRequest) -> None:
        async with aclosing(self._services.executor.backend.reply(request)) as parts:
            async for part in parts:
                match part:
                    case TextDelta(text):
                        if text and not self._say(text, request.max_completion_tokens):
                            return
                    case ToolCall():
                        self._calls.append(_checked(part, request))
                    case Usage():
                        self._usage = part
                    case CutShort():
                        self._cut_short = True

    def _say(self, text: str, budget: int | None) -> bool:
        """Take a piece of text; False once the run's budget of tokens is used up."""
        if self._message is None:
            self._open_message()
        assert self._message is not None
        first = not self._text
        if budget is not None and not self._services.executor.backend.counts_tokens:
            allowed = cut(self._text + text, budget)
            self._cut_short = len(allowed) < len(self._text) + len(text)
            text = allowed[len(self._text) :]
        self._text += text
        part = {"index": 0, "type": "text", "text": {"value": text, **({"annotations": []} if first else {})}}
        delta = {"id": self._message["id"], "object": "thread.message.delta", "delta": {"content": [part]}}
        self._tell([Event("thread.message.delta", delta)])
        return not self._cut_short

    def _open_message(self) -> None:
        store, now = self._services.store, self._now()
        with store.write():
            run = self._mine()
            about = {name: run[name] for name in ("assistant_id", "thread_id")}
            message = MESSAGE.new({}, now, **about, run_id=self._run_id, role="assistant", status="in_progress")
            details = {"type": "message_creation", "message_creation": {"message_id": message["id"]}}
            step = self._new_step(run, now, details)
            store.insert(STEP, step)
            store.insert(MESSAGE, message)
        self._message, self._step = message, step
        self._tell(
            [
                *_opened("thread.run.step", STEP.show(step)),
                *_opened("thread.message", MESSAGE.show(message)),
            ]
        )

    def _new_step(self, run: Body, now: int, details: Json) -> Body:
        return STEP.new(
            {},
            now,
            run_id=run["id"],
            assistant_id=run["assistant_id"],
            thread_id=run["thread_id"],
            type=details["type"],
            expires_at=run["expires_at"],
            step_details=details,
        )

    def _finish(self, request: ReplyRequest) -> None:
        calls = self._calls if request.parallel_tool_calls else self._calls[:1]
        if not calls and not self._cut_short:
            _check_forced(request)
        usage = self._final_usage(request, calls)
        store, now = self._services.store, self._now()
        events: list[Event] = []
        with store.write():
            run = self._mine()
            if self._cut_short:
                if self._step is not None:
                    store.replace(STEP, {**self._step, "_usage": usage})
                reason = {"reason": "max_completion_tokens"}
                events += end_run(store, run, "incomplete", now, text=self._text, incomplete_details=reason)
            else:
                events += self._close_message(now, usage)
                if calls:
                    events += self._ask(run, now, calls, usage_of(0, 0) if self._step else usage)
                else:
                    events += end_run(store, run, "completed", now)
        self._tell(events)

    def _close_message(self, now: int, usage: Body) -> list[Event]:
        if self._message is None or self._step is None:
            return []
        message = message_completed({**self._message, "content": [text_part(self._text)]}, now)
        step = step_ended({**self._step, "_usage": usage}, "completed", now)
        self._services.store.replace(MESSAGE, message)
        self._services.store.replace(STEP, step)
        return [
            Event("thread.message.completed", MESSAGE.show(message)),
            Event("thread.run.step.completed", STEP.show(step)),
        ]

    def _ask(self, run: Body, now: int, calls: Iterable[ToolCall], usage: Body) -> list[Event]:
        store = self._services.store
        asked = [
            {
                "id": new_id("call_"),
                "type": "function",
                "function": {"name": call.function, "arguments": call.arguments, "output": None},
            }
            for call in calls
        ]
        step = self._new_step(run, now, {"type": "tool_calls", "tool_calls": asked})
        # The wire shows a step's usage only once the step is over.
        store.insert(STEP, {**step, "_usage": usage})
        run = awaiting(run, asked)
        store.replace(RUN, run, **leases.FREE)
        empty = {**step, "step_details": {"type": "tool_calls", "tool_calls": []}}
        return [
            *_opened("thread.run.step", STEP.show(empty)),
            *(Event("thread.run.step.delta", delta) for delta in _call_deltas(step)),
            Event("thread.run.requires_action", RUN.show(run)),
        ]

    def _final_usage(self, request: ReplyRequest, calls: Iterable[ToolCall]) -> Body:
        if self._usage is not None:
            counted = self._usage
            return usage_of(
                counted.prompt_tokens, counted.completion_tokens, counted.cached_tokens, counted.reasoning_tokens
            )
        said = estimate(self._text) + sum(estimate(call.function) + estimate(call.arguments) for call in calls)
        return usage_of(prompt_tokens(request), said)

    def _mine(self) -> Body:
        """The run as it is now, or `RunTakenAway`. Only meaningful inside a transaction."""
        run = self._services.store.find(RUN, self._run_id, lease_owner=self._services.executor.owner)
        if run is None or run["status"] not in ("queued", "in_progress"):
            raise RunTakenAway(self._run_id)
        return run

    def _now(self) -> int:
        return int(self._services.clock())

    def _tell(self, events: Iterable[Event]) -> None:
        self._services.executor.announcements.tell(self._run_id, events)


def _opened(kind: str, body: Body) -> list[Event]:
    return [Event(f"{kind}.created", body), Event(f"{kind}.in_progress", body)]


def _call_deltas(step: Body) -> Iterable[Body]:
    """What a reader of the stream puts together again: each call with empty arguments, then its arguments."""
    for index, call in enumerate(step["step_details"]["tool_calls"]):
        function = call["function"]
        for part in (
            {**call, "function": {**function, "arguments": ""}},
            {"type": "function", "function": {"arguments": function["arguments"]}},
        ):
            details = {"type": "tool_calls", "tool_calls": [{"index": index, **part}]}
            yield {"id": step["id"], "object": "thread.run.step.delta", "delta": {"step_details": details}}


def _checked(call: ToolCall, request: ReplyRequest) -> ToolCall:
    """A call of something that the assistant does not have would leave the client with nothing to do."""
    if call.function not in request.functions:
        has = ", ".join(request.functions) or "none"
        raise ReplyFailed(
            f"The reply calls the function {call.function!r}, which this run does not declare (declared: {has}).",
            "invalid_prompt",
        )
    try:
        json.loads(call.arguments)
    except (ValueError, RecursionError) as error:
        raise ReplyFailed(
            f"The reply calls {call.function!r} with arguments that are not JSON: {call.arguments[:200]}",
            "invalid_prompt",
        ) from error
    return call


def _check_forced(request: ReplyRequest) -> None:
    choice = request.tool_choice
    named = isinstance(choice, dict) and choice["type"] == "function"
    if named or (choice == "required" and request.functions):
        raise ReplyFailed("The run's tool_choice demands a call, but the reply makes none.", "invalid_prompt")
