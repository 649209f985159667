"""Answering the calls of a run through the stubs of a conversation."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from asstctl.conversation.calls import parse_arguments
from asstctl.conversation.stubs.kind import StubCall, StubFailed, StubRule
from asstctl.conversation.stubs.rules import closest, pick
from asstctl.core.conversation import CallMade, Failure, FailureKind, Mismatch
from asstctl.core.diagnostic import Where
from asstctl.core.json_types import JsonObject
from asstctl.core.ports import ToolCall


@dataclass(frozen=True, slots=True)
class Answered:
    """One call with its output, or with the failure that it is instead."""

    made: CallMade
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Stubs:
    """The rules of one conversation, and the environment of what they run."""

    rules: Mapping[str, Sequence[StubRule]]
    environment: Mapping[str, str]

    async def answer_all(self, calls: Sequence[ToolCall], *, first: int, where: Where) -> list[Answered]:
        """All calls at once, in their order. `first` is the index of the first in the turn, `where` the turn."""
        return await asyncio.gather(*(self._answer(call, first + i, where) for i, call in enumerate(calls)))

    async def _answer(self, call: ToolCall, index: int, where: Where) -> Answered:
        made = CallMade(call.name, call.arguments)
        arguments = parse_arguments(call.arguments)
        rules = self.rules.get(call.name, ())
        if arguments is None:
            message = f"`{call.name}` was called with arguments that are not a JSON object"
            sides = (Mismatch("(arguments)", "a JSON object", call.arguments),)
            return Answered(made, Failure(FailureKind.CALL_ARGS, message, sides, where, index))
        if not rules:
            message = f"`{call.name}` was called, and no stub answers it"
            return Answered(made, Failure(FailureKind.CALL_UNEXPECTED, message, where=where, call=index))
        rule = await _pick(rules, arguments)
        if rule is None:
            message = f"`{call.name}` was called, and none of its stubs answers these arguments"
            if len(rules) > 1:
                message += f" ({len(rules)} rules; this is the closest)"
            differences = await asyncio.to_thread(closest, rules, arguments)
            return Answered(made, Failure(FailureKind.CALL_UNEXPECTED, message, differences, where, index))
        try:
            output = await rule.answer.answer(StubCall(call.name, arguments, self.environment))
        except StubFailed as problem:
            message = f"the stub of `{call.name}` failed: {problem}"
            return Answered(made, Failure(FailureKind.STUB_ERROR, message, where=rule.where, call=index))
        return Answered(CallMade(call.name, call.arguments, output))


async def _pick(rules: Sequence[StubRule], arguments: JsonObject) -> StubRule | None:
    if not rules[0].when:
        return rules[0]
    # In a thread: a regex that backtracks holds up this conversation alone.
    return await asyncio.to_thread(pick, rules, arguments)
