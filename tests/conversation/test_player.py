"""One playing: what it makes and leaves, what it asks for, what it keeps, and when its judges are asked."""

from pathlib import Path
from typing import Any

import pytest

from asstctl.conversation.case import (
    CallMode,
    Case,
    Cleanup,
    Closing,
    Expectation,
    ExpectedCall,
    Message,
    Save,
    Turn,
    UserFile,
)
from asstctl.conversation.late import Late
from asstctl.core.conversation import CaseResult, FailureKind, Status
from asstctl.core.errors import AnswerLost, Refused, StoreError, TapeMissing, TapeStale, Unreachable
from asstctl.core.ledger import Made
from asstctl.core.price import Price
from asstctl.core.suite import CaseBegan, CaseEnded, Moment, TurnBegan
from asstctl.core.thread import (
    PLAIN,
    Attached,
    Citation,
    CodeRun,
    Image,
    Passage,
    RunOptions,
    RunState,
    Said,
    Tool,
    Usage,
    run_pair,
)
from tests.conversation.fakes import FakeLedger, FakeStage, Hang, ScriptedJudge, World, calls, says
from tests.conversation.samples import case, only_failure, run, run_one, stub, turn, where

pytestmark = pytest.mark.anyio

PDF = UserFile("files/a.pdf", where(3), Path("files/a.pdf"), tools=(Tool.FILE_SEARCH,))
CSV = UserFile("files/b.csv", where(4), Path("files/b.csv"), tools=(Tool.CODE_INTERPRETER,))
PHOTO = UserFile("files/c.png", where(5), Path("files/c.png"), detail="low")
LINK = UserFile("https://example.org/d.png", where(6), url="https://example.org/d.png")


class FullLedger(FakeLedger):
    """A ledger on a disk that is full when this line is written for the so many-th time. A line about what is gone is
    never missed (`core.ledger`)."""

    def __init__(self, line: str, fails_at: int) -> None:
        super().__init__()
        self._line, self._fails_at = line, fails_at

    def _written(self, line: str) -> None:
        self._fails_at -= line == self._line
        if not self._fails_at and line == self._line:
            raise StoreError("the ledger of the run cannot be written")

    def intend(self, kind: Made, name: str) -> int:
        self._written("intend")
        return super().intend(kind, name)

    def made(self, entry: int, id: str) -> None:
        self._written("made")
        super().made(entry, id)

    def kept(self, entry: int) -> None:
        self._written("kept")
        super().kept(entry)


def expect(operator: str, value: Any, line: int = 8) -> Expectation:
    return Expectation(operator, value, where(line))


async def test_files_are_sent_before_the_thread_is_made() -> None:
    """Each once for each purpose; those of the thread, of its first messages and of every turn."""
    world = World([says("1"), says("2")], stores=("vs_1",))
    ledger = FakeLedger()
    played = case(
        turn("look", files=(PHOTO, LINK)),
        turn(None, files=(PDF,)),
        messages=(Message("user", "before", where(2), (CSV,)),),
        files=(PDF, CSV),
    )

    result = await run_one(world, played, bears=run_pair("school", "RUN"), ledger=ledger)

    assert result.status is Status.PASSED
    assert [entry[:3] for entry in world.log][:4] == [
        ("upload", "a.pdf", "assistants"),
        ("upload", "b.csv", "assistants"),
        ("upload", "c.png", "vision"),
        ("open", (("user", "before"), ("user", "look")), {"asstctl_run": "school/RUN"}),
    ]
    search, code = Attached("file_1", (Tool.FILE_SEARCH,)), Attached("file_2", (Tool.CODE_INTERPRETER,))
    pictures = (Image("file_3", detail="low"), Image(url="https://example.org/d.png"))
    assert world.opened == [((Said("user", "before", (), (code,)), Said("user", "look", pictures)), (search, code))]
    assert [turn.files for turn in result.turns] == [
        ("files/c.png", "https://example.org/d.png"),
        ("files/a.pdf",),
    ]
    assert [entry for entry in world.log if entry[0] in {"post", "close", "discard"}] == [
        ("post", "thread_1", ""),
        ("close", "thread_1"),
        ("discard", "vector_store", "vs_1"),
        ("discard", "file", "file_1"),
        ("discard", "file", "file_2"),
        ("discard", "file", "file_3"),
    ]


