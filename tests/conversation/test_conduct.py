"""The rules of a run, on a clock that is moved instead of waited for: pace, retries, repeats, limits, comparison."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from asstctl.conversation.case import Budget, Case, Expectation, Repeat, Retry, Trouble
from asstctl.conversation.playing.runner import SuiteRun
from asstctl.conversation.playing.stage import Playing
from asstctl.core.conversation import FailureKind, Rate, Status
from asstctl.core.errors import AnswerLost, BadAnswer, RateLimited, ServerFault, TapeStale, Unreachable
from asstctl.core.exit_codes import ExitCode
from asstctl.core.plan import TargetInfo
from asstctl.core.ports import ThreadHost
from asstctl.core.price import Price
from asstctl.core.suite import CaseBegan, CaseEnded, Moment, Slowed, Spend, SuiteResult
from asstctl.core.thread import Need, RunState, Usage
from tests.conversation.fakes import FakeStage, Hang, ScriptedJudge, Step, VirtualLoop, World, says, until
from tests.conversation.samples import case, run, turn, where

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> tuple[str, Mapping[str, Any]]:
    return "asyncio", {"loop_factory": VirtualLoop}


EVERY = frozenset(Trouble)
PRICES = {"gpt-4o": Price(1.0, 1.0)}


def now() -> float:
    return asyncio.get_running_loop().time()


def costs(dollars: float, reply: str = "x") -> RunState:
    """A reply of a model with a price."""
    return RunState("r", "completed", reply=reply, usage=Usage(int(dollars * 1_000_000), 0), model="gpt-4o")


def scripted(*scripts: list[Step]) -> tuple[FakeStage, list[World]]:
    """A stage on which every playing takes the next script."""
    worlds = [World(script) for script in scripts]
    left = iter(worlds)
    return FakeStage(lambda playing: next(left).host()), worlds


def many(count: int, **more: Any) -> list[Case]:
    return [case(turn("hi", "x"), id=f"c{i:04}", **more) for i in range(count)]


def heard_of(kind: type, moments: list[Moment]) -> list[Any]:
    return [moment for moment in moments if isinstance(moment, kind)]


RATE_LIMITED = RunState("r", "failed", error="rate_limit_exceeded", no_verdict=True, rate_limited=True)
FAULT = RunState("r", "failed", error="server_error", no_verdict=True)


@pytest.mark.parametrize(
    "problem, trouble",
    [
        (RateLimited("slow down"), Trouble.RATE_LIMIT),
        (RATE_LIMITED, Trouble.RATE_LIMIT),
        (ServerFault("500"), Trouble.SERVER_ERROR),
        (FAULT, Trouble.SERVER_ERROR),
        (Unreachable("refused"), Trouble.CONNECTION),
        (AnswerLost("lost"), Trouble.CONNECTION),
        (Hang(), Trouble.TIMEOUT),
    ],
)
async def test_a_playing_is_begun_anew_after_the_trouble_that_its_case_names(problem: Step, trouble: Trouble) -> None:
    """And after no other; how often is counted."""
    again, _ = scripted([problem], [says("x")])
    never, _ = scripted([problem])

    played = (await run(again, case(turn("hi", "x"), retry=Retry(1, frozenset({trouble}))))).results[0]
    given_up = (await run(never, case(turn("hi", "x"), retry=Retry(1, EVERY - {trouble})))).results[0]

    assert (played.status, played.retries, given_up.status, given_up.retries) == (Status.PASSED, 1, Status.ERROR, 0)
    assert [(one.attempt, result.status) for one, result in again.over] == [(1, Status.ERROR), (2, Status.PASSED)]


async def test_a_thread_that_cannot_be_opened_is_tried_again_too() -> None:
    """It is the infrastructure's fault as well."""
    worlds = iter([World(on_open=Unreachable("refused")), World([says("x")])])

    suite = await run(FakeStage(lambda playing: next(worlds).host()), case(turn(), retry=Retry(2, EVERY)))

    assert (suite.results[0].status, suite.results[0].retries) == (Status.PASSED, 1)


@pytest.mark.parametrize("step", [says("y"), RunState("r", "expired"), BadAnswer("not JSON"), TapeStale("stale")])
async def test_nothing_else_is_ever_repeated(step: Step) -> None:
    """A failed expectation least of all."""
    stage, _ = scripted([step])

    result = (await run(stage, case(turn("hi", "x"), retry=Retry(5, EVERY)))).results[0]

    assert (result.status is Status.PASSED, result.retries, len(stage.begun)) == (False, 0, 1)


