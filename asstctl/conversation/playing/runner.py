"""Many conversations at once: who plays when, what is played again, what is left out, what an interruption leaves.

How one conversation goes is for `player`; which assistants there are and what the results mean for an exit code is for
the callers. Repeats, limits of cost and the pace that the provider allows are reckoned in `rates`, `purse` and `pace`.
"""

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from asstctl.conversation.case import Case, Repeat, Trouble
from asstctl.conversation.comparing import with_other, with_was
from asstctl.conversation.playing.beside import compared
from asstctl.conversation.playing.cleanup import unhurried
from asstctl.conversation.playing.conduct import Conduct, Feed
from asstctl.conversation.playing.pace import LONGEST_WAIT, Pace
from asstctl.conversation.playing.player import INTERRUPTED, Played, Scene, case_result, is_retried, play
from asstctl.conversation.playing.purse import Purses
from asstctl.conversation.playing.rates import UNPLAYED, merged, still_needed
from asstctl.conversation.playing.stage import Playing, Stage
from asstctl.conversation.playing.veil import veiled
from asstctl.conversation.stubs.child import child_environment
from asstctl.core.comparison import Comparison
from asstctl.core.conversation import CaseResult, Failure, FailureKind, Status
from asstctl.core.errors import AsstctlError, ProviderError, Refused, TapeMissing, TapeStale
from asstctl.core.ports import Judge, ThreadHost
from asstctl.core.suite import CaseBegan, CaseEnded, Spend

NO_CODE = "its stubs run code of the project, and --no-code is given"

_PASSABLE = frozenset({Status.PASSED, Status.SKIPPED, Status.NOT_RUN})


@dataclass(frozen=True, slots=True)
class SuiteRun:
    """All results in the order of the cases, what could not be deleted, and whether it was cut off.

    `stopped` is why not all were begun, where nobody interrupted it, or which limit could not be kept.
    """

    results: tuple[CaseResult, ...]
    left_behind: tuple[str, ...] = ()
    interrupted: bool = False
    stopped: str = ""
    spend: Spend = field(default_factory=Spend)


async def run_cases(cases: Sequence[Case], *, stage: Stage, conduct: Conduct) -> SuiteRun:
    """Play all cases on this stage, as `conduct` says.

    Cancelling it does not raise: threads are deleted, and what is known is returned as `interrupted`.
    """
    suite = _Suite(stage, conduct, child_environment(os.environ, conduct.stub_env))
    feed = conduct.feed or _in_order(len(cases))
    workers = [asyncio.create_task(suite.work(cases, feed)) for _ in range(min(max(conduct.jobs, 1), len(cases)))]
    await suite.finish(workers)
    results = (suite.results.get(i) or case_result(case, not_run=INTERRUPTED) for i, case in enumerate(cases))
    stopped = suite.stopped or suite.purses.unkept
    return SuiteRun(tuple(results), tuple(suite.left_behind), suite.interrupted, stopped, suite.purses.spend)