async def test_everything_is_in_the_ledger_before_it_is_made_and_until_it_is_gone() -> None:
    """By what people call it."""
    ledger = FakeLedger()

    await run_one(World([says("1")], stores=("vs_1",)), case(turn(), files=(PDF,)), ledger=ledger)

    assert ledger.lines == [
        "intend file files/a.pdf",
        "made file_1",
        "intend thread schedule",
        "intend vector_store schedule",
        "made thread_1",
        "made vs_1",
        "gone thread_1",
        "gone vs_1",
        "gone file_1",
    ]
    assert ledger.left == {}


async def test_a_store_that_the_provider_did_not_need_was_never_made() -> None:
    """And one that nobody expected is noted as soon as it is known."""
    expected, more = FakeLedger(), FakeLedger()

    await run_one(World([says("1")]), case(turn(), files=(PDF,)), ledger=expected)
    await run_one(World([says("1")], stores=("vs_1",)), case(turn()), ledger=more)

    assert (expected.left, more.left) == ({}, {})
    assert more.lines[-2:] == ["gone thread_1", "gone vs_1"]


@pytest.mark.parametrize("problem, stays", [(Unreachable("no"), False), (AnswerLost("lost"), True)])
async def test_what_may_have_been_made_stays_in_the_ledger(problem: Exception, stays: bool) -> None:
    """A connection that was refused made nothing; an answer that was lost may have."""
    ledger = FakeLedger()

    suite = await run(World(on_open=problem), case(turn()), ledger=ledger)

    assert suite.results[0].status is Status.ERROR
    assert bool(ledger.left) is stays
    assert suite.left_behind == (("the thread of schedule, whose id nobody learned",) if stays else ())


@pytest.mark.parametrize("line", ["intend", "made", "kept"])
async def test_a_ledger_that_cannot_be_written_leaves_nothing_and_costs_no_other_verdict(line: str) -> None:
    """The conversation that needed the line has none; what it made is deleted all the same."""
    ledger, world = FullLedger(line, 3), World([says("1"), says("2")], stores=("vs_1",))
    keep = line == "kept"
    cases = [case(turn(), files=(PDF,), cleanup=Cleanup.NEVER if keep else Cleanup.ALWAYS) for _ in range(3)]

    suite = await run(world, *cases, ledger=ledger, jobs=1)

    assert len([one for one in suite.results if one.status is Status.PASSED]) == (3 if keep else 2)
    assert suite.left_behind == ()
    kept = {id for id in ledger.on_purpose if id.startswith("thread")}
    assert world.threads == kept
    gone = {(kind, id) for _, kind, id in world.said("discard")}
    made = {("file", f"file_{n}") for n, _ in enumerate(world.said("upload"), 1)}
    assert made <= gone | {("file", id) for id in ledger.on_purpose}


async def test_an_upload_that_comes_too_late_is_deleted_all_the_same() -> None:
    """Its answer is waited for during the cleaning up."""
    ledger = FakeLedger()
    world = World([says("1")], on_upload=0.1)

    result = await run_one(world, case(turn(), files=(PDF,)), turn_timeout=0.02, ledger=ledger)

    assert result.failure is not None
    assert result.failure.message == "the thread was not opened within 0.02 s"
    assert world.log == [("upload", "a.pdf", "assistants"), ("discard", "file", "file_1")]
    assert ledger.left == {}


async def test_a_file_that_cannot_be_read_is_an_error_of_its_conversation() -> None:
    """Others go on."""
    world = World([says("x")], on_upload=Refused("files/a.pdf cannot be read", detail="permission denied"))

    suite = await run(world, case(turn(), files=(PDF,)), case(turn("hi", "x"), id="other"))

    assert [result.status for result in suite.results] == [Status.ERROR, Status.PASSED]
    assert suite.results[0].failure is not None
    assert suite.results[0].failure.message == "files/a.pdf cannot be read: permission denied"


