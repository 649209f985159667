"""One turn of the model: what it says while it says it, the calls that it ends in, and what it used.

What a turn may not do is refused here: calls of what the run does not have, and more tokens than are left to it.
"""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing

from asstctl.emulator.json_text import sendable
from asstctl.emulator.replies.asked import KINDS, Asked, check_asked, sendable_asked, texts_in
from asstctl.emulator.replies.tokens import estimate
from asstctl.emulator.replies.values import (
    Backend,
    CutShort,
    Part,
    ReplyFailed,
    ReplyRequest,
    RunCode,
    SearchFiles,
    TextDelta,
    ToolCall,
    Usage,
)
from asstctl.emulator.runs.context import prompt_tokens
from asstctl.emulator.runs.hold import Hold
from asstctl.emulator.runs.speech import Speech
from asstctl.emulator.runs.states import usage_of
from asstctl.emulator.store import Body

WORK = 0.002
"""Seconds after which a reply that comes without a pause lets others have their turn."""


class Turn:
    """What a backend answers to one request."""

    def __init__(self, hold: Hold, request: ReplyRequest, backend: Backend) -> None:
        self.request = request
        self.asked: list[Asked] = []
        self.cut_short = False
        """Whether the run's budget of tokens ended the turn. What it asked for then is not done."""
        self._backend = backend
        # A backend that counts for itself says so with `CutShort`.
        self._budget = None if backend.counts_tokens else request.max_completion_tokens
        self._prompt = prompt_tokens(request)
        self._counted: Usage | None = None
        self.speech = Speech(hold, request, budget=self._budget, usage=self.usage)

    async def listen(self) -> None:
        clock = asyncio.get_running_loop().time
        rest_at = clock() + WORK
        try:
            async with aclosing(self._backend.reply(self.request)) as parts:
                async for part in parts:
                    if clock() > rest_at:
                        await asyncio.sleep(0)
                        rest_at = clock() + WORK
                    self._take(part)
                    if self.speech.cut_short:
                        break
            self.speech.finish()
        finally:
            self.speech.rest()
        if not self.request.parallel_tool_calls:
            del self.asked[1:]
        self.cut_short |= self.speech.cut_short or (self._budget is not None and self._said() > self._budget)
        if not self.cut_short:
            _check_forced(self.asked, self.request)
        elif not self.speech.opened:
            # What it used needs a step to stand on.
            self.speech.say_nothing()

    def usage(self) -> Body:
        """What the turn has used so far, as the backend counted it, or else as it is estimated."""
        if self._counted is None:
            said = self._said()
            return usage_of(self._prompt, said if self._budget is None else min(said, self._budget))
        counted = self._counted
        return usage_of(
            counted.prompt_tokens, counted.completion_tokens, counted.cached_tokens, counted.reasoning_tokens
        )

    def _take(self, part: Part) -> None:
        match part:
            case TextDelta(text):
                self.speech.say(sendable(text))
            case ToolCall() | RunCode() | SearchFiles():
                check_asked(part, self.request)
                self.asked.append(sendable_asked(part))
            case Usage():
                self._counted = part
            case CutShort():
                self.cut_short = True

    def _said(self) -> int:
        """An estimate of the tokens of text and calls."""
        return -(-self.speech.quarters // 4) + sum(estimate(text) for part in self.asked for text in texts_in(part))


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
    return KINDS[type(part)], KINDS[type(part)]
