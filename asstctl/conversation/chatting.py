"""A chat: a conversation that a person has, message by message, on a thread of its own.

Calls are answered by stubs, or by the person where none answers. What went well is remembered, so that `writing` can
make a test of it. A message that came to nothing leaves a thread that can be spoken to, be it a new one. How things
look, and where lines come from, is for whoever made the chat.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from asstctl.conversation.case import UserFile
from asstctl.conversation.playing.answers import Stubs, Transcript
from asstctl.conversation.playing.belongings import Belongings
from asstctl.conversation.playing.cleanup import unhurried
from asstctl.conversation.playing.turn_player import MAX_ROUNDS
from asstctl.conversation.playing.veil import Curtain, Veiled
from asstctl.conversation.stubs.returned import misfits_of
from asstctl.conversation.writing import Had
from asstctl.core import spans
from asstctl.core.conversation import Failure, FailureKind
from asstctl.core.diagnostic import Where
from asstctl.core.errors import ProviderError, Refused
from asstctl.core.json_types import EMPTY
from asstctl.core.ports import ThreadHost
from asstctl.core.thread import PastCall, RunOptions, RunState, Spoken, ToolCall, ToolOutput
from asstctl.core.tracing import UNTRACED, Tracer

CUT_OFF = "cut off"
GIVEN_UP = "given up: the call has no answer"

_NOWHERE = Where("")
_PATIENCE = 10.0
"""Seconds that ending a run, or deleting one thing, may take."""


class Person(Protocol):
    """Who is talked to: hears what is said and done, and answers what no stub does."""

    def hear(self, text: str) -> None:
        """A piece of the reply."""
        ...

    def called(self, call: ToolCall) -> None:
        """The assistant asks for a function."""
        ...

    def answered(self, output: str) -> None:
        """A stub has answered the call."""
        ...

    def ask(self, call: ToolCall, why: str) -> str | None:
        """The output of a call that no stub answers, for this reason; None where the message is given up."""
        ...


class _GivenUp(Exception):
    """The person does not answer."""


class _NoReply(Exception):
    """The run ended, and not well; its text says how."""


@dataclass(frozen=True, slots=True)
class Ended:
    """What came of a message: why there is no whole reply, and whether a new thread had to be begun; empty and False
    where all went well."""

    trouble: str = ""
    anew: bool = False


@dataclass
class Chat:
    """One chat with one assistant, by its remote id. `stubs` and `belongings` make those of a new thread, which `bears`
    this metadata.

    `patience` is how many seconds the assistant may take for each step; None: as long as it likes. `curtain`: what the
    person is told goes through it; None: it is told as it is. `tracer` sees each message with what comes of it as a
    turn of the assistant of this `name`, on a provider of that name.
    """

    host: ThreadHost
    assistant: str
    stubs: Callable[[], Stubs]
    person: Person
    belongings: Callable[[], Belongings]
    bears: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    stream: bool = True
    patience: float | None = None
    curtain: Curtain | None = None
    had: list[Had] = field(default_factory=list)
    name: str = ""
    provider: str = ""
    tracer: Tracer = UNTRACED
    lost: int = 0
    """Messages on this thread that came to nothing."""
    _belongings: Belongings = field(init=False)
    _stubs: Stubs = field(init=False)
    _calls: list[PastCall] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self._belongings, self._stubs = self.belongings(), self.stubs()
        self._veiled = Veiled(self.curtain, self.person.hear) if self.curtain else None

    @property
    def thread(self) -> str:
        """The thread, once there is one."""
        return self._belongings.thread

    async def say(self, text: str, files: Sequence[UserFile] = ()) -> Ended:
        """Say something and hear what comes of it. Survives a cancellation, and tells it."""
        self._calls = []
        try:
            with self.tracer.span(spans.turn(self.name, self.assistant, self.provider, self.thread)) as span:
                reply = await self._talk(text, files)
                span.note(spans.on_thread(self.thread))
        except asyncio.CancelledError:
            return await self._ended(CUT_OFF)
        except _GivenUp:
            return await self._ended(GIVEN_UP)
        except TimeoutError:
            return await self._ended(f"no answer within {self.patience:g} s")
        except _NoReply as problem:
            return await self._ended(str(problem))
        except (ProviderError, Refused) as problem:
            return await self._ended(f"{problem}; {problem.hint}" if problem.hint else str(problem))
        self.had.append(Had(Spoken(text, reply, tuple(self._calls)), tuple(files)))
        return Ended()

    async def begin_anew(self, *, keep: bool = False) -> tuple[str, ...]:
        """Leave the thread, which is deleted unless it is to be kept; the ids of what could not be deleted."""
        left = self._belongings
        self._belongings, self._stubs = self.belongings(), self.stubs()
        self.had.clear()
        self.lost = 0
        return await left.give_back(keep=keep)

    def told(self, text: str) -> str:
        """A text as it may be shown."""
        return self.curtain.without(text) if self.curtain else text

    def _hear(self, piece: str) -> None:
        (self._veiled.take if self._veiled else self.person.hear)(piece)

    async def _ended(self, trouble: str) -> Ended:
        trouble = self.told(trouble)
        self.lost += 1
        if self.thread:
            try:
                if await unhurried(self.host.cancel(self.thread), _PATIENCE):
                    return Ended(trouble)
            except ProviderError:
                pass  # whatever it is, the thread may be busy for good
        anew = bool(self.had)
        await self.begin_anew()
        return Ended(trouble, anew)

    async def _talk(self, text: str, files: Sequence[UserFile]) -> str:
        mine = self._belongings
        async with asyncio.timeout(self.patience):
            await mine.upload(files)
            said = mine.said("user", text, files)
            if mine.thread:
                await self.host.post(mine.thread, said)
            else:
                await mine.open([said], self.bears)
        state = await self._heard_of(self.host.run(mine.thread, self.assistant, self._options))
        for _ in range(MAX_ROUNDS):
            if state.status != "requires_action":
                break
            outputs = [ToolOutput(call.id, await self._output(call)) for call in state.calls]
            before = state.reply
            state = await self._heard_of(self.host.outputs(mine.thread, state.id, outputs, self._options), before)
        if state.status == "completed":
            return state.reply
        asks = state.status == "requires_action"
        why = f"it asked for functions {MAX_ROUNDS} times and did not reply" if asks else state.error
        raise _NoReply(f"the run ended as {state.status}" + (f": {why}" if why else ""))

    @property
    def _options(self) -> RunOptions:
        return RunOptions(stream=self.stream, hear=self._hear)

    async def _heard_of(self, step: Coroutine[Any, Any, RunState], before: str = "") -> RunState:
        """Where a run stands after a step, whose text has been heard then; `before` was said earlier in the run."""
        try:
            async with asyncio.timeout(self.patience):
                state = await step
            if not self.stream and (new := state.reply.removeprefix(before).removeprefix("\n" if before else "")):
                self._hear(new)
        finally:
            if self._veiled:
                self._veiled.end()
        return state

    async def _output(self, call: ToolCall) -> str:
        """The answer to a call: a stub's, or the person's."""
        masked = replace(call, name=self.told(call.name), arguments=self.told(call.arguments))
        self.person.called(masked)
        transcript = Transcript()
        (output,) = await self._stubs.answer_all([call], transcript, _NOWHERE)
        if transcript.failures:
            output = self._by_hand(call, masked, transcript.failures[0])
        else:
            self.person.answered(self.told(output))
        self._calls.append(PastCall(call.name, call.arguments, output))
        return output

    def _by_hand(self, call: ToolCall, masked: ToolCall, failure: Failure) -> str:
        schema, why = self._stubs.returns.get(call.name), _why(failure)
        while (answer := self.person.ask(masked, self.told(why))) is not None:
            if schema is None or not (wrong := misfits_of(answer, schema)):
                return answer
            told = "; ".join(f"{one.path}: expected {one.expected}, got {one.actual}" for one in wrong)
            why = f"`returns` of `{call.name}` does not allow that: {told}"
        raise _GivenUp


def _why(failure: Failure) -> str:
    """Why no stub answers; nothing where there simply is none."""
    return "" if failure.kind is FailureKind.CALL_UNEXPECTED and not failure.mismatches else failure.message