@pytest.mark.parametrize(
    "cleanup, passes, keep_failed, kept",
    [
        (Cleanup.ALWAYS, True, False, False),
        (Cleanup.ALWAYS, False, False, False),
        (Cleanup.ALWAYS, False, True, True),
        (Cleanup.ALWAYS, True, True, False),
        (Cleanup.ON_PASS, True, False, False),
        (Cleanup.ON_PASS, False, False, True),
        (Cleanup.NEVER, True, False, True),
        (Cleanup.NEVER, False, False, True),
    ],
)
async def test_what_was_made_is_left_where_that_was_asked(
    cleanup: Cleanup, passes: bool, keep_failed: bool, kept: bool
) -> None:
    """With its thread's id in the result, and all of it in the ledger as kept."""
    world, ledger = World([says("x" if passes else "y")], stores=("vs_1",)), FakeLedger()
    played = case(turn("hi", "x"), files=(PDF,), cleanup=cleanup)

    suite = await run(world, played, keep_failed=keep_failed, ledger=ledger)

    assert (suite.results[0].kept, suite.results[0].thread, suite.left_behind) == (kept, "thread_1", ())
    assert sorted(id for _, id in ledger.left.values()) == (["file_1", "thread_1", "vs_1"] if kept else [])
    assert sorted(ledger.on_purpose) == sorted(id for _, id in ledger.left.values())
    assert bool(world.said("close")) is not kept


async def test_a_conversation_that_fails_in_the_end_is_one_that_did_not_pass() -> None:
    """`finally` counts as well."""
    closing = Closing(where(20), expect=(expect("contains", "z"),))

    suite = await run(World([says("x")]), case(turn("hi", "x"), closing=closing, cleanup=Cleanup.ON_PASS))

    assert (suite.results[0].status, suite.results[0].kept) == (Status.FAILED, True)


async def test_what_cannot_be_deleted_is_named_and_stays_in_the_ledger() -> None:
    """Each by its id; the rest is deleted."""
    world, ledger = World([says("x")], on_close=Unreachable("no"), stores=("vs_1",)), FakeLedger()

    suite = await run(world, case(turn(), files=(PDF,)), ledger=ledger)

    assert suite.left_behind == ("thread_1",)
    assert list(ledger.left.values()) == [("thread", "thread_1")]


@pytest.mark.parametrize(
    "played, options",
    [
        (case(turn()), PLAIN),
        (case(turn(), overrides={"temperature": 0}), RunOptions({"temperature": 0})),
        (case(turn(expect=(expect("latency", {"max_seconds": 60}),))), PLAIN),
        (case(turn(expect=(expect("latency", {"first_token_seconds": 60}),))), RunOptions(stream=True)),
        (case(turn(expect=(expect("not-retrieves", {"file": "a.pdf"}),))), RunOptions(steps=True)),
        (
            case(turn(), closing=Closing(where(9), expect=(expect("not-code", {"logs": "x"}),))),
            RunOptions(steps=True),
        ),
    ],
)
async def test_a_run_is_made_so_that_its_checks_can_see(played: Case, options: RunOptions) -> None:
    """Nothing is asked of the wire that no check wants."""
    world = World([RunState("r", "completed", reply="x", first_token=0.1)])

    await run_one(world, played)

    assert world.options == [options]


async def test_all_that_a_run_tells_is_in_the_result() -> None:
    """The cost by the price of the model that answered; the first token of the first run that had one."""
    seen = {
        "citations": (Citation("a.pdf", "[1]"),),
        "passages": (Passage("a.pdf", 0.9, "text"),),
        "code": (CodeRun("1+1", "2"),),
    }
    asked = RunState("r", "requires_action", calls=calls(("ask", "{}")).calls, first_token=0.25)
    done = RunState(
        "r",
        "completed",
        reply="x",
        usage=Usage(1_000_000, 500_000),
        model="gpt-4o-2024-08-06",
        first_token=3.0,
        **seen,  # type: ignore[arg-type]
    )
    world = World([asked, done])

    result = await run_one(world, case(turn(), stubs={"ask": (stub("1"),)}), prices={"gpt-4o": Price(2.5, 10.0)})

    (told,) = result.turns
    assert (told.usage, told.cost, told.first_token) == (Usage(1_000_000, 500_000), 7.5, 0.25)
    assert {name: getattr(told, name) for name in seen} == seen


