"""One round of a turn: what its model says while it says it, what it asks for, and what it used."""

import asyncio
from contextlib import aclosing

from asstctl.emulator.agents.turns.speech import Speech
from asstctl.emulator.agents.turns.states import usage_of
from asstctl.emulator.json_text import sendable
from asstctl.emulator.replies.asked import Asked, check_asked, sendable_asked, texts_in
from asstctl.emulator.replies.tokens import estimate
from asstctl.emulator.replies.values import (
    Backend,
    CutShort,
    Part,
    ReplyRequest,
    RunCode,
    SearchFiles,
    TextDelta,
    ToolCall,
    Usage,
)
from asstctl.emulator.runs.context import prompt_tokens
from asstctl.emulator.runs.turn import WORK
from asstctl.emulator.store import Body


class Reply:
    """What a backend answers to one request."""

    def __init__(self, request: ReplyRequest, speech: Speech) -> None:
        self.codes: list[RunCode] = []
        self.calls: list[ToolCall] = []
        self.cut_short = False
        """Whether the model came to its limit of tokens. What it asked for then is not done."""
        self._request = request
        self._speech = speech
        self._counted: Usage | None = None

    async def listen(self, backend: Backend) -> None:
        clock = asyncio.get_running_loop().time
        rest_at = clock() + WORK
        async with aclosing(backend.reply(self._request)) as parts:
            async for part in parts:
                if clock() > rest_at:
                    await asyncio.sleep(0)
                    rest_at = clock() + WORK
                self._take(part)

    @property
    def asks(self) -> bool:
        return bool(self.codes or self.calls)

    def usage(self) -> Body:
        """What the round has used, as the backend counted it, or else as it is estimated."""
        if self._counted is None:
            asked: list[Asked] = [*self.codes, *self.calls]
            texts = [self._speech.text, *(text for part in asked for text in texts_in(part))]
            return usage_of(prompt_tokens(self._request), sum(map(estimate, texts)))
        counted = self._counted
        return usage_of(
            counted.prompt_tokens, counted.completion_tokens, counted.cached_tokens, counted.reasoning_tokens
        )

    def _take(self, part: Part) -> None:
        match part:
            case TextDelta(text):
                self._speech.say(sendable(text))
            case ToolCall() | RunCode() | SearchFiles():
                check_asked(part, self._request)
                match sendable_asked(part):
                    case ToolCall() as call:
                        self.calls.append(call)
                    case RunCode() as code:
                        self.codes.append(code)
            case Usage():
                self._counted = part
            case CutShort():
                self.cut_short = True
