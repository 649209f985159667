"""One conversation on one thread: opened, talked to turn by turn, judged, and deleted on every way out.

A turn ends at its first reason to: an answer, a call that no stub answers, the time limit, an error of the
provider. The conversation ends with the first turn that did not pass. A cancellation is an end like any
other: the thread is deleted and what is known is returned, so that Ctrl-C loses nothing.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from time import perf_counter

from asstctl.conversation.answers import Stubs, Transcript
from asstctl.conversation.case import Case, Turn
from asstctl.conversation.cleanup import unhurried
from asstctl.conversation.verdict import is_slow, judge, judge_stopped
from asstctl.core.conversation import CaseResult, Failure, FailureKind, Status, TurnResult
from asstctl.core.diagnostic import Where
from asstctl.core.errors import ProviderError
from asstctl.core.ports import ThreadHost
from asstctl.core.thread import RunState, Said, ToolOutput

MAX_ROUNDS = 32
"""How often an assistant may ask for functions in one turn: a stub that never satisfies it must not loop."""

INTERRUPTED = "interrupted"
"""Why a conversation has no verdict after Ctrl-C."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds for one turn, and for cleaning up after a conversation."""

    turn: float
    cleanup: float


@dataclass(frozen=True, slots=True)
class Played:
    """A conversation's result, and the thread that could not be deleted, if so."""

    result: CaseResult
    left_behind: str | None = None


async def play(
    case: Case, host: ThreadHost, assistant: str, *, environment: Mapping[str, str], limits: Limits
) -> Played:
    """Play one conversation with the assistant of this remote id. Survives a cancellation, and marks it."""
    started = perf_counter()
    thread = _Thread(host, limits)
    stubs = Stubs(case.stubs, environment)
    turns: list[TurnResult] = []
    failure: Failure | None = None
    skipped = ""
    left_behind: str | None = None
    try:
        failure = await thread.open(case)
        for number, turn in enumerate(case.turns if failure is None else (), start=1):
            turns.append(await _TurnPlayer(thread, assistant, stubs, turn, number).play())
            if turns[-1].status is not Status.PASSED:
                break
    except asyncio.CancelledError:
        skipped = INTERRUPTED
    finally:
        left_behind = await thread.close()
    seconds = perf_counter() - started
    return Played(case_result(case, turns, failure=failure, skipped=skipped, seconds=seconds), left_behind)


def case_result(
    case: Case,
    turns: list[TurnResult] | None = None,
    *,
    failure: Failure | None = None,
    skipped: str = "",
    seconds: float = 0.0,
) -> CaseResult:
    """The result of a case of which these turns were played; the rest is not run."""
    played = turns or []
    rest = enumerate(case.turns[len(played) :], start=len(played) + 1)
    not_run = (TurnResult(number, Status.NOT_RUN, turn.user, where=turn.where) for number, turn in rest)
    return CaseResult(case.assistant, case.id, case.where, (*played, *not_run), seconds, skipped, failure)


@dataclass
class _Thread:
    """The life of one thread. Its id is known late and its deletion owed early: both are kept here."""

    host: ThreadHost
    limits: Limits
    id: str = ""
    _opening: "asyncio.Task[str] | None" = None

    async def open(self, case: Case) -> Failure | None:
        """Make the thread; the first thing the user says goes with it, which saves a request."""
        first = case.turns[0].user
        messages = tuple(Said(message.role, message.text) for message in case.messages)
        if first is not None:
            messages = (*messages, Said("user", first))
        # A task of its own: a thread whose making was cut off may exist, and only its answer names it.
        self._opening = asyncio.create_task(_opened(self.host, messages, case.metadata))
        try:
            async with asyncio.timeout(self.limits.turn):
                self.id = await asyncio.shield(self._opening)
        except (TimeoutError, ProviderError) as problem:
            return _stopped(problem, "the thread was not opened", self.limits.turn, case.where)
        return None

    async def close(self) -> str | None:
        """Delete the thread; returns its id if that failed. Bounded, and not to be cancelled."""
        if self._opening is not None and not self.id:
            try:
                self.id = await unhurried(self._opening, self.limits.cleanup) or ""
            except ProviderError:
                return None  # it was never made
        if not self.id:
            return None
        try:
            deleted = await unhurried(self._closing(), self.limits.cleanup)
        except ProviderError:
            deleted = None
        return None if deleted else self.id

    async def _closing(self) -> bool:
        await self.host.close(self.id)
        return True


