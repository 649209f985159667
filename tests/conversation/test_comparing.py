"""How two playings of a conversation lie apart, and one from what its file remembers."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asstctl.conversation.case import ExpectedCall, Repeat, Retry
from asstctl.conversation.comparing import distance, with_other, with_was, words
from asstctl.conversation.playing.conduct import Conduct
from asstctl.core.comparison import Comparing, Comparison, TurnComparison, totals
from asstctl.core.conversation import CallMade, CaseResult, Failure, FailureKind, Status, TurnResult
from asstctl.core.errors import ProviderError, Refused, ServerFault
from asstctl.core.suite import SuiteResult
from asstctl.core.thread import Usage
from tests.conversation.fake_judge import ScriptedJudge
from tests.conversation.fakes import FakeStage, World, calls, says
from tests.conversation.samples import case, run, stub, turn, where
from tests.render.samples import LOCAL

SIDES = ("prod", "local")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("Hello, World!", ["hello", "world"]),
        ("ＨＥＬＬＯ １２", ["hello", "12"]),
        ("- **bold** and `code`", ["bold", "and", "code"]),
        ("_emphasis_ __init__", ["emphasis", "init"]),
        ("It's 41.50 EUR (5%)", ["it's", "41.50", "eur", "5%"]),
        ("-5 or 5 or A-17", ["-5", "or", "5", "or", "a-17"]),
        ("x < 3 = y | z", ["x", "<", "3", "=", "y", "z"]),
        ("costs $5", ["costs", "$", "5"]),
        ("你好，世界", ["你", "好", "世", "界"]),
        ("用 API 吧", ["用", "api", "吧"]),
        ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),
        ("great 🎉", ["great", "🎉"]),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        ("", "", 0.0),
        ("Hello!", "hello", 0.0),
        ("Hello", "", 1.0),
        ("yes", "no", 1.0),
        ("one two three four", "one two three five", 0.25),
        ("one two", "two one", 0.5),
        ("你好吗", "你好呀", 0.3333),
        ("$5", "$6", 0.5),
    ],
)
def test_distance(before: str, now: str, expected: float) -> None:
    assert distance(before, now) == expected


@given(st.text(), st.text())
def test_a_distance_lies_between_0_and_1_and_is_0_for_the_same_words(before: str, now: str) -> None:
    assert 0 <= distance(before, now) <= 1
    assert distance(before, before) == 0
    assert (distance(before, now) == 0) or words(before) != words(now)


def test_texts_of_any_length_are_compared_in_little_time() -> None:
    long = " ".join(f"word{number % 50}" for number in range(40_000))

    assert distance(long, long + " end") < 0.001


def had(
    number: int, reply: str = "", *made: tuple[str, str], status: Status = Status.PASSED, **more: Any
) -> TurnResult:
    made_calls = tuple(CallMade(name, arguments) for name, arguments in made)
    failures = () if status is not Status.FAILED else (Failure(FailureKind.TEXT, "no", where=where(5)),)
    return TurnResult(number, status, "hi", made_calls, reply, failures, **more)


def ended(*turns: TurnResult, **more: Any) -> CaseResult:
    return CaseResult("guagua", "schedule", where(1), turns, **more)


def expected(name: str, **more: Any) -> ExpectedCall:
    return ExpectedCall(name, where(6), **more)


@pytest.mark.parametrize(
    ("before", "now", "differs"),
    [
        ([], [], {}),
        ([("a", "{}"), ("b", "{}")], [("b", "{}"), ("a", "")], {}),
        ([("a", '{"x": 1, "y": [2]}')], [("a", '{"y":[2.0],"x":1.0}')], {}),
        ([("a", '{"x": 1}')], [("a", '{"x": true}')], {"arguments": [("a", "x", "1", "true")]}),
        (
            [("a", '{"x": 1}')],
            [("a", '{"z": 1}')],
            {"arguments": [("a", "x", "1", "missing"), ("a", "z", "missing", "1")]},
        ),
        ([("a", "{}")], [], {"missing": ("a",)}),
        ([("a", "{}")], [("a", "{}"), ("a", "{}"), ("b", "{}")], {"added": ("a", "b")}),
        # equal calls belong together, whatever their order
        ([("a", '{"x": 1}'), ("a", '{"x": 2}')], [("a", '{"x": 2}'), ("a", '{"x": 1}')], {}),
        (
            [("a", '{"x": 1}'), ("a", '{"x": 2}')],
            [("a", '{"x": 3}'), ("a", '{"x": 1}')],
            {"arguments": [("a", "x", "2", "3")]},
        ),
        # what has no counterpart is a difference of calls alone
        ([("a", '{"x": 1}')], [("a", '{"x": 1}'), ("a", '{"x": 2}')], {"added": ("a",)}),
        ([("a", "oops")], [("a", "oops")], {}),
        ([("a", "oops")], [("a", "{}")], {"arguments": [("a", "", '"oops"', "{}")]}),
        ([("a", '{"$regex": "x"}')], [("a", '{"$regex": "y"}')], {"arguments": [("a", "$regex", '"x"', '"y"')]}),
    ],
)
def test_calls_of_two_targets(
    before: list[tuple[str, str]], now: list[tuple[str, str]], differs: dict[str, Any]
) -> None:
    [held] = with_other(ended(had(1, "", *before)), ended(had(1, "", *now)), 0.5, sides=SIDES).turns

    told = [(one.function, one.path, one.before, one.now) for one in held.arguments]
    assert (held.missing, held.added, told) == (
        differs.get("missing", ()),
        differs.get("added", ()),
        differs.get("arguments", []),
    )
    assert held.differs is bool(differs)


@pytest.mark.parametrize(
    ("recorded", "made", "differs"),
    [
        ((), [], {}),
        ((expected("a", args={"x": 1}),), [("a", '{"x": 1, "more": 2}')], {}),
        ((expected("a", args={"x": {"$gt": 1}}),), [("a", '{"x": 2}')], {}),
        ((expected("a", args={"x": 1}),), [("a", '{"x": 2}')], {"arguments": [("a", "x", "1", "2")]}),
        ((expected("a", times=2),), [("a", "{}")], {"missing": ("a",)}),
        ((expected("a"), expected("a")), [("a", "{}"), ("a", "{}")], {}),
        ((expected("a", times=0),), [("a", "{}")], {"added": ("a",)}),
        ((), [("a", "{}")], {"added": ("a",)}),
        ((expected("a"),), [("b", "{}")], {"missing": ("a",), "added": ("b",)}),
    ],
)
def test_calls_that_the_file_remembers(
    recorded: tuple[ExpectedCall, ...], made: list[tuple[str, str]], differs: dict[str, Any]
) -> None:
    written = case(turn("hi", "", *recorded, was="Hello"))
    [held] = with_was(written, ended(had(1, "Hello", *made)), 0.5).turns

    told = [(one.function, one.path, one.before, one.now) for one in held.arguments]
    assert (held.missing, held.added, told) == (
        differs.get("missing", ()),
        differs.get("added", ()),
        differs.get("arguments", []),
    )


def test_only_turns_that_are_remembered_are_compared() -> None:
    written = case(turn(), turn(was="Bye"), turn(was=""))

    held = with_was(written, ended(had(1, "x"), had(2, "Bye"), had(3, "")), 0.5)

    assert [(one.number, one.distance) for one in held.turns] == [(2, 0.0), (3, 0.0)]
    assert not held.differs


def test_a_turn_that_was_not_reached_is_a_difference() -> None:
    written = case(turn(was="Hi"), turn(was="Bye"))
    result = ended(had(1, "Hi", status=Status.FAILED), had(2, status=Status.NOT_RUN))

    held = with_was(written, result, 0.5)

    assert [(one.unreached, one.calls_agree, one.arguments_agree) for one in held.turns] == [
        ("", True, True),
        ("now", False, False),
    ]
    other = with_other(ended(had(1, "Hi"), had(2, "Bye")), result, 0.5, sides=SIDES)
    assert [one.unreached for one in other.turns] == ["", "local"]
    assert not other.verdicts_agree
    both = with_other(result, result, 0.5, sides=SIDES)
    assert len(both.turns) == 1
    assert not both.differs


@pytest.mark.parametrize(
    ("result", "why", "undecided"),
    [
        (ended(had(1), skipped="no images"), "no images", False),
        (ended(had(1), not_run="the budget is used up"), "the budget is used up", True),
        (ended(failure=Failure(FailureKind.PROVIDER_ERROR, "it is gone")), "it is gone", True),
        (ended(had(1, status=Status.ERROR)), "it has no verdict (None)", True),
    ],
)
def test_what_has_no_verdict_is_not_compared(result: CaseResult, why: str, undecided: bool) -> None:
    fine = ended(had(1))
    written = case(turn(was="Hi"))

    assert with_was(written, result, 0.5) == Comparison(why_not=why, undecided=undecided)
    assert with_other(fine, result, 0.5, sides=SIDES) == Comparison(why_not=why, undecided=undecided)
    elsewhere = with_other(result, fine, 0.5, sides=SIDES)
    assert (elsewhere.why_not, elsewhere.undecided) == (f"prod: {why}", undecided)


def test_what_the_file_does_not_remember_is_not_compared() -> None:
    assert with_was(case(turn()), ended(had(1)), 0.5) == Comparison(why_not="it has no `was:`")


@pytest.mark.parametrize(("furthest", "far"), [(0.0, True), (0.24, True), (0.25, False), (1.0, False)])
def test_replies_may_lie_as_far_apart_as_the_run_lets_them(furthest: float, far: bool) -> None:
    written = case(turn(was="one two three four"))

    held = with_was(written, ended(had(1, "one two three five")), furthest)

    assert (held.turns[0].far, held.differs) == (far, far)


ALIKE, FAR = Comparison((TurnComparison(1, distance=0.0),)), Comparison((TurnComparison(1, distance=1.0, far=True),))
CALLS, NOT = Comparison((TurnComparison(1, missing=("a",)),)), Comparison(why_not="trouble", undecided=True)


def test_totals_are_over_all_playings() -> None:
    found = totals([[ALIKE, ALIKE, ALIKE], [ALIKE, FAR, CALLS], [NOT, NOT, ALIKE], [NOT], []])

    assert (found.conversations, found.alike, found.fewest, found.most) == (3, 2, 1, 3)
    assert (found.playings, found.calls, found.arguments, found.far) == (7, 6, 7, 1)
    assert found.distances == (0.0, 0.0, 0.0, 0.0, 0.0, 1.0)


@pytest.mark.parametrize(
    ("held", "fails", "code"),
    [
        ([ALIKE], True, 0),
        ([FAR], False, 0),
        ([FAR], True, 1),
        ([ALIKE, FAR], True, 1),
        ([ALIKE, NOT], True, 3),
        ([NOT], True, 3),
        ([NOT, FAR], True, 1),
        ([NOT], False, 0),
        ([Comparison(why_not="it has no `was:`")], True, 1),
        ([Comparison(why_not="it has no `was:`"), ALIKE], True, 0),
    ],
)
def test_exit_code(held: list[Comparison], fails: bool, code: int) -> None:
    cases = tuple(ended(had(1), comparison=one) for one in held)
    suite = SuiteResult(cases, LOCAL, "", True, comparing=Comparing("was", "local", fails=fails))

    assert suite.exit_code == code


pytestmark = pytest.mark.anyio

TWO = Comparing("prod", "local")
WAS = Comparing("was", "local", measured="near")


def two_targets(there: World, here: World, **more: Any) -> FakeStage:
    return FakeStage(lambda playing: (there if playing.other else here).host(), **more)


async def test_each_repeat_is_held_against_its_own_on_the_other_target() -> None:
    there, here = World([says("Hi")]), World([says("Hi")])
    stage = two_targets(there, here)

    suite = await run(stage, case(turn()), comparing=TWO, there=Conduct(), repeat=Repeat(3, 1), every_repeat=True)

    [result] = suite.results
    assert [one.other for one in result.comparisons] == ["passed"] * 3
    assert sorted((playing.repeat, playing.other) for playing in stage.begun) == [
        (number, other) for number in (1, 2, 3) for other in (False, True)
    ]
    assert (there.threads, here.threads, there.closed_hosts, here.closed_hosts) == (set(), set(), 3, 3)


async def test_what_the_other_target_cannot_do_is_not_compared() -> None:
    stage = two_targets(World(), World([says("Hi")]))
    there = Conduct(cannot={"images": "it cannot see"})

    suite = await run(stage, case(turn(), needs=frozenset({"images"})), comparing=TWO, there=there)

    [held] = suite.results[0].comparisons
    assert (held.why_not, held.undecided, suite.results[0].status) == (
        "prod: it cannot see (images)",
        False,
        Status.PASSED,
    )
    assert [playing.other for playing in stage.begun] == [False]


async def test_trouble_on_the_other_target_leaves_the_verdict_alone() -> None:
    stage = two_targets(World([ServerFault("it is broken", status=500)]), World([says("Hi")]))

    suite = await run(stage, case(turn(), retry=Retry(most=0)), comparing=TWO, there=Conduct())

    [held] = suite.results[0].comparisons
    assert (held.undecided, held.other, suite.results[0].status) == (True, "error", Status.PASSED)


async def test_a_measure_is_paid_for_like_a_judge() -> None:
    judge = ScriptedJudge(vectors=((1.0, 0.0), (0.6, 0.8)))
    stage = FakeStage.of(World([says("Bye"), says("")]), measures=judge)

    suite = await run(stage, case(turn(was="Hello"), turn(was="")), comparing=WAS)

    result = suite.results[0]
    assert result.comparison is not None
    assert result.comparison.turns[0].likeness == 0.6
    assert judge.embedded == [("Hello", "Bye")]
    assert (result.judged, suite.spend.judge_tokens) == (Usage(20, 0), 20)


@pytest.mark.parametrize(
    ("problem", "said"), [(ServerFault("it is broken", status=500), "it is broken"), (Refused("no key"), "no key")]
)
async def test_a_measure_that_fails_is_said_and_no_failure(problem: ProviderError | Refused, said: str) -> None:
    stage = FakeStage.of(World([says("Bye")]), measures=ScriptedJudge(vectors=problem))

    suite = await run(stage, case(turn(was="Hello")), comparing=WAS)

    [held] = suite.results[0].comparisons
    assert (held.unmeasured, held.turns[0].likeness, suite.results[0].status) == (said, None, Status.PASSED)


async def test_an_interruption_loses_no_result() -> None:
    """A judge that never answers is cut off, and what was played is kept."""

    class Silent(ScriptedJudge):
        async def embed(self, texts: Any) -> Any:
            asked.set()
            await asyncio.Event().wait()

    asked = asyncio.Event()
    stage = FakeStage.of(World([says("Bye")]), measures=Silent())
    running = asyncio.ensure_future(run(stage, case(turn(was="Hello")), comparing=WAS))
    await asked.wait()
    running.cancel()

    suite = await running

    [result] = suite.results
    assert (suite.interrupted, result.status, result.turns[0].reply) == (True, Status.PASSED, "Bye")
    assert result.comparison is not None
    assert result.comparison.unmeasured == "interrupted"


async def test_calls_of_the_other_target_are_answered_by_the_same_stubs() -> None:
    there, here = (World([calls(("a", f'{{"x": {number}}}')), says("Hi")]) for number in (1, 2))

    suite = await run(two_targets(there, here), case(turn(), stubs={"a": (stub("1"),)}), comparing=TWO, there=Conduct())

    [held] = suite.results[0].comparisons
    assert held.calls_agree
    assert [(one.path, one.before, one.now) for one in held.turns[0].arguments] == [("x", "1", "2")]