async def test_times_are_those_of_the_clock_of_the_stage() -> None:
    """Which is that of the recording where it is replayed."""
    seconds = iter(range(100))
    stage = FakeStage.of(World([says("x")]), clock=lambda: float(next(seconds)), recorded=True)
    played = case(turn(expect=(expect("latency", {"max_seconds": 1}),)))

    result = (await run(stage, played, ledger=None)).results[0]

    assert (result.turns[0].seconds, result.seconds, result.recorded) == (1.0, 3.0, True)
    assert result.tape == "tapes/schedule.1.jsonl"


async def test_a_turn_uses_what_those_before_it_have_saved() -> None:
    """In what is said, what is expected, and what stubs answer."""
    world = World(
        [calls(("refund", "{}")), says("Done, R-17."), calls(("look", '{"id": "R-9"}')), says("R-9 and R-17")]
    )
    saves = (
        Save("id", "calls", where(7), "calls.refund[-1].output.id"),
        Save("ref", "regex", where(8), r"R-\d+"),
    )
    id, ref = Late.of("{{ saved.id }}", {}), Late.of("{{ saved.ref }}", {})
    second = turn(
        Late.of("And {{ saved.ref }}?", {}),
        "",
        ExpectedCall("look", where(12), {"id": id}),
        expect=(expect("contains", ref),),
    )
    played = case(turn(save=saves), second, stubs={"refund": (stub('{"id": "R-9"}'),), "look": (stub("{}", id=id),)})

    result = await run_one(world, played)

    assert result.status is Status.PASSED
    assert [dict(turn.saved) for turn in result.turns] == [{"id": "R-9", "ref": "R-17"}, {}]
    assert (result.turns[1].user, world.said("post")) == ("And R-17?", [("post", "thread_1", "And R-17?")])


async def test_nothing_to_save_fails_the_turn() -> None:
    """Once all else has passed: a turn that failed otherwise has better reasons."""
    save = (Save("ref", "regex", where(8), r"R-\d+"),)

    good = await run_one(World([says("x")]), case(turn("hi", "x", save=save)))
    bad = await run_one(World([says("y")]), case(turn("hi", "x", save=save)))

    turned, kind, message = only_failure(good)
    assert (turned.status, kind) == (Status.FAILED, FailureKind.SAVE)
    assert message == r"`ref` was not saved: nothing in the reply matches the pattern R-\d+"
    assert only_failure(bad)[1] is FailureKind.TEXT


async def test_a_text_that_cannot_be_filled_fails_the_turn_before_it_is_said() -> None:
    """With the words of the template."""
    world = World([says("x")])

    result = await run_one(world, case(turn(), turn(Late.of("{{ saved.id }}", {}))))

    turned, kind, message = only_failure(result)
    assert (turned.number, kind) == (2, FailureKind.SAVE)
    assert message.startswith("the turn could not be had: ")
    assert len(world.said("run")) == 1


RUBRIC = expect("rubric", {"says": "is polite"})


async def play_judged(world: World, judge: ScriptedJudge, *turns: Turn, **more: Any) -> CaseResult:
    prices = {"judge-model": Price(1.0, 1.0)}
    closing = more.pop("closing", None)
    suite = await run(
        FakeStage.of(world, judged={"default": judge}), case(*turns, closing=closing), prices=prices, **more
    )
    return suite.results[0]


async def test_judges_are_asked_once_all_else_has_passed() -> None:
    """They see the conversation so far; what they use is counted apart."""
    judge = ScriptedJudge([1.0])

    result = await play_judged(World([says("hello"), says("there")]), judge, turn(), turn("b", expect=(RUBRIC,)))

    assert result.status is Status.PASSED
    assert (result.judged, result.judge_cost) == (Usage(10, 1), pytest.approx(11 / 1_000_000))
    assert [text in judge.questions[0] for text in ("hello", "there", "is polite")] == [True] * 3
    assert judge.closed == 1


