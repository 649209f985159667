"""One playing of a conversation on a thread of its own: opened, talked to turn by turn, judged, and cleaned up.

It ends with the first turn that did not pass; `finally` is about conversations that came to their end. A cancellation
is an end like any other: what was made is deleted and what is known is returned, so that Ctrl-C loses nothing.
Who plays when, and what is played again, is for `runner`.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter

from asstctl.conversation import late
from asstctl.conversation.case import Case, Cleanup, Trouble
from asstctl.conversation.observed import Observed
from asstctl.conversation.playing.answers import Stubs
from asstctl.conversation.playing.belongings import Belongings
from asstctl.conversation.playing.conduct import Conduct
from asstctl.conversation.playing.searching import searching
from asstctl.conversation.playing.stage import Playing
from asstctl.conversation.playing.trouble import STOPS, Limit, stopped, trouble_of
from asstctl.conversation.playing.turn_player import Talk, TurnPlayer, speaks
from asstctl.conversation.prices import total_cost, usage_of
from asstctl.core import spans
from asstctl.core.conversation import CaseResult, Failure, FailureKind, Status, TurnResult
from asstctl.core.errors import ProviderError, Refused, StoreError
from asstctl.core.json_types import EMPTY, Json
from asstctl.core.ledger import NoLedger
from asstctl.core.ports import Judge, ThreadHost
from asstctl.core.suite import Calling, TurnBegan
from asstctl.core.thread import Usage

INTERRUPTED = "interrupted"
"""Why a conversation has no verdict after Ctrl-C."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What one playing is given. `index` is its place in the run, for those who watch; None: nobody does.

    `spent` hears of each turn as it ends, and `why_no_more` says before each why it is not begun. `tools` are given to
    its thread, which may cost `max_cost` US dollars; `searches` are the stores of functions that stand for
    `file_search`. `recorded`: it is replayed, and nothing is made anywhere.
    """

    host: ThreadHost
    assistant: str
    conduct: Conduct
    environment: Mapping[str, str]
    judges: Callable[[], Mapping[str, Judge]]
    now: Callable[[], float] = perf_counter
    spent: Callable[[TurnResult], None] = lambda turn: None
    why_no_more: Callable[[], str] = lambda: ""
    tools: frozenset[str] = frozenset()
    max_cost: float | None = None
    searches: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: EMPTY)
    index: int | None = None
    tape: str = ""
    recorded: bool = False


@dataclass(frozen=True, slots=True)
class Played:
    """A conversation's result, the ids of what could not be deleted, and what trouble kept it from a verdict, if any.

    `retry_after` is how long the provider asked to be left alone.
    """

    result: CaseResult
    left_behind: tuple[str, ...] = ()
    trouble: Trouble | None = None
    retry_after: float | None = None


def is_retried(playing: Playing, trouble: Trouble | None) -> bool:
    """Whether a playing that ended so is begun anew: for the infrastructure's sake alone."""
    retry = playing.case.retry
    return trouble in retry.after and playing.attempt <= retry.most


async def play(playing: Playing, scene: Scene) -> Played:
    """Play one conversation. Survives a cancellation, and marks it."""
    return await _Player(playing, scene).play()


def case_result(
    case: Case,
    turns: Sequence[TurnResult] = (),
    *,
    failure: Failure | None = None,
    skipped: str = "",
    not_run: str = "",
    closing: tuple[Failure, ...] = (),
    seconds: float = 0.0,
    thread: str = "",
    kept: bool = False,
    tape: str = "",
    recorded: bool = False,
    judged: Usage | None = None,
    judge_cost: float | None = None,
) -> CaseResult:
    """The result of a case of which these turns were played; the rest is not run."""
    rest = enumerate(case.turns[len(turns) :], start=len(turns) + 1)
    unplayed = (TurnResult(number, Status.NOT_RUN, turn.user, where=turn.where) for number, turn in rest)
    return CaseResult(
        case.assistant,
        case.id,
        case.where,
        (*turns, *unplayed),
        seconds,
        skipped,
        failure,
        name=case.name,
        tags=case.tags,
        not_run=not_run,
        closing=closing,
        thread=thread,
        kept=kept,
        tape=tape,
        recorded=recorded,
        judged=judged,
        judge_cost=judge_cost,
    )