async def test_retries_end_and_wait_longer_each_time() -> None:
    """The last error stands."""
    stage, _ = scripted([FAULT], [FAULT], [FAULT])

    result = (await run(stage, case(turn(), retry=Retry(2, EVERY)))).results[0]

    assert (result.status, result.retries, now()) == (Status.ERROR, 2, 3.0)


async def test_a_retried_conversation_shows_the_time_of_all_attempts() -> None:
    stage, _ = scripted([2.0, FAULT], [3.0, says("x")])
    stage.clock = now

    result = (await run(stage, case(turn("hi", "x"), retry=Retry(1, EVERY)))).results[0]

    assert (result.retries, result.seconds) == (1, 5.0)


@pytest.mark.parametrize(("every", "played"), [(False, 1), (True, 3)])
async def test_a_recording_plays_repeats_that_a_verdict_does_not_need(every: bool, played: int) -> None:
    stage, _ = scripted([says("no")], [says("x")], [says("x")])

    (result,) = (await run(stage, case(turn("hi", "x"), repeat=Repeat(3, 3)), every_repeat=every, jobs=1)).results

    assert (result.status, len(result.repeats)) == (Status.FAILED, played)


async def test_a_429_halves_what_goes_on_at_once_and_is_waited_for() -> None:
    """However many are refused in one breath; each success gives one place back."""
    moments: list[Moment] = []
    begun: list[float] = []
    refused = 8

    def host(playing: Playing) -> ThreadHost:
        nonlocal refused
        begun.append(now())
        world = World([0.5, RateLimited("slow down", retry_after=7.0) if refused > 0 else says("x")])
        refused -= 1
        return world.host()

    suite = await run(FakeStage(host), *many(20, retry=Retry(1, EVERY)), jobs=8, hear=moments.append, turn_timeout=60)

    assert {result.status for result in suite.results} == {Status.PASSED}
    assert heard_of(Slowed, moments) == [Slowed(4, 7.0)]
    assert [begun.count(moment) for moment in sorted(set(begun))][:3] == [8, 4, 8]
    assert sorted(set(begun))[:2] == [0.0, 7.5]


async def test_refusals_in_a_row_make_the_pauses_longer() -> None:
    """Where the provider does not say how long; a success ends the row."""
    moments: list[Moment] = []
    stage, _ = scripted([RATE_LIMITED], [RATE_LIMITED], [RATE_LIMITED], [says("x")], [RATE_LIMITED])

    await run(stage, case(turn(), retry=Retry(3, EVERY)), case(turn(), id="b"), jobs=1, hear=moments.append)

    assert [moment.wait for moment in heard_of(Slowed, moments)] == [1.0, 2.0, 4.0, 1.0]
    assert {moment.width for moment in heard_of(Slowed, moments)} == {1}


async def test_a_provider_that_asks_for_too_much_patience_ends_the_run() -> None:
    """What was not begun says so."""
    stage, _ = scripted([RateLimited("tomorrow", retry_after=86_400)])

    suite = await run(stage, *many(3, retry=Retry(2, EVERY)), jobs=1)

    assert [result.status for result in suite.results] == [Status.ERROR, Status.NOT_RUN, Status.NOT_RUN]
    assert suite.stopped == suite.results[1].not_run == "the provider asks for a pause of 86,400 s"
    assert now() < 60


async def test_a_repeated_conversation_passes_by_its_rate() -> None:
    """As soon as that is certain; each playing is in the result."""
    moments: list[Moment] = []
    stage, _ = scripted([says("x")], [says("y")], [says("x")], [says("x")])

    suite = await run(stage, case(turn("hi", "x"), repeat=Repeat(5, 3)), hear=moments.append)

    (result,) = suite.results
    assert (result.status, result.rate) == (Status.PASSED, Rate(3, 4, 3, 5))
    assert [one.status for one in result.repeats] == [Status.PASSED, Status.FAILED, Status.PASSED, Status.PASSED]
    assert result.first_bad_turn is not None
    assert [moment.playing for moment in heard_of(CaseBegan, moments)] == [1, 2, 3, 4]
    assert len(heard_of(CaseEnded, moments)) == 1