async def test_judges_are_not_asked_about_a_turn_that_failed() -> None:
    """Nor opened."""
    judge = ScriptedJudge([1.0])

    result = await play_judged(World([says("x")]), judge, turn("hi", "y", expect=(RUBRIC,)))

    assert (result.status, judge.questions, judge.closed, result.judged) == (Status.FAILED, [], 0, None)


async def test_a_judge_may_fail_the_turn_and_the_whole() -> None:
    """The whole is judged with all replies."""
    no, later = ScriptedJudge([0.0]), ScriptedJudge([0.0])
    closing = Closing(where(20), expect=(RUBRIC,))

    in_turn = await play_judged(World([says("x")]), no, turn(expect=(RUBRIC,)))
    in_the_end = await play_judged(World([says("one"), says("two")]), later, turn(), turn("b"), closing=closing)

    assert only_failure(in_turn)[1] is FailureKind.JUDGE_NO
    assert [failure.kind for failure in in_the_end.closing] == [FailureKind.JUDGE_NO]
    assert in_the_end.status is Status.FAILED
    assert "one\ntwo" in later.questions[0]


async def test_finally_is_about_all_turns_together() -> None:
    """Calls, replies and sums; it is not looked at where a turn did not pass."""
    script = [calls(("ask", "{}")), says("one"), calls(("ask", "{}")), says("two")]
    closing = Closing(
        where(20),
        calls=(ExpectedCall("ask", where(21), times=3),),
        call_mode=CallMode.ONLY,
        expect=(expect("contains", "one", 22), expect("contains", "three", 23)),
    )
    stubs = {"ask": (stub("1"),)}

    whole = await run_one(World(script), case(turn(), turn("b"), closing=closing, stubs=stubs))
    broken = await run_one(World(script), case(turn("a", "no"), turn("b"), closing=closing, stubs=stubs))

    assert [turn.status for turn in whole.turns] == [Status.PASSED] * 2
    assert [(failure.kind, failure.where) for failure in whole.closing] == [
        (FailureKind.CALL_MISSING, where(21)),
        (FailureKind.TEXT, where(23)),
    ]
    assert (whole.status, whole.kind) == (Status.FAILED, FailureKind.CALL_MISSING)
    assert (broken.status, broken.closing) == (Status.FAILED, ())


async def test_sums_of_the_whole_are_unknown_where_one_turn_is() -> None:
    """They are never taken for less than they are."""
    counted, uncounted = RunState("r", "completed", reply="x", usage=Usage(1, 1)), says("x")
    closing = Closing(where(20), expect=(expect("tokens", {"max": 100}),))

    known = await run_one(World([counted, counted]), case(turn(), turn("b"), closing=closing))
    unknown = await run_one(World([counted, uncounted]), case(turn(), turn("b"), closing=closing))

    assert (known.status, unknown.status) == (Status.PASSED, Status.FAILED)


async def test_the_time_of_a_case_goes_before_that_of_the_run() -> None:
    """Of a turn, and of the whole conversation."""
    slow = case(turn(), turn_timeout=0.02)
    long = case(turn(), turn("b"), timeout=0.05)

    of_turn = await run_one(World([Hang()]), slow, timeout=60)
    of_case = await run_one(World([says("x"), Hang()]), long, timeout=60)
    of_run = await run_one(World([Hang()]), case(turn()), timeout=0.03)

    assert [only_failure(result)[1:] for result in (of_turn, of_case, of_run)] == [
        (FailureKind.TIMEOUT, "the turn did not end within 0.02 s"),
        (FailureKind.TIMEOUT, "the conversation did not end within 0.05 s"),
        (FailureKind.TIMEOUT, "the conversation did not end within 0.03 s"),
    ]


