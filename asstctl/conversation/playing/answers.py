"""Answering the calls of a run through the stubs of a conversation."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from asstctl.conversation import late
from asstctl.conversation.case import Case
from asstctl.conversation.judging.calls import parse_arguments
from asstctl.conversation.playing.searching import Found
from asstctl.conversation.playing.veil import Veil
from asstctl.conversation.stubs.kind import Faulty, StubCall, StubFailed, StubRule
from asstctl.conversation.stubs.returned import misfits_of
from asstctl.conversation.stubs.rules import EVERY, Unanswered, closest, pick
from asstctl.core import spans
from asstctl.core.conversation import CallMade, Failure, FailureKind, Mismatch
from asstctl.core.diagnostic import Where
from asstctl.core.errors import AsstctlError
from asstctl.core.json_types import EMPTY, Json, JsonObject
from asstctl.core.thread import Passage, ToolCall
from asstctl.core.tracing import UNTRACED, Tracer

_LONGEST = 1000
"""So much of what a stub says is told."""


@dataclass(slots=True)
class Transcript:
    """The calls of one turn, each from the moment it is made: a turn that is cut off shows what it waited for."""

    calls: list[CallMade] = field(default_factory=list)
    """In their order; one without an output has none yet, or a failure."""
    failures: list[Failure] = field(default_factory=list)
    """Of calls without an answer."""
    waiting: dict[int, StubRule] = field(default_factory=dict)
    """The stubs that are being asked, by the index of the call."""
    passages: list[Passage] = field(default_factory=list)
    """What was found in the place of `file_search`."""


def _nobody(function: str) -> None:
    """Hears which function was called, and tells no one."""


@dataclass(slots=True)
class Stubs:
    """The stubs of one playing: the rules, the environment of what they run, and how often each has answered.

    `values` is what templates may name, `saved` what the turns have kept so far, `returns` what outputs must be. What a
    stub says goes through the `veil` before it is cut: of half a secret nobody knows that it is one. `otherwise` has
    the rules of functions that are answered where no stub does. `tracer` sees each answer as a span.
    """

    rules: Mapping[str, Sequence[StubRule]]
    environment: Mapping[str, str]
    values: Mapping[str, Json] = field(default_factory=lambda: EMPTY)
    saved: Mapping[str, Json] = field(default_factory=lambda: EMPTY)
    returns: Mapping[str, JsonObject] = field(default_factory=lambda: EMPTY)
    hear: Callable[[str], None] = _nobody
    veil: Veil | None = None
    otherwise: Mapping[str, StubRule] = field(default_factory=lambda: EMPTY)
    tracer: Tracer = UNTRACED
    _answered: dict[int, int] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        case: Case,
        environment: Mapping[str, str],
        saved: Mapping[str, Json],
        hear: Callable[[str], None],
        veil: Veil | None = None,
        otherwise: Mapping[str, StubRule] = EMPTY,
        tracer: Tracer = UNTRACED,
    ) -> "Stubs":
        """Those of a case, none of them asked yet."""
        return cls(case.stubs, environment, case.values, saved, case.returns, hear, veil, otherwise, tracer)

    async def answer_all(self, calls: Sequence[ToolCall], transcript: Transcript, where: Where) -> tuple[str, ...]:
        """The outputs of all calls, asked for at once; "" for one that is a failure. `where` is the turn."""
        first = len(transcript.calls)
        transcript.calls += [CallMade(call.name, call.arguments) for call in calls]
        # One after the other, in their order: of two calls the first gets the first answer of a sequence.
        picked = [await self._picked(call, first + i, where) for i, call in enumerate(calls)]
        answers = (self._answer(call, first + i, picked[i], transcript) for i, call in enumerate(calls))
        outputs = await asyncio.gather(*answers, return_exceptions=True)
        for output in outputs:
            if isinstance(output, BaseException):
                raise output
            if isinstance(output, Found):
                transcript.passages += output.passages
        transcript.failures.sort(key=lambda failure: failure.call or 0)
        return tuple(output for output in outputs if isinstance(output, str))

    async def _answer(self, call: ToolCall, index: int, picked: "_Picked | Failure", transcript: Transcript) -> str:
        with self.tracer.span(spans.tool(self._shown(call.name), self._shown(call.id))) as span:
            answered = picked if isinstance(picked, Failure) else await self._asked(picked, index, transcript)
            if isinstance(answered, Failure):
                span.failed(answered.kind.value)
        if isinstance(answered, Failure):
            transcript.failures.append(answered)
            return ""
        transcript.calls[index] = CallMade(call.name, call.arguments, answered)
        return answered

    async def _picked(self, call: ToolCall, index: int, where: Where) -> "_Picked | Failure":
        self.hear(call.name)
        arguments = parse_arguments(call.arguments)
        if arguments is None:
            message = f"`{call.name}` was called with arguments that are not a JSON object"
            sides = (Mismatch("(arguments)", "a JSON object", call.arguments),)
            return Failure(FailureKind.CALL_ARGS, message, sides, where, index)
        own = self._filled(call.name)
        rule = await _pick((*own, *self._filled(EVERY)), arguments) or self.otherwise.get(call.name)
        if rule is None or isinstance(rule.answer, Unanswered):
            return await self._nothing_answers(call, own, arguments, index, where)
        before = self._answered.get(id(rule.answer), 0)
        self._answered[id(rule.answer)] = before + 1
        return _Picked(rule, StubCall(call.name, arguments, self.environment, before, self.values, self.saved))

    def _filled(self, name: str) -> Sequence[StubRule]:
        """The rules of a name as they are by now; one that waits for what was not saved yet fits no call."""
        return [rule for written in self.rules.get(name, ()) if (rule := _filled(written, self.saved))]

    async def _nothing_answers(
        self, call: ToolCall, rules: Sequence[StubRule], arguments: JsonObject, index: int, where: Where
    ) -> Failure:
        if not rules:
            message = (
                f"`{call.name}` was called, and no stub answers it; "
                f"add one under `stubs:` in {where.path}, or to a file that `test.use` names"
            )
            return Failure(FailureKind.CALL_UNEXPECTED, message, where=where, call=index)
        message = f"`{call.name}` was called, and none of its stubs answers these arguments"
        if len(rules) > 1:
            message += f" ({len(rules)} rules; this is the closest)"
        differences = await asyncio.to_thread(closest, rules, arguments)
        return Failure(FailureKind.CALL_UNEXPECTED, message, differences, where, index)

    async def _asked(self, picked: "_Picked", index: int, transcript: Transcript) -> str | Failure:
        rule, call = picked.rule, picked.call
        transcript.waiting[index] = rule
        message, output = "", ""
        misfits: tuple[Mismatch, ...] = ()
        try:
            output = await rule.answer.answer(call)
        except StubFailed as problem:
            message = f"the stub of `{call.name}` failed: {self._told(problem)}"
        except AsstctlError:  # of a search in the place of a stub
            del transcript.waiting[index]
            raise
        del transcript.waiting[index]  # not when it is cancelled: then it is what the turn waited for
        schema = self.returns.get(call.name)
        if not message and schema is not None and not isinstance(output, Faulty):
            misfits = misfits_of(output, schema)
            message = f"the stub of `{call.name}` answered what its `returns` does not allow" if misfits else ""
        return Failure(FailureKind.STUB_ERROR, message, misfits, rule.where, index) if message else output

    def _told(self, problem: StubFailed) -> str:
        return self._shown(str(problem))[:_LONGEST]

    def _shown(self, text: str) -> str:
        return self.veil(text) if self.veil else text


@dataclass(frozen=True, slots=True)
class _Picked:
    """The rule that answers a call, and the call as it is asked."""

    rule: StubRule
    call: StubCall


def _filled(rule: StubRule, saved: Mapping[str, Json]) -> StubRule | None:
    try:
        when = late.filled(rule.when, saved)
    except late.NotFilled:
        return None
    return rule if when is rule.when or not isinstance(when, Mapping) else replace(rule, when=when)


async def _pick(rules: Sequence[StubRule], arguments: JsonObject) -> StubRule | None:
    if not rules or not rules[0].when:
        return rules[0] if rules else None
    # In a thread: a regex that backtracks holds up this conversation alone.
    return await asyncio.to_thread(pick, rules, arguments)
