"""One turn of a conversation, from what the user says to the verdict.

It ends at its first reason to: an answer, a call that no stub answers, a time limit, an error of the provider. What
it keeps for later turns is taken once everything that needs nobody's opinion has passed; judges come last.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from asstctl.conversation import late
from asstctl.conversation.case import Case, Closing, Trouble, Turn
from asstctl.conversation.checks import CHECKS
from asstctl.conversation.judging.calls import matched
from asstctl.conversation.judging.judging import judge_with
from asstctl.conversation.judging.verdict import for_judges, is_slow, judge, judge_stopped
from asstctl.conversation.observed import Observed
from asstctl.conversation.playing.answers import Stubs, Transcript
from asstctl.conversation.playing.belongings import Belongings
from asstctl.conversation.playing.trouble import STOPS, Limit, stopped, trouble_of, trouble_of_run
from asstctl.conversation.prices import Used, cost_of
from asstctl.conversation.saves import save_all
from asstctl.core.conversation import CallMade, Failure, FailureKind, Status, TurnResult
from asstctl.core.errors import ProviderError, Refused
from asstctl.core.json_types import EMPTY, Json
from asstctl.core.ports import Judge
from asstctl.core.price import Price
from asstctl.core.thread import PLAIN, Need, RunOptions, RunState, ToolOutput

MAX_ROUNDS = 32
"""How often an assistant may ask for functions in one turn: a stub that never satisfies it must not loop."""


@dataclass
class Talk:
    """What all turns of one playing have in common, and what was said so far.

    `now` is the clock of the playing, and `limit` says which time limit comes next for a turn that begins.
    """

    case: Case
    belongings: Belongings
    assistant: str
    stubs: Stubs
    saved: dict[str, Json]
    judges: Callable[[], Mapping[str, Judge]]
    prices: Mapping[str, Price]
    now: Callable[[], float]
    limit: Callable[[str], Limit]
    said: list[tuple[str, str]] = field(default_factory=list)
    judged: list[Used] = field(default_factory=list)

    async def verdict(self, expected: Turn | Closing, observed: Observed) -> tuple[Failure, ...]:
        """What was not met, of all that needs nobody's opinion."""
        if not is_slow(expected):
            return judge(expected, observed, schemas=self.case.schemas)
        # In a thread: a regex that backtracks holds up this conversation alone.
        return await asyncio.to_thread(judge, expected, observed, schemas=self.case.schemas)

    async def opinion(self, expected: Turn | Closing, observed: Observed) -> tuple[Failure, ...]:
        """What judges say was not met."""
        if not (wanted := for_judges(expected)):
            return ()
        try:
            judges = self.judges()
        except Refused as problem:
            message = f"{problem}; {problem.hint}" if problem.hint else str(problem)
            return (Failure(FailureKind.PROVIDER_ERROR, message, where=wanted[0].where),)
        whole = isinstance(expected, Closing)
        judging = await judge_with(wanted, observed, judges, seconds=self.limit("").seconds, whole=whole)
        self.judged += judging.used
        return judging.failures


