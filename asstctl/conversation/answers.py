"""Answering the calls of a run through the stubs of a conversation."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from asstctl.conversation.calls import parse_arguments
from asstctl.conversation.stubs.kind import StubCall, StubFailed, StubRule
from asstctl.conversation.stubs.rules import closest, pick
from asstctl.core.conversation import CallMade, Failure, FailureKind, Mismatch
from asstctl.core.diagnostic import Where
from asstctl.core.json_types import JsonObject
from asstctl.core.thread import ToolCall


@dataclass(slots=True)
class Transcript:
    """The calls of one turn, each from the moment it is made: a turn that is cut off shows what it waited for."""

    calls: list[CallMade] = field(default_factory=list)
    """In their order; one without an output has none yet, or a failure."""
    failures: list[Failure] = field(default_factory=list)
    """Of calls without an answer."""
    waiting: dict[int, StubRule] = field(default_factory=dict)
    """The stubs that are being asked, by the index of the call."""


@dataclass(frozen=True, slots=True)
class Stubs:
    """The rules of one conversation, and the environment of what they run."""

    rules: Mapping[str, Sequence[StubRule]]
    environment: Mapping[str, str]

    async def answer_all(self, calls: Sequence[ToolCall], transcript: Transcript, where: Where) -> tuple[str, ...]:
        """The outputs of all calls, asked for at once; "" for one that is a failure. `where` is the turn."""
        first = len(transcript.calls)
        transcript.calls += [CallMade(call.name, call.arguments) for call in calls]
        outputs = await asyncio.gather(
            *(self._answer(call, first + i, transcript, where) for i, call in enumerate(calls))
        )
        transcript.failures.sort(key=lambda failure: failure.call or 0)
        return tuple(outputs)

    async def _answer(self, call: ToolCall, index: int, transcript: Transcript, where: Where) -> str:
        answered = await self._asked(call, index, transcript, where)
        if isinstance(answered, Failure):
            transcript.failures.append(answered)
            return ""
        transcript.calls[index] = CallMade(call.name, call.arguments, answered)
        return answered

    async def _asked(self, call: ToolCall, index: int, transcript: Transcript, where: Where) -> str | Failure:
        arguments = parse_arguments(call.arguments)
        rules = self.rules.get(call.name, ())
        if arguments is None:
            message = f"`{call.name}` was called with arguments that are not a JSON object"
            sides = (Mismatch("(arguments)", "a JSON object", call.arguments),)
            return Failure(FailureKind.CALL_ARGS, message, sides, where, index)
        if not rules:
            message = (
                f"`{call.name}` was called, and no stub answers it; "
                f"add one under `stubs:` in {where.path}, or to a file that `test.use` names"
            )
            return Failure(FailureKind.CALL_UNEXPECTED, message, where=where, call=index)
        rule = await _pick(rules, arguments)
        if rule is None:
            message = f"`{call.name}` was called, and none of its stubs answers these arguments"
            if len(rules) > 1:
                message += f" ({len(rules)} rules; this is the closest)"
            differences = await asyncio.to_thread(closest, rules, arguments)
            return Failure(FailureKind.CALL_UNEXPECTED, message, differences, where, index)
        transcript.waiting[index] = rule
        try:
            output: str | Failure = await rule.answer.answer(StubCall(call.name, arguments, self.environment))
        except StubFailed as problem:
            message = f"the stub of `{call.name}` failed: {problem}"
            output = Failure(FailureKind.STUB_ERROR, message, where=rule.where, call=index)
        del transcript.waiting[index]  # not when it is cancelled: then it is what the turn waited for
        return output


async def _pick(rules: Sequence[StubRule], arguments: JsonObject) -> StubRule | None:
    if not rules[0].when:
        return rules[0]
    # In a thread: a regex that backtracks holds up this conversation alone.
    return await asyncio.to_thread(pick, rules, arguments)