@pytest.mark.parametrize(
    "problem, status, kind, said",
    [
        (
            TapeMissing("the tape lacks a request", detail="POST /threads", hint="record it"),
            Status.MISSING,
            FailureKind.TAPE_MISSING,
            "the tape lacks a request: POST /threads; record it",
        ),
        (TapeStale("the tape is stale"), Status.STALE, FailureKind.TAPE_STALE, "the tape is stale"),
    ],
)
async def test_trouble_with_a_tape_is_a_status_of_its_own(
    problem: Exception, status: Status, kind: FailureKind, said: str
) -> None:
    """Be it in a turn or before the first; nothing of a replay stands in the ledger."""
    ledger = FakeLedger()

    in_turn = await run(FakeStage.of(World([problem]), recorded=True), case(turn()), ledger=ledger)
    before = await run(FakeStage.of(World(), problem=problem), case(turn()), ledger=ledger)

    assert in_turn.results[0].status is before.results[0].status is status
    assert only_failure(in_turn.results[0])[1:] == (kind, said)
    assert before.results[0].failure is not None
    assert (before.results[0].failure.kind, before.results[0].failure.message) == (kind, said)
    assert ledger.lines == []


@pytest.mark.parametrize("failed", [False, True])
async def test_what_was_replayed_is_neither_deleted_nor_kept(failed: bool) -> None:
    """There is nothing, whatever was asked for."""
    world = World([says("x")], stores=("vs_1",))
    played = case(turn("look", "y" if failed else "x", files=(CSV,)))

    suite = await run(FakeStage.of(world, recorded=True), played, keep_failed=True)

    assert (suite.left_behind, suite.results[0].kept) == ((), False)
    assert world.said("close") == world.said("discard") == []


async def test_a_tape_that_lacks_a_request_is_made_anew_where_it_may_be() -> None:
    """In the same playing: whoever watches hears of one."""
    hosts = iter([World([TapeMissing("no")]), World([says("x")])])
    moments: list[Moment] = []
    stage = FakeStage(lambda playing: next(hosts).host(), recorded=True, renews=True)

    suite = await run(stage, case(turn("hi", "x")), hear=moments.append)

    assert (suite.results[0].status, suite.results[0].recorded) == (Status.PASSED, False)
    assert [type(moment) for moment in moments] == [CaseBegan, TurnBegan, TurnBegan, CaseEnded]
    assert len(stage.over) == 1


async def test_where_nobody_can_be_asked_in_place_of_a_tape_both_are_said() -> None:
    stage = FakeStage.of(World([TapeMissing("no")]), recorded=True, unasked=Refused("KEY is not set"))

    (result,) = (await run(stage, case(turn()))).results

    assert result.failure is not None
    assert (result.failure.kind, result.failure.message) == (FailureKind.PROVIDER_ERROR, "KEY is not set")
    assert result.turns[0].failures[0].kind is FailureKind.TAPE_MISSING


async def test_a_tape_that_must_not_be_written_leaves_no_verdict() -> None:
    """Why is said, and no file is named that is not there."""
    refusal = Refused("a key is on the tape", detail="field authorization")

    suite = await run(FakeStage.of(World([says("x")]), refusal=refusal), case(turn()))

    assert (suite.results[0].status, suite.results[0].kind) == (Status.ERROR, FailureKind.TAPE_REFUSED)
    assert suite.results[0].tape == ""
    assert suite.results[0].failure is not None
    assert suite.results[0].failure.message == "its tape was not written: a key is on the tape: field authorization"


async def test_an_error_that_is_no_result_ends_the_run() -> None:
    """Nothing is swallowed: a full disk is no verdict on an assistant."""
    world = World([StoreError("the disk is full")])

    with pytest.raises(StoreError):
        await run(world, case(turn()))

    assert world.threads == set()


async def test_who_watches_hears_of_each_step() -> None:
    """In their order."""
    heard: list[Moment] = []
    world = World([calls(("ask", "{}")), says("x"), says("y")])

    await run_one(world, case(turn(), turn("b"), stubs={"ask": (stub("1"),)}), hear=heard.append)

    assert [type(moment).__name__ for moment in heard] == [
        "CaseBegan",
        "TurnBegan",
        "Calling",
        "TurnBegan",
        "CaseEnded",
    ]
    assert heard[0] == CaseBegan(0, "guagua", "schedule", 2)
    assert isinstance(heard[-1], CaseEnded)