async def _opened(host: ThreadHost, messages: tuple[Said, ...], metadata: Mapping[str, str]) -> str:
    return (await host.open(messages=messages, metadata=dict(metadata) or None)).thread


@dataclass
class _TurnPlayer:
    """One turn, from what the user says to the verdict."""

    thread: _Thread
    assistant: str
    stubs: Stubs
    turn: Turn
    number: int
    transcript: Transcript = field(default_factory=Transcript)
    state: RunState | None = None

    async def play(self) -> TurnResult:
        started = perf_counter()
        limit = self.thread.limits.turn
        try:
            async with asyncio.timeout(limit):
                failures = await self._talk()
        except (TimeoutError, ProviderError) as problem:
            failures = self._cut_off(_stopped(problem, "the turn did not end", limit, self.turn.where))
        reply = self.state.reply if self.state else ""
        if not failures:
            failures = await self._judged(reply)
        usage = self.state.usage if self.state else None
        return TurnResult(
            number=self.number,
            status=Status.worst(*(Status.ERROR if f.kind.is_error else Status.FAILED for f in failures)),
            user=self.turn.user,
            calls=tuple(self.transcript.calls),
            reply=reply,
            failures=failures,
            seconds=perf_counter() - started,
            usage=usage,
            where=self.turn.where,
        )

    def _cut_off(self, stopped: Failure) -> tuple[Failure, ...]:
        """Why the turn was cut off: the stubs that it waited for, each beside its call, and calls without any."""
        asked = [
            replace(
                stopped,
                message=f"{stopped.message}: no answer yet from the stub of `{self.transcript.calls[index].name}`",
                where=rule.where,
                call=index,
            )
            for index, rule in sorted(self.transcript.waiting.items())
        ]
        return (*(asked or [stopped]), *self.transcript.failures)

    async def _judged(self, reply: str) -> tuple[Failure, ...]:
        if not is_slow(self.turn):
            return judge(self.turn, self.transcript.calls, reply)
        # In a thread: a regex that backtracks holds up this conversation alone.
        return await asyncio.to_thread(judge, self.turn, self.transcript.calls, reply)

    async def _talk(self) -> tuple[Failure, ...]:
        """Say it, and answer calls until the run is over; what stood in the way, if anything did."""
        host, thread = self.thread.host, self.thread.id
        if self.turn.user is not None and self.number > 1:  # the first was said when the thread was made
            await host.post(thread, Said("user", self.turn.user))
        state = self.state = await host.run(thread, self.assistant)
        rounds = 0
        while state.status == "requires_action":
            rounds += 1
            if rounds > MAX_ROUNDS:
                said = f"the assistant asked for functions {MAX_ROUNDS} times and did not reply"
                return (Failure(FailureKind.RUN_STATUS, said, where=self.turn.where),)
            answers = await self.stubs.answer_all(state.calls, self.transcript, self.turn.where)
            if self.transcript.failures:
                made, unanswered = self.transcript.calls, self.transcript.failures
                return await asyncio.to_thread(judge_stopped, self.turn, made, unanswered)
            outputs = [ToolOutput(call.id, output) for call, output in zip(state.calls, answers, strict=True)]
            state = self.state = await host.outputs(thread, state.id, outputs)
        if state.status != "completed":
            said = f": {state.error}" if state.error else ""
            kind = FailureKind.PROVIDER_ERROR if state.no_verdict else FailureKind.RUN_STATUS
            return (Failure(kind, f"the run ended as {state.status}{said}", where=self.turn.where),)
        return ()


def _stopped(problem: TimeoutError | ProviderError, what: str, seconds: float, where: Where) -> Failure:
    """Why there is no verdict: the time limit, or the provider in its own words with its way on."""
    if isinstance(problem, ProviderError):
        message = f"{problem}; {problem.hint}" if problem.hint else str(problem)
        return Failure(FailureKind.PROVIDER_ERROR, message, where=where)
    return Failure(FailureKind.TIMEOUT, f"{what} within {seconds:g} s", where=where)