async def test_a_repeated_conversation_fails_as_soon_as_it_must() -> None:
    """Nothing more is played."""
    stage, _ = scripted([says("y")], [says("y")])

    result = (await run(stage, case(turn("hi", "x"), repeat=Repeat(10, 9)))).results[0]

    assert (result.status, result.rate) == (Status.FAILED, Rate(0, 2, 9, 10))


async def test_playings_that_are_needed_anyhow_go_on_at_once() -> None:
    """As many as there are jobs; those that one failure would make needless wait for it."""
    world, strict = World([10.0, says("x")]), World([10.0, says("x")])

    suite = await run(world, case(turn("hi", "x"), repeat=Repeat(7, 4)), jobs=2, turn_timeout=60)
    await run(strict, case(turn("hi", "x"), repeat=Repeat(3, 3)), jobs=2, turn_timeout=60)

    assert (suite.results[0].status, world.most_in_flight, strict.most_in_flight) == (Status.PASSED, 2, 1)
    assert (suite.results[0].seconds, world.hosts) == (20.0, 4)


async def test_what_the_run_says_goes_before_what_cases_say() -> None:
    """About repeats."""
    world = World([says("x")])

    suite = await run(world, case(turn(), repeat=Repeat(5, 5)), case(turn(), id="b"), repeat=Repeat(2, 1))

    assert [result.rate for result in suite.results] == [Rate(1, 1, 1, 2)] * 2


async def test_each_playing_may_be_retried() -> None:
    """Rates count verdicts, not attempts."""
    stage, _ = scripted([FAULT], [says("x")], [says("x")])

    result = (await run(stage, case(turn(), repeat=Repeat(2, 2), retry=Retry(1, EVERY)), jobs=1)).results[0]

    assert (result.status, result.rate, result.retries) == (Status.PASSED, Rate(2, 2, 2, 2), 1)


async def test_a_failure_too_many_ends_the_run() -> None:
    """What goes on is let end; skipped ones are no failures."""
    worlds = {"c0000": World([says("y")]), "c0001": World([5.0, says("x")])}
    cases = [*many(5), case(turn(), id="skipped", needs=frozenset({Need.IMAGES}))]

    suite = await run(
        FakeStage(lambda playing: worlds.get(playing.case.id, World([says("x")])).host()),
        *cases,
        jobs=2,
        fail_fast=1,
        turn_timeout=60,
        cannot={"images": "it cannot see"},
    )

    assert [result.status for result in suite.results] == [
        Status.FAILED,
        Status.PASSED,
        *[Status.NOT_RUN] * 3,
        Status.SKIPPED,
    ]
    assert suite.stopped == suite.results[2].not_run == "one conversation did not pass, and the run was to end then"


async def test_a_run_that_ends_by_itself_was_not_stopped() -> None:
    """Its last conversation may fail."""
    assert (await run(World([says("y")]), *many(1), fail_fast=1)).stopped == ""


async def test_nothing_is_begun_after_the_time_limit_of_the_run() -> None:
    """What goes on is let end."""
    suite = await run(World([4.0, says("x")]), *many(6), jobs=2, time_limit=7, turn_timeout=60)

    assert [result.status for result in suite.results] == [Status.PASSED] * 4 + [Status.NOT_RUN] * 2
    assert suite.stopped == "the time limit of the run is over: 7 s"
    assert [result.began for result in suite.results] == [0.0, 0.0, 4.0, 4.0, 8.0, 8.0]


async def test_nothing_is_begun_once_the_money_is_spent() -> None:
    """What was spent is known to the end."""
    suite = await run(World([costs(0.2)]), *many(5), jobs=1, max_cost=0.5, prices=PRICES)

    assert [result.status for result in suite.results] == [Status.PASSED] * 3 + [Status.NOT_RUN] * 2
    assert suite.stopped == "the cost limit of the run is reached: $0.6000 of $0.5 are spent"
    assert suite.spend.tokens == 600_000
    assert suite.spend.cost == pytest.approx(0.6)


async def test_judges_are_paid_by_the_run_and_not_by_files() -> None:
    """`max_cost` is what the run costs."""
    judged = turn(expect=(Expectation("rubric", {"says": "is polite"}, where(9)),))
    stage = FakeStage.of(World([costs(0.1)]), judged={"default": ScriptedJudge()})
    prices = {**PRICES, "judge-model": Price(10_000.0, 0.0)}
    cases = [case(judged, id=f"c{i}", budget=Budget("a.convo.yaml", cost=0.25)) for i in range(3)]

    of_run = await run(stage, *cases, jobs=1, max_cost=0.2, prices=prices)
    of_file = await run(stage, *cases, jobs=1, prices=prices)

    assert of_run.stopped == "the cost limit of the run is reached: $0.2000 of $0.2 are spent"
    assert [result.status for result in of_file.results] == [Status.PASSED] * 3
    assert (of_file.spend.judge_tokens, of_file.spend.judge_cost) == (33, pytest.approx(0.3))


