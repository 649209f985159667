"""The execution of a run by this server: turn after turn of the model, until the run is over or waits for its client.

Each step is committed before it is announced. What a turn says is in `speech.py`, what its tools do in `tool_step.py`.
"""

import asyncio
import json
import logging
import sqlite3
from collections.abc import Sequence
from contextlib import aclosing
from typing import Any

from asstctl.emulator.objects import RUN
from asstctl.emulator.replies.tokens import estimate
from asstctl.emulator.replies.values import (
    CutShort,
    ReplyFailed,
    ReplyRequest,
    RunCode,
    SearchFiles,
    TextDelta,
    ToolCall,
    Usage,
)
from asstctl.emulator.runs import leases
from asstctl.emulator.runs.context import build_request, prompt_tokens
from asstctl.emulator.runs.ending import end_run
from asstctl.emulator.runs.events import Event
from asstctl.emulator.runs.history import read_history
from asstctl.emulator.runs.hold import Hold, RunTakenAway, sendable
from asstctl.emulator.runs.speech import Speech
from asstctl.emulator.runs.states import awaiting, started, usage_of
from asstctl.emulator.runs.tool_calls import Asked, functions_in
from asstctl.emulator.runs.tool_step import ToolStep
from asstctl.emulator.services import Services
from asstctl.emulator.store import Body

Json = Any

MAX_TURNS = 32
"""Turns of the model in a row that end in the server's own tools: a model that never comes to an end would use them
for ever."""

WORK = 0.002
"""Seconds after which a reply that comes without a pause lets others have their turn."""

_log = logging.getLogger("asstctl.emulator")


class Execution:
    """One run from `queued` to its end, or to the calls that its client answers. `play` is the task."""

    def __init__(self, services: Services, run_id: str) -> None:
        self._services = services
        self._hold = Hold(services, run_id)
        self._speech: Speech | None = None
        self.waits = False
        """Whether the run has come to wait for its client."""

    @property
    def content(self) -> list[Json]:
        """What the open message has come to say."""
        return self._speech.content if self._speech is not None else []

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
            pass
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
            return

    def _end(self, status: str, **changes: Json) -> None:
        with self._hold.write() as run:
            events = end_run(self._hold.store, run, status, self._hold.now(), content=self.content, **changes)
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
        limit = run["max_prompt_tokens"]
        for _ in range(MAX_TURNS):
            request = build_request(self._hold.store, run, history)
            if limit is not None and prompt_tokens(request) > limit:
                self._end("incomplete", incomplete_details={"reason": "max_prompt_tokens"})
                return
            turn = _Turn(self._hold, request, counts_tokens=self._services.executor.backend.counts_tokens)
            self._speech = turn.speech
            await turn.listen(self._services)
            if not await self._conclude(turn):
                return
        raise ReplyFailed(f"The model used tools in {MAX_TURNS} turns in a row and came to no end.", "invalid_prompt")

    async def _conclude(self, turn: "_Turn") -> bool:
        """Write down what a turn came to; True when the model is to be asked again."""
        usage = turn.final_usage()
        if turn.cut_short:
            with self._hold.write():
                turn.speech.note_usage(usage)
            self._end("incomplete", incomplete_details={"reason": "max_completion_tokens"})
            return False
        store, calls = self._hold.store, turn.asked
        with self._hold.write() as run:
            events = turn.speech.complete(self._hold.now(), usage)
            step = ToolStep(self._hold, run, turn.request)
            if calls:
                step.open(calls, usage_of(0, 0) if turn.speech.opened else usage)
                events += step.told()
            else:
                events += end_run(store, run, "completed", self._hold.now())
        self._hold.tell(events)
        if not calls:
            return False
        await step.serve()
        functions = functions_in(step.body)
        with self._hold.write() as run:
            if functions:
                run = awaiting(run, functions)
                store.replace(RUN, run, **leases.FREE)
                events = [Event("thread.run.requires_action", RUN.show(run))]
            else:
                events = step.complete()
        self.waits = bool(functions)
        self._hold.tell(events)
        return not functions


class _Turn:
    """One turn of the model: what it says as it says it, and the calls that it ends in."""

    def __init__(self, hold: Hold, request: ReplyRequest, *, counts_tokens: bool) -> None:
        self.request = request
        self.speech = Speech(hold, request, counts_tokens=counts_tokens)
        self.cut_short = False
        self.asked: list[Asked] = []
        self._usage: Usage | None = None

    async def listen(self, services: Services) -> None:
        clock = asyncio.get_running_loop().time
        rest_at = clock() + WORK
        async with aclosing(services.executor.backend.reply(self.request)) as parts:
            async for part in parts:
                if clock() > rest_at:
                    await asyncio.sleep(0)
                    rest_at = clock() + WORK
                match part:
                    case TextDelta(text):
                        if text:
                            self.speech.say(text)
                        if self.speech.cut_short:
                            break
                    case ToolCall() | RunCode() | SearchFiles():
                        _check(part, self.request)
                        self.asked.append(part)
                    case Usage():
                        self._usage = part
                    case CutShort():
                        self.cut_short = True
        self.speech.finish()
        self.cut_short |= self.speech.cut_short
        if not self.request.parallel_tool_calls:
            del self.asked[1:]
        if not self.cut_short:
            _check_forced(self.asked, self.request)

    def final_usage(self) -> Body:
        if self._usage is not None:
            counted = self._usage
            return usage_of(
                counted.prompt_tokens, counted.completion_tokens, counted.cached_tokens, counted.reasoning_tokens
            )
        said = -(-self.speech.quarters // 4) + sum(estimate(text) for part in self.asked for text in _texts(part))
        return usage_of(prompt_tokens(self.request), said)


def _texts(part: Asked) -> tuple[str, ...]:
    match part:
        case ToolCall(function, arguments):
            return (function, arguments)
        case RunCode(code):
            return (code,)
        case SearchFiles(query):
            return (query,)


_KINDS = {RunCode: "code_interpreter", SearchFiles: "file_search"}


def _check(part: Asked, request: ReplyRequest) -> None:
    """A call of something that the run does not have would leave nobody to answer it."""
    if not isinstance(part, ToolCall):
        kind = _KINDS[type(part)]
        if not request.has_tool(kind):
            raise ReplyFailed(f"The reply uses the tool {kind!r}, which this run does not have.", "invalid_prompt")
        return
    if part.function not in request.functions:
        has = ", ".join(request.functions) or "none"
        raise ReplyFailed(
            f"The reply calls the function {part.function!r}, which this run does not declare (declared: {has}).",
            "invalid_prompt",
        )
    try:
        json.loads(part.arguments)
    except (ValueError, RecursionError) as error:
        raise ReplyFailed(
            f"The reply calls {part.function!r} with arguments that are not JSON: {part.arguments[:200]}",
            "invalid_prompt",
        ) from error


def _check_forced(asked: Sequence[Asked], request: ReplyRequest) -> None:
    """What the run's `tool_choice` demands must be among the calls."""
    choice = request.tool_choice
    if isinstance(choice, dict):
        wanted = choice["function"]["name"] if choice["type"] == "function" else choice["type"]
        met = any(_name(part) == (choice["type"], wanted) for part in asked)
    else:
        met = choice != "required" or not request.tools or bool(asked)
    if not met:
        raise ReplyFailed("The run's tool_choice demands a call, but the reply makes none.", "invalid_prompt")


def _name(part: Asked) -> tuple[str, str]:
    if isinstance(part, ToolCall):
        return "function", part.function
    return _KINDS[type(part)], _KINDS[type(part)]