@dataclass
class _Suite:
    stage: Stage
    conduct: Conduct
    environment: Mapping[str, str]
    results: dict[int, CaseResult] = field(default_factory=dict)
    left_behind: list[str] = field(default_factory=list)
    interrupted: bool = False
    stopped: str = ""
    """Why nothing more is begun, once something was not begun for it."""
    not_passed: int = 0

    def __post_init__(self) -> None:
        self.purses = Purses(self.conduct.max_cost)
        self._pace = Pace(self.conduct.jobs, self.conduct.hear)
        self._began = asyncio.get_running_loop().time()

    async def work(self, cases: Sequence[Case], feed: Feed) -> None:
        """Play one case after the other until no other comes."""
        while not self.interrupted and (index := await feed()) is not None:
            began = self._elapsed
            result = self._shown(replace(await self._result(index, cases[index]), began=began))
            self.results[index] = result
            self.not_passed += result.status not in _PASSABLE
            self.conduct.hear(CaseEnded(index, result))

    def _shown(self, result: CaseResult) -> CaseResult:
        return result if self.conduct.veil is None else veiled(result, self.conduct.veil)

    async def finish(self, workers: Sequence["asyncio.Task[None]"]) -> None:
        """Wait until every worker has ended and cleaned up; a defect of ours in one ends the others too."""
        pending = set(workers)
        while pending:
            try:
                _, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_EXCEPTION)
            except asyncio.CancelledError:
                task = asyncio.current_task()
                assert task is not None
                task.uncancel()
            # Back before all are done: cancelled, or one of them raised. A second Ctrl-C hurries nothing.
            if pending and not self.interrupted:
                self.interrupted = True
                for worker in pending:
                    worker.cancel()
        for worker in workers:
            if not worker.cancelled():
                worker.result()

    @property
    def _elapsed(self) -> float:
        return asyncio.get_running_loop().time() - self._began

    async def _result(self, index: int, case: Case) -> CaseResult:
        """One case, with all its playings."""
        if reason := self._why_skipped(case):
            return case_result(case, skipped=reason)
        repeat = self.conduct.repeat or case.repeat
        if repeat.runs == 1:
            result = await self._with_other_side(Playing(case), index)
        else:
            result = await self._repeated(repeat, index, case)
        if self.conduct.compare and result.status not in UNPLAYED:
            deployed = Playing(case, other=True)
            if self.stage.assistant(deployed) is not None:
                result = replace(result, deployed=await self._played(deployed))
        return result

    def _why_skipped(self, case: Case) -> str:
        if case.runs_code and not self.conduct.allow_code:
            return NO_CODE
        return case.why_unable(self.conduct.cannot)

    def _why_no_more(self, case: Case) -> str:
        """Why nothing more is begun, or no more of this case; "" where it is."""
        limit, most = self.conduct.time_limit, self.conduct.fail_fast
        why = self._pace.exhausted or self.purses.run_is_over()
        if not why and limit is not None and self._elapsed >= limit:
            why = f"the time limit of the run is over: {limit:g} s"
        if not why and most is not None and self.not_passed >= most:
            count = "one conversation" if self.not_passed == 1 else f"{self.not_passed} conversations"
            why = f"{count} did not pass, and the run was to end then"
        self.stopped = self.stopped or why
        return why or self.purses.file_is_over(case.budget)

    def _why_no_turn(self, case: Case) -> str:
        """Why a conversation that goes on has no other turn; "" where it has."""
        over = self.purses.run_is_over()
        self.stopped = self.stopped or over
        return over or self.purses.file_is_over(case.budget)

    async def _repeated(self, repeat: Repeat, index: int, case: Case) -> CaseResult:
        """Playings in batches, none of which can be one too many, until the verdict is certain."""
        started = self._elapsed
        ended: dict[int, CaseResult] = {}

        async def one(number: int) -> None:
            ended[number] = await self._with_other_side(Playing(case, number), index)

        def statuses() -> list[Status]:
            return [result.status for result in ended.values()]

        def wanted() -> int:
            return repeat.runs - len(ended) if self.conduct.every_repeat else still_needed(repeat, statuses())

        while not UNPLAYED & {*statuses()} and (count := wanted()):
            try:
                async with asyncio.TaskGroup() as batch:
                    for number in range(len(ended) + 1, len(ended) + 1 + count):
                        batch.create_task(one(number))
            except BaseExceptionGroup as defects:
                raise defects.exceptions[0] from None
            except asyncio.CancelledError:
                break  # each of them has returned what there was
        playings = [ended[number] for number in sorted(ended)]
        first_unplayed = [result for result in playings if result.status in UNPLAYED][:1]
        played = [result for result in playings if result.status not in UNPLAYED]
        certain = not still_needed(repeat, [result.status for result in played])
        kept = played if certain else [*played, *first_unplayed]
        return merged(repeat, kept, self._elapsed - started)

    async def _with_other_side(self, playing: Playing, index: int) -> CaseResult:
        """One playing, held against the same on another target where that is wanted, which is had first."""
        there = self.conduct.there
        if there is None:
            return await self._played(playing, index)
        if reason := playing.case.why_unable(there.cannot):
            other = case_result(playing.case, skipped=reason)
        else:
            other = await self._played(replace(playing, other=True), index)
        return await self._played(playing, index, other)

    async def _played(self, playing: Playing, index: int | None = None, other: CaseResult | None = None) -> CaseResult:
        """One playing, begun anew after trouble as often as its case allows. `index` None: nobody watches it; `other`
        is what it is held against."""
        last: Played | None = None
        before = 0.0  # seconds of the attempts before the last
        while True:
            try:
                async with self._pace.place() as since:
                    if why := "" if self.interrupted else self._why_no_more(playing.case):
                        ended = last.result if last else case_result(playing.case, not_run=why)
                        break
                    if index is not None:
                        case = playing.case
                        self.conduct.hear(CaseBegan(index, case.assistant, case.id, len(case.turns), playing.repeat))
                    last = await self._attempt(playing, index, other)
                    self._note(last, since)
                ended = last.result
                if self.interrupted or not is_retried(playing, last.trouble):
                    break
                await asyncio.sleep(self._pause(last, playing.attempt))
                before += last.result.seconds
                playing = replace(playing, attempt=playing.attempt + 1)
            except asyncio.CancelledError:
                ended = last.result if last else case_result(playing.case, not_run=INTERRUPTED)
                break
        return replace(ended, retries=playing.attempt - 1, seconds=before + ended.seconds)

    def _note(self, played: Played, since: int) -> None:
        self.left_behind += played.left_behind
        if played.trouble is Trouble.RATE_LIMIT:
            self._pace.refused(since, played.retry_after)
        elif played.trouble is None and not played.result.not_run:
            self._pace.went_well(since)

    def _pause(self, played: Played, attempt: int) -> float:
        """How long to wait before a playing is begun anew. After a 429 everybody waits, so that this one need not."""
        if played.trouble is Trouble.RATE_LIMIT:
            return 0.0
        return min(float(2 ** (attempt - 1)) if played.retry_after is None else played.retry_after, LONGEST_WAIT)

    async def _attempt(self, playing: Playing, index: int | None, other: CaseResult | None) -> Played:
        case = playing.case
        remote = self.stage.assistant(playing)
        if remote is None:
            message = f"assistant.{case.assistant} is not on this target"
            return _unplayed(case, FailureKind.PROVIDER_ERROR, message)
        try:
            host = self.stage.host(playing)
        except TapeStale as problem:
            return _unplayed(case, FailureKind.TAPE_STALE, _words(problem))
        except TapeMissing as problem:
            return _unplayed(case, FailureKind.TAPE_MISSING, _words(problem))
        judges = _Judges(self.stage, playing)
        recorded = self.stage.is_recorded(playing)
        scene = Scene(
            host=host,
            assistant=remote,
            conduct=self.conduct.there if playing.other and self.conduct.there else self.conduct,
            environment=self.environment,
            judges=judges.all,
            now=partial(self.stage.now, playing),
            # what a tape holds was paid for when it was recorded
            spent=(lambda turn: None) if recorded else partial(self.purses.turn, case),
            why_no_more=(lambda: "") if recorded else partial(self._why_no_turn, case),
            tools=self.stage.thread_tools(playing),
            max_cost=self.purses.most(case),
            searches=self.stage.searches(playing),
            index=index,
            tape=self.stage.tape(playing),
            recorded=recorded,
        )
        try:
            played = await play(playing, scene)
            if not playing.other:
                played = replace(played, result=await self._compared(playing, played.result, other, judges))
        finally:
            opened: tuple[Judge | ThreadHost, ...] = (*judges.opened, host)
            for each in opened:
                if recorded:
                    await each.aclose()
                else:
                    await self._give_back(each)
        if recorded and played.result.status is Status.MISSING:
            try:
                if await self.stage.anew(playing):
                    return await self._attempt(playing, index, other)
            except AsstctlError as problem:
                failure = Failure(FailureKind.PROVIDER_ERROR, _words(problem), where=case.where)
                played = replace(played, result=replace(played.result, failure=failure))
        if not recorded:
            self.purses.judges(played.result)
        try:
            self.stage.ended(playing, played.result)
        except Refused as problem:
            failure = Failure(
                FailureKind.TAPE_REFUSED, f"its tape was not written: {_words(problem)}", where=case.where
            )
            failure = played.result.failure or failure
            played = replace(played, result=replace(played.result, failure=failure, tape=""))
        return played

    async def _compared(
        self, playing: Playing, result: CaseResult, other: CaseResult | None, judges: "_Judges"
    ) -> CaseResult:
        comparing = self.conduct.comparing
        if comparing is None:
            return result
        held: Callable[[], Comparison]
        if other is None:
            held = partial(with_was, playing.case, result, comparing.distance)
        else:
            held = partial(with_other, other, result, comparing.distance, sides=comparing.sides)
        return await compared(
            held,
            result,
            comparing=comparing,
            judge=judges.measuring,
            prices=self.conduct.prices,
            seconds=self.conduct.turn_timeout,
        )

    async def _give_back(self, one: ThreadHost | Judge) -> None:
        try:
            await unhurried(one.aclose(), self.conduct.cleanup_timeout)
        except ProviderError:
            return  # a connection that breaks while it is closed is closed


@dataclass
class _Judges:
    """The judges of one playing, opened when the first of them is wanted."""

    stage: Stage
    playing: Playing
    _named: Mapping[str, Judge] | None = None
    _measuring: Judge | None = None

    def all(self) -> Mapping[str, Judge]:
        if self._named is None:
            self._named = self.stage.judges(self.playing)
        return self._named

    def measuring(self) -> Judge:
        if self._measuring is None:
            self._measuring = self.stage.measuring(self.playing)
        return self._measuring

    @property
    def opened(self) -> tuple[Judge, ...]:
        return (*(self._named or {}).values(), *([self._measuring] if self._measuring else ()))


def _in_order(count: int) -> Feed:
    waiting = iter(range(count))

    async def feed() -> int | None:
        return next(waiting, None)

    return feed


def _unplayed(case: Case, kind: FailureKind, message: str) -> Played:
    return Played(case_result(case, failure=Failure(kind, message, where=case.where)))


def _words(problem: AsstctlError) -> str:
    return f"{problem}; {problem.hint}" if problem.hint else str(problem)