@pytest.mark.parametrize(
    "reply, prices, why",
    [
        (
            costs(0.1),
            {},
            "its cost is not known: no price for the model that answered stands under `test.prices`",
        ),
        (says("x"), PRICES, "its tokens are not known: the provider does not count them"),
    ],
)
async def test_a_limit_that_cannot_be_measured_ends_the_run(
    reply: RunState, prices: Mapping[str, Price], why: str
) -> None:
    """What is unknown is never 0. Without a limit nothing is lost."""
    limited = await run(World([reply]), *many(3), jobs=1, max_cost=5, prices=prices)
    free = await run(World([reply]), *many(3), jobs=1, prices=prices)

    assert [result.status for result in limited.results] == [Status.PASSED, Status.NOT_RUN, Status.NOT_RUN]
    assert limited.stopped == f"the cost limit of the run cannot be kept: {why}"
    assert [result.status for result in free.results] == [Status.PASSED] * 3
    assert free.spend.cost is None


REACHED = RunState("r", "failed", error="the session's own limit was reached", no_verdict=True, cost_limited=True)


@pytest.mark.parametrize(
    ("budget", "max_cost", "limit"),
    [(None, None, None), (0.5, None, 0.5), (None, 2.0, 2.0), (0.5, 2.0, 0.5), (2.0, 0.5, 0.5)],
)
async def test_a_thread_may_cost_the_smallest_of_its_limits(
    budget: float | None, max_cost: float | None, limit: float | None
) -> None:
    """A budget of tokens is no limit of cost."""
    world = World([costs(0.1)])
    of_file = Budget("a.convo.yaml", cost=budget, tokens=9_000_000)

    await run(world, case(turn(), budget=of_file), max_cost=max_cost, prices=PRICES)

    assert world.limits == [limit]


@pytest.mark.parametrize("of_file", [True, False], ids=["file", "run"])
async def test_a_thread_that_reached_its_limit_leaves_no_verdict_and_an_empty_purse(of_file: bool) -> None:
    """Though nobody knows its tokens. It is not begun anew, and its thread is deleted."""
    budget = Budget("a.convo.yaml", cost=0.5) if of_file else None
    world = World([REACHED])
    retry = Retry(3, frozenset(EVERY))
    cases = [case(turn("hi", "x"), id=id, budget=budget, retry=retry) for id in ("first", "second")]

    suite = await run(world, *cases, jobs=1, max_cost=None if of_file else 0.5, prices=PRICES)

    first, second = suite.results
    assert (first.status, first.kind, first.retries) == (Status.ERROR, FailureKind.COST_LIMIT, 0)
    assert [one.message for one in first.turns[0].failures] == ["the session's own limit was reached"]
    assert second.not_run == (
        "the budget of a.convo.yaml is used up ($0.5000 of $0.5)"
        if of_file
        else "the cost limit of the run is reached: $0.5000 of $0.5 are spent"
    )
    assert (len(world.limits), world.threads) == (1, set())


async def test_a_file_has_a_purse_of_its_own() -> None:
    """In dollars or in tokens; the others go on."""
    tight = Budget("assistants/a.convo.yaml", tokens=150_000)
    poor = Budget("assistants/b.convo.yaml", cost=0.1)
    cases = [
        *(case(turn(), id=f"a{i}", budget=tight) for i in range(3)),
        *(case(turn(), id=f"b{i}", budget=poor) for i in range(2)),
        case(turn(), id="c"),
    ]

    suite = await run(World([costs(0.1)]), *cases, jobs=1, prices=PRICES)

    assert [result.not_run for result in suite.results] == [
        "",
        "",
        "the budget of assistants/a.convo.yaml is used up (200,000 of 150,000 tokens)",
        "",
        "the budget of assistants/b.convo.yaml is used up ($0.1000 of $0.1)",
        "",
    ]
    assert suite.stopped == ""