@dataclass
class TurnPlayer:
    """One turn; what it came to is in its result, and of what kind its trouble was in `trouble`.

    `retry_after` is how long the provider asked to be left alone.
    """

    talk: Talk
    written: Turn
    number: int
    trouble: Trouble | None = None
    retry_after: float | None = None
    state: RunState | None = None
    observed: Observed = field(default_factory=lambda: Observed(""))
    _transcript: Transcript = field(default_factory=Transcript)
    _first_token: float | None = None

    async def play(self) -> TurnResult:
        """Have it, judged."""
        began = self.talk.now()
        limit = self.talk.limit("the turn did not end")
        turn, kept = self.written, EMPTY
        try:
            turn = late.filled_turn(turn, self.talk.saved)
            async with asyncio.timeout(limit.seconds):
                failures = await self._talk(turn)
        except late.NotFilled as problem:
            failures = (Failure(FailureKind.SAVE, f"the turn could not be had: {problem}", where=turn.where),)
        except STOPS as problem:
            failures = self._cut_off(problem, stopped(problem, limit, turn.where))
        self.observed = self._observed(turn, self.talk.now() - began)
        if not failures:
            failures = await self.talk.verdict(turn, self.observed)
        if not failures and turn.save:
            kept, failures = await asyncio.to_thread(save_all, turn.save, self.observed)
            self.talk.saved.update(kept)
        if not failures:
            failures = await self.talk.opinion(turn, self.observed)
        # in a thread, for an expected call may hold a pattern
        calls = await asyncio.to_thread(matched, turn.calls, self.observed.calls) if turn.calls else self.observed.calls
        return self._result(turn, calls, failures, kept)

    def _result(
        self, turn: Turn, calls: tuple[CallMade, ...], failures: tuple[Failure, ...], kept: Mapping[str, Json]
    ) -> TurnResult:
        seen = self.observed
        return TurnResult(
            number=self.number,
            status=Status.worst(*(failure.kind.status for failure in failures)),
            user=turn.user,
            calls=calls,
            reply=seen.reply,
            failures=failures,
            seconds=seen.seconds,
            where=turn.where,
            files=tuple(file.shown for file in turn.files),
            usage=seen.usage,
            cost=seen.cost,
            first_token=seen.first_token,
            citations=seen.citations,
            passages=seen.passages,
            code=seen.code,
            saved=kept,
        )

    def _observed(self, turn: Turn, seconds: float) -> Observed:
        state = self.state or RunState("", "")
        if state.reply:
            self.talk.said.append(("assistant", state.reply))
        return Observed(
            reply=state.reply,
            calls=tuple(self._transcript.calls),
            status=state.status,
            error=state.error,
            seconds=seconds,
            first_token=self._first_token,
            usage=state.usage,
            cost=cost_of(state.usage, state.model, self.talk.prices),
            citations=state.citations,
            passages=(*state.passages, *self._transcript.passages),
            code=state.code,
            said=tuple(self.talk.said),
        )

    def _cut_off(self, problem: Exception, why: Failure) -> tuple[Failure, ...]:
        """Why the turn was cut off: the stubs that it waited for, each beside its call, and calls without any."""
        if isinstance(problem, ProviderError):
            self.retry_after = problem.retry_after
        asked = [
            replace(
                why,
                message=f"{why.message}: no answer yet from the stub of `{self._transcript.calls[index].name}`",
                where=rule.where,
                call=index,
            )
            for index, rule in sorted(self._transcript.waiting.items())
        ]
        self.trouble = None if asked else trouble_of(problem)  # a stub is no infrastructure
        return (*(asked or [why]), *self._transcript.failures)

    async def _talk(self, turn: Turn) -> tuple[Failure, ...]:
        """Say it, and answer calls until the run is over; what stood in the way, if anything did."""
        host, thread = self.talk.belongings.host, self.talk.belongings.thread
        if speaks(turn):
            self.talk.said.append(("user", turn.user or ""))
            if self.number > 1:  # the first was said when the thread was made
                await host.post(thread, self.talk.belongings.said("user", turn.user or "", turn.files))
        options = options_for(self.talk.case, self.written)
        state = self._heard(await host.run(thread, self.talk.assistant, options))
        rounds = 0
        while state.status == "requires_action":
            rounds += 1
            if rounds > MAX_ROUNDS:
                said = f"the assistant asked for functions {MAX_ROUNDS} times and did not reply"
                return (Failure(FailureKind.RUN_STATUS, said, where=turn.where),)
            answers = await self.talk.stubs.answer_all(state.calls, self._transcript, turn.where)
            if self._transcript.failures:
                made, unanswered = tuple(self._transcript.calls), self._transcript.failures
                return await asyncio.to_thread(judge_stopped, turn, made, unanswered, schemas=self.talk.case.schemas)
            outputs = [ToolOutput(call.id, output) for call, output in zip(state.calls, answers, strict=True)]
            state = self._heard(await host.outputs(thread, state.id, outputs, options))
        if state.cost_limited:
            return (Failure(FailureKind.COST_LIMIT, state.error, where=turn.where),)
        self.trouble = trouble_of_run(state)
        if self.trouble is not None:
            said = f": {state.error}" if state.error else ""
            return (Failure(FailureKind.PROVIDER_ERROR, f"the run ended as {state.status}{said}", where=turn.where),)
        return ()

    def _heard(self, state: RunState) -> RunState:
        self.state = state
        if self._first_token is None:
            self._first_token = state.first_token
        return state


def speaks(turn: Turn) -> bool:
    """Whether the user says something in it, be it with a file alone."""
    return turn.user is not None or bool(turn.files)


def options_for(case: Case, turn: Turn) -> RunOptions:
    """How the run of a turn is made, so that everything can be seen that it or `finally` asks about."""
    expected = (*turn.expect, *(case.closing.expect if case.closing else ()))
    needs = {need for one in expected for need in CHECKS[one.operator].needs(one.value)}
    if not needs and not case.overrides:
        return PLAIN
    return RunOptions(case.overrides, stream=Need.STREAM in needs, steps=Need.STEPS in needs)