@dataclass
class _Player:
    playing: Playing
    scene: Scene
    turns: list[TurnResult] = field(default_factory=list)
    seen: list[Observed] = field(default_factory=list)
    failure: Failure | None = None
    closing: tuple[Failure, ...] = ()
    not_run: str = ""
    trouble: Trouble | None = None
    retry_after: float | None = None

    def __post_init__(self) -> None:
        case, scene, conduct = self.playing.case, self.scene, self.scene.conduct
        ledger = NoLedger() if scene.recorded else conduct.ledger
        self._belongings = Belongings(
            scene.host, ledger, case.id, conduct.cleanup_timeout, scene.assistant, scene.tools, scene.max_cost
        )
        saved: dict[str, Json] = {}
        self._talk = Talk(
            case,
            self._belongings,
            scene.assistant,
            Stubs.of(
                case,
                scene.environment,
                saved,
                self._calling,
                conduct.veil,
                searching(scene.host, scene.searches, case.where),
                conduct.tracer,
            ),
            saved,
            scene.judges,
            conduct.prices,
            scene.now,
            self._limit,
        )
        self._ends = asyncio.get_running_loop().time() + self._whole if self._whole is not None else None

    async def play(self) -> Played:
        """Play it, as one span."""
        case, conduct = self.playing.case, self.scene.conduct
        begun = spans.conversation(case.assistant, case.id, self.scene.assistant, conduct.provider)
        with conduct.tracer.span(begun) as span:
            played = await self._played()
            span.note(spans.had(self._belongings.thread, played.result.status.value))
            if played.result.status not in (Status.PASSED, Status.SKIPPED):
                span.failed(played.result.status.value)
            return played

    async def _played(self) -> Played:
        started = self.scene.now()
        left_behind: tuple[str, ...] = ()
        kept = False
        try:
            self.failure = await self._open()
            if self.failure is None:
                await self._converse()
        except asyncio.CancelledError:
            self.not_run = INTERRUPTED
        finally:
            kept = self._keeps and not self.scene.recorded
            # what was replayed was made nowhere
            left_behind = await self._belongings.give_back(keep=kept or self.scene.recorded)
            if self.scene.recorded:
                left_behind = ()
        result = self._result(self.scene.now() - started, kept=kept)
        return Played(result, left_behind, self.trouble, self.retry_after)

    async def _open(self) -> Failure | None:
        """Send the files and make the thread; the first thing the user says goes with it, which saves a request."""
        case, belongings = self.playing.case, self._belongings
        first = case.turns[0]
        limit = self._limit("the thread was not opened")
        files = [file for part in (case.messages, case.turns) for one in part for file in one.files]
        try:
            async with asyncio.timeout(limit.seconds):
                await belongings.upload((*case.files, *files))
                messages = [belongings.said(message.role, message.text, message.files) for message in case.messages]
                if speaks(first):
                    messages.append(belongings.said("user", first.user or "", first.files))
                await belongings.open(messages, {**case.metadata, **self.scene.conduct.bears}, case.files)
        except (Refused, StoreError) as problem:
            return Failure(FailureKind.PROVIDER_ERROR, str(problem), where=case.where)
        except STOPS as problem:
            self.trouble = trouble_of(problem)
            self.retry_after = problem.retry_after if isinstance(problem, ProviderError) else None
            return stopped(problem, limit, case.where)
        self._talk.said.extend((message.role, message.text) for message in case.messages)
        return None

    async def _converse(self) -> None:
        for number, turn in enumerate(self.playing.case.turns, start=1):
            if why := self.scene.why_no_more():
                self.not_run = f"stopped: {why}"
                return
            if self.scene.index is not None:
                used = [turn.usage.total_tokens for turn in self.turns if turn.usage]
                self.scene.conduct.hear(TurnBegan(self.scene.index, number, sum(used)))
            player = TurnPlayer(self._talk, turn, number)
            result = await self._turn(player, number)
            self.turns.append(result)
            self.seen.append(player.observed)
            self.scene.spent(result)
            if result.status is not Status.PASSED:
                self.trouble, self.retry_after = player.trouble, player.retry_after
                return
        self.closing = await self._closed()

    async def _turn(self, player: TurnPlayer, number: int) -> TurnResult:
        """One turn, as one span."""
        conduct, thread = self.scene.conduct, self._belongings.thread
        begun = spans.turn(self.playing.case.assistant, self.scene.assistant, conduct.provider, thread, number)
        with conduct.tracer.span(begun) as span:
            result = await player.play()
            span.note(spans.replied(player.state.model if player.state else "", result.usage))
            if result.status is not Status.PASSED:
                span.failed(next((one.kind.value for one in result.failures), result.status.value))
            return result

    async def _closed(self) -> tuple[Failure, ...]:
        """What `finally` finds, once all turns have passed."""
        written = self.playing.case.closing
        if written is None:
            return ()
        try:
            closing = late.filled_closing(written, self._talk.saved)
        except late.NotFilled as problem:
            return (Failure(FailureKind.SAVE, f"`finally` could not be checked: {problem}", where=written.where),)
        whole = whole_of(self.seen)
        return await self._talk.verdict(closing, whole) or await self._talk.opinion(closing, whole)

    @property
    def _whole(self) -> float | None:
        """Seconds for the whole conversation."""
        own = self.playing.case.timeout
        return self.scene.conduct.timeout if own is None else own

    def _limit(self, says: str) -> Limit:
        """What limits a turn that begins now: its own time, or what is left of the conversation's."""
        own = self.playing.case.turn_timeout
        turn = self.scene.conduct.turn_timeout if own is None else own
        if self._ends is None or self._whole is None:
            return Limit(turn, says)
        left = max(self._ends - asyncio.get_running_loop().time(), 0.0)
        return Limit(turn, says) if turn <= left else Limit(left, "the conversation did not end", self._whole)

    def _calling(self, function: str) -> None:
        if self.scene.index is not None:
            veil = self.scene.conduct.veil
            self.scene.conduct.hear(Calling(self.scene.index, veil(function) if veil else function))

    @property
    def _keeps(self) -> bool:
        """Whether the thread is left where it is. One that was cut off or is begun anew is of use to nobody."""
        cleanup = self.playing.case.cleanup
        if self.not_run or cleanup is Cleanup.NEVER:
            return not self.not_run
        passed = self.failure is None and not self.closing and all(one.status is Status.PASSED for one in self.turns)
        if passed or is_retried(self.playing, self.trouble):
            return False
        return cleanup is Cleanup.ON_PASS or self.scene.conduct.keep_failed

    def _result(self, seconds: float, *, kept: bool) -> CaseResult:
        return case_result(
            self.playing.case,
            self.turns,
            failure=self.failure,
            not_run=self.not_run,
            closing=self.closing,
            seconds=seconds,
            thread=self._belongings.thread,
            kept=kept and bool(self._belongings.thread),
            tape=self.scene.tape,
            recorded=self.scene.recorded,
            judged=usage_of(self._talk.judged),
            judge_cost=total_cost(self._talk.judged, self.scene.conduct.prices),
        )


def whole_of(turns: Sequence[Observed]) -> Observed:
    """A whole conversation: what its turns said and did together. What is unknown of one is unknown of all."""
    first = [turn.first_token for turn in turns if turn.first_token is not None]
    costs = [turn.cost for turn in turns if turn.cost is not None]
    usages = [turn.usage for turn in turns if turn.usage is not None]
    last = turns[-1]
    return Observed(
        reply="\n".join(turn.reply for turn in turns),
        calls=tuple(call for turn in turns for call in turn.calls),
        status=last.status,
        error=last.error,
        seconds=sum(turn.seconds for turn in turns),
        first_token=max(first, default=None),
        usage=sum(usages, Usage(0, 0)) if len(usages) == len(turns) else None,
        cost=sum(costs) if len(costs) == len(turns) else None,
        citations=tuple(one for turn in turns for one in turn.citations),
        passages=tuple(one for turn in turns for one in turn.passages),
        code=tuple(one for turn in turns for one in turn.code),
        said=last.said,
    )