async def test_an_empty_purse_begins_no_turn() -> None:
    """Neither of a conversation that goes on, nor of one that waits."""
    budget = Budget("a.convo.yaml", tokens=150_000)
    cases = [
        case(*[turn()] * 4, id="long", budget=budget),
        case(turn(), id="waits", budget=budget),
        case(*[turn()] * 3, id="free"),
    ]

    suite = await run(World([costs(0.1)] * 3), *cases, jobs=1, prices=PRICES)

    long, waits, free = suite.results
    why = "the budget of a.convo.yaml is used up (200,000 of 150,000 tokens)"
    assert (long.status, long.not_run) == (Status.NOT_RUN, f"stopped: {why}")
    assert [one.status for one in long.turns] == [Status.PASSED] * 2 + [Status.NOT_RUN] * 2
    assert (waits.status, waits.not_run, free.status) == (Status.NOT_RUN, why, Status.PASSED)
    assert suite.stopped == ""


async def test_turns_that_go_on_end_when_the_purse_is_emptied_beside_them() -> None:
    """Their conversations end there."""
    budget = Budget("a.convo.yaml", tokens=150_000)
    slow, quick = World([4.0, costs(0.1)]), World([costs(0.1)] * 2)
    worlds = iter([slow, quick])
    cases = [
        case(turn(), turn(), id="slow", budget=budget),
        case(turn(), turn(), turn(), id="quick", budget=budget),
    ]

    suite = await run(FakeStage(lambda playing: next(worlds).host()), *cases, jobs=2, turn_timeout=60, prices=PRICES)

    assert [[one.status for one in result.turns] for result in suite.results] == [
        [Status.PASSED, Status.NOT_RUN],
        [Status.PASSED, Status.PASSED, Status.NOT_RUN],
    ]
    assert (slow.threads, quick.threads) == (set(), set())


async def test_the_cost_limit_of_the_run_begins_no_turn_either() -> None:
    """And the run says that it was stopped."""
    suite = await run(World([costs(0.2)] * 3), case(*[turn()] * 5), jobs=1, max_cost=0.5, prices=PRICES)

    (result,) = suite.results
    assert [one.status for one in result.turns] == [Status.PASSED] * 3 + [Status.NOT_RUN] * 2
    assert suite.stopped == "the cost limit of the run is reached: $0.6000 of $0.5 are spent"
    assert result.not_run == f"stopped: {suite.stopped}"


@pytest.mark.parametrize("of_file", [True, False], ids=["file", "run"])
async def test_a_limit_that_nobody_can_say_was_kept_stops_a_run_of_which_all_was_begun(of_file: bool) -> None:
    """Whatever passed, its exit code is not 0. Of a limit that can be measured the last conversation may need more."""
    budget = Budget("a.convo.yaml", cost=5) if of_file else None
    limit = None if of_file else 5

    unknown = await run(World([costs(0.1)]), case(turn(), budget=budget), max_cost=limit)
    measured = await run(World([costs(9)]), case(turn(), budget=budget), max_cost=limit, prices=PRICES)

    assert [one.results[0].status for one in (unknown, measured)] == [Status.PASSED] * 2
    assert unknown.stopped == (
        f"the {'budget of a.convo.yaml' if of_file else 'cost limit of the run'} cannot be kept: "
        "its cost is not known: no price for the model that answered stands under `test.prices`"
    )
    assert measured.stopped == ""
    assert suite_of(unknown).exit_code is ExitCode.INCONCLUSIVE
    assert suite_of(measured).exit_code is ExitCode.DONE


def suite_of(ran: SuiteRun) -> SuiteResult:
    target = TargetInfo("far", "assistants", "assistants-v2", "127.0.0.1:9", "school")
    return SuiteResult(ran.results, target, "from assistants", True, stopped=ran.stopped)


async def test_what_a_tape_holds_costs_nothing() -> None:
    """It was paid for when it was recorded."""
    suite = await run(FakeStage.of(World([costs(9)]), recorded=True), *many(3), max_cost=1, prices=PRICES)

    assert [result.status for result in suite.results] == [Status.PASSED] * 3
    assert suite.spend == Spend()


async def test_a_budget_that_is_spent_between_repeats_leaves_no_verdict() -> None:
    """However many passed before."""
    world = World([costs(0.2)])

    suite = await run(world, case(turn(), repeat=Repeat(5, 5)), jobs=1, max_cost=0.3, prices=PRICES)

    (result,) = suite.results
    assert (result.status, result.rate, len(result.repeats)) == (Status.NOT_RUN, Rate(2, 2, 5, 5), 3)
    assert result.not_run == suite.stopped


@pytest.mark.parametrize("reply, status", [("y", Status.FAILED), ("x", Status.PASSED)])
async def test_a_comparison_counts_for_nothing(reply: str, status: Status) -> None:
    """Each conversation is had with what is deployed too; its result stands beside."""
    moments: list[Moment] = []
    replies = {False: "x", True: reply}
    worlds: list[World] = []

    def host(playing: Playing) -> ThreadHost:
        worlds.append(World([says(replies[playing.other])]))
        return worlds[-1].host()

    suite = await run(FakeStage(host), case(turn("hi", "x")), compare=True, fail_fast=1, hear=moments.append)

    (result,) = suite.results
    assert result.deployed is not None
    assert (result.status, result.deployed.status, result.deployed.turns[0].reply) == (Status.PASSED, status, reply)
    assert [world.said("run")[0][2] for world in worlds] == ["asst_1", "asst_0"]
    assert len(heard_of(CaseBegan, moments)) == 1


async def test_an_assistant_that_is_new_is_compared_with_nothing() -> None:
    """Nor is a conversation that was skipped."""

    class New(FakeStage):
        def assistant(self, playing: Playing) -> str | None:
            return None if playing.other else "asst_1"

    stage = New.of(World([says("x")]))
    skipped = case(turn(), id="b", needs=frozenset({Need.IMAGES}))

    suite = await run(stage, case(turn()), skipped, compare=True, cannot={"images": "it cannot see"})

    assert [result.deployed for result in suite.results] == [None, None]


async def test_what_the_wire_cannot_do_skips_a_conversation() -> None:
    """With the sentence of the provider; what it can do does not."""
    world = World([says("x")])
    cannot = {"images": "vLLM cannot see images", "update": "it cannot update"}

    suite = await run(
        world,
        case(turn(), needs=frozenset({Need.IMAGES, Need.STREAM})),
        case(turn(), id="b", needs=frozenset({Need.STREAM})),
        cannot=cannot,
    )

    assert [result.skipped for result in suite.results] == ["vLLM cannot see images (images)", ""]
    assert world.hosts == 1


async def test_an_interruption_keeps_the_playings_that_ended() -> None:
    """The rate is of those; the conversation has no verdict."""
    scripts: list[list[Step]] = [[says("x")], [says("x")], [Hang()], [Hang()]]
    stage, worlds = scripted(*scripts)
    suite = asyncio.create_task(run(stage, case(turn(), repeat=Repeat(7, 4)), jobs=2, turn_timeout=1e9))
    await until(lambda: len(stage.begun) == 4)
    await asyncio.sleep(1)

    suite.cancel()
    done = await suite

    (result,) = done.results
    assert (done.interrupted, result.status, result.not_run) == (True, Status.NOT_RUN, "interrupted")
    assert result.rate == Rate(2, 2, 4, 7)
    assert [one.status for one in result.repeats] == [Status.PASSED, Status.PASSED, Status.NOT_RUN]
    assert all(world.threads == set() for world in worlds)


@pytest.mark.parametrize("step", [FAULT, RateLimited("slow", retry_after=100)], ids=["retry", "429"])
async def test_an_interruption_ends_every_pause(step: Step) -> None:
    """Whether before a retry, or for the sake of a 429."""
    stage, _ = scripted([step], [says("x")])
    suite = asyncio.create_task(run(stage, *many(2, retry=Retry(1, EVERY)), jobs=1))
    await until(lambda: stage.over)
    await asyncio.sleep(0.01)

    suite.cancel()
    done = await suite

    assert (done.interrupted, [result.status for result in done.results]) == (True, [Status.ERROR, Status.NOT_RUN])


async def test_a_defect_in_a_repeat_ends_its_neighbours() -> None:
    """And is raised as itself."""
    stage, worlds = scripted([Hang()], [KeyError("bug")])

    with pytest.raises(KeyError, match="bug"):
        await run(stage, case(turn(), repeat=Repeat(3, 2)), turn_timeout=1e9)

    assert all(world.threads == set() for world in worlds)


async def test_two_thousand_cases_need_no_task_each() -> None:
    """Those that wait are in a list."""
    most = 0

    class Counting(World):
        def host(self) -> Any:
            nonlocal most
            most = max(most, len(asyncio.all_tasks()))
            return super().host()

    suite = await run(Counting([0.05, says("x")]), *many(2000), jobs=50)

    assert {result.status for result in suite.results} == {Status.PASSED}
    assert most < 250
