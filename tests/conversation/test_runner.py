"""Playing conversations: requests, verdicts, and the thread deleted on every way out."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from asstctl.conversation.case import CallMode, ExpectedCall, Message
from asstctl.conversation.playing.runner import SuiteRun
from asstctl.conversation.playing.turn_player import MAX_ROUNDS
from asstctl.conversation.stubs.kind import StubRule
from asstctl.conversation.stubs.python import Function
from asstctl.core.conversation import FailureKind, Status
from asstctl.core.errors import AnswerLost, RateLimited, Unreachable
from asstctl.core.suite import CaseEnded, Moment
from asstctl.core.thread import RunState, Usage
from tests.conversation.fakes import FakeStage, Hang, Step, World, calls, says, until
from tests.conversation.samples import FILE, case, only_failure, run, run_one, stub, turn, where

pytestmark = pytest.mark.anyio


async def test_a_one_turn_conversation_is_three_requests() -> None:
    """The user's words go with the thread; it is deleted afterwards."""
    world = World([says("hello")])
    played = case(
        turn("hi", "hello"),
        metadata={"a": "b"},
        messages=(Message("user", "x", where(2)), Message("assistant", "y", where(3))),
    )

    result = await run_one(world, played)

    assert result.status is Status.PASSED
    assert world.log == [
        ("open", (("user", "x"), ("assistant", "y"), ("user", "hi")), {"a": "b"}),
        ("run", "thread_1", "asst_1"),
        ("close", "thread_1"),
    ]


async def test_later_turns_are_posted_and_a_turn_without_user_just_runs() -> None:
    """On the same thread."""
    world = World([says("1"), says("2"), says("3")])

    result = await run_one(world, case(turn(None, "1"), turn("b", "2"), turn(None, "3")))

    assert [t.status for t in result.turns] == [Status.PASSED] * 3
    assert [entry[0] for entry in world.log] == ["open", "run", "post", "run", "run", "close"]
    assert world.log[0] == ("open", (), None)


async def test_calls_are_answered_by_stubs_all_at_once_until_the_run_ends() -> None:
    """And both sides of each call are in the transcript."""
    asked = calls(("ask", '{"q": 1}'), ("ask", '{"q": 2}'))
    world = World([asked, calls(("ask", '{"q": 3}')), RunState("r", "completed", reply="ok", usage=Usage(7, 5))])
    stubs = {"ask": (stub("one", q=1), stub("other"))}
    expected = ExpectedCall("ask", where(7), {"q": 3})

    result = await run_one(world, case(turn("hi", "ok", expected), stubs=stubs))

    assert result.status is Status.PASSED
    assert world.said("outputs") == [
        ("outputs", "thread_1", (("call_0", "one"), ("call_1", "other"))),
        ("outputs", "thread_1", (("call_0", "other"),)),
    ]
    assert [(c.name, c.arguments, c.output) for c in result.turns[0].calls] == [
        ("ask", '{"q": 1}', "one"),
        ("ask", '{"q": 2}', "other"),
        ("ask", '{"q": 3}', "other"),
    ]
    assert (result.turns[0].reply, result.turns[0].tokens) == ("ok", 12)


async def test_the_first_failed_turn_ends_the_conversation() -> None:
    """All that is wrong with it is said, each at its line; the rest is not run."""
    world = World([calls(("ask", '{"q": "SELECT 1"}')), says("周三没有课。")])
    expected = ExpectedCall("ask", where(8), {"q": {"$icontains": "courses"}})
    first = turn("周三有什么课?", "RAG", expected)

    result = await run_one(world, case(first, turn("then"), stubs={"ask": (stub("[]"),)}))

    assert result.status is Status.FAILED
    assert [t.status for t in result.turns] == [Status.FAILED, Status.NOT_RUN]
    assert [(f.kind, f.where and f.where.line, f.call) for f in result.turns[0].failures] == [
        (FailureKind.CALL_ARGS, 8, 0),
        (FailureKind.TEXT, 6, None),
    ]
    assert (result.turns[1].number, result.turns[1].user) == (2, "then")
    assert world.said("post") == []


async def test_an_unstubbed_call_fails_the_turn() -> None:
    """Nothing is submitted; the turn's line is the place, the call is in the transcript without an output."""
    world = World([calls(("escalate", "{}"), ("ask", "{}"))])

    result = await run_one(world, case(turn("hi", "x"), stubs={"ask": (stub("ok"),)}))

    bad, kind, message = only_failure(result)
    assert kind is FailureKind.CALL_UNEXPECTED
    assert message.startswith(f"`escalate` was called, and no stub answers it; add one under `stubs:` in {FILE}")
    assert [(c.name, c.output) for c in bad.calls] == [("escalate", None), ("ask", "ok")]
    assert bad.failures[0].where == where(5)
    assert world.said("outputs") == []


async def test_a_forbidden_call_is_said_as_such_with_or_without_a_stub() -> None:
    """What the file says of a call is the better reason than that no stub answers it."""
    forbidden = ExpectedCall("escalate", where(8), times=0)
    for stubs in ({}, {"escalate": (stub("ok"),)}):
        world = World([calls(("escalate", "{}")), says("done")])
        bad, kind, message = only_failure(await run_one(world, case(turn("hi", "", forbidden), stubs=stubs)))

        assert (kind, message) == (FailureKind.CALL_UNEXPECTED, "`escalate` must not be called")
        assert bad.failures[0].where == where(8)


async def test_an_unstubbed_call_with_other_arguments_shows_them_first() -> None:
    """And calls that might still have come are not called missing."""
    world = World([calls(("ask", '{"q": 2}'))])
    expected = (ExpectedCall("ask", where(7), {"q": 1}), ExpectedCall("later", where(8)))

    result = await run_one(world, case(turn("hi", "", *expected), stubs={"ask": (stub("ok", q=1),)}))

    assert [f.kind for f in result.turns[0].failures] == [FailureKind.CALL_ARGS, FailureKind.CALL_UNEXPECTED]


async def test_call_modes_reach_the_verdict() -> None:
    """A closed mode without calls forbids all."""
    world = World([calls(("ask", "{}")), says("x")])

    result = await run_one(world, case(turn(call_mode=CallMode.ONLY), stubs={"ask": (stub("ok"),)}))

    assert only_failure(result)[1] is FailureKind.CALL_UNEXPECTED


@pytest.mark.parametrize(
    "state, message",
    [
        (
            RunState("r", "failed", error="rate_limit_exceeded: slow down"),
            "the run ended as failed: rate_limit_exceeded: slow down",
        ),
        (RunState("r", "expired"), "the run ended as expired"),
        (RunState("r", "incomplete", reply="half", error="max_tokens"), "the run ended as incomplete: max_tokens"),
    ],
)
async def test_a_run_that_does_not_complete_fails(state: RunState, message: str) -> None:
    """With the provider's own reason; what was said until then is kept."""
    result = await run_one(World([state]), case(turn("hi", "x")))

    bad, kind, said = only_failure(result)
    assert (bad.status, kind, said, bad.reply) == (Status.FAILED, FailureKind.RUN_STATUS, message, state.reply)


async def test_an_assistant_that_only_calls_is_stopped() -> None:
    """After a bounded number of rounds."""
    world = World([calls(("ask", "{}"))] * (MAX_ROUNDS + 1))

    result = await run_one(world, case(turn(), stubs={"ask": (stub("again"),)}))

    bad, kind, message = only_failure(result)
    assert (kind, len(bad.calls)) == (FailureKind.RUN_STATUS, MAX_ROUNDS)
    assert message == "the assistant asked for functions 32 times and did not reply"


PROBLEM = Unreachable("cannot reach 127.0.0.1:1", detail="connection refused", hint="Is the server running?")
SAID = "cannot reach 127.0.0.1:1: connection refused; Is the server running?"


async def test_a_provider_error_leaves_no_verdict() -> None:
    """It is an error of the turn, with its way on; the thread is deleted."""
    world = World([says("a"), PROBLEM])

    result = await run_one(world, case(turn(), turn("b")))

    bad, kind, message = only_failure(result)
    assert (bad.number, bad.status, kind, message) == (2, Status.ERROR, FailureKind.PROVIDER_ERROR, SAID)
    assert len(world.said("close")) == 1


async def test_a_thread_that_cannot_be_opened_is_an_error_outside_of_any_turn() -> None:
    """No turn is run and nothing is deleted."""
    world = World(on_open=PROBLEM)

    result = await run_one(world, case(turn()))

    assert result.failure is not None
    assert (result.status, result.failure.kind, result.failure.message) == (
        Status.ERROR,
        FailureKind.PROVIDER_ERROR,
        SAID,
    )
    assert [t.status for t in result.turns] == [Status.NOT_RUN]
    assert world.said("close") == []


async def test_a_turn_that_hangs_is_a_timeout() -> None:
    """The calls made until then are kept, the thread is deleted."""
    world = World([calls(("ask", "{}")), Hang()])

    result = await run_one(world, case(turn(), stubs={"ask": (stub("ok"),)}), turn_timeout=0.05)

    bad, kind, message = only_failure(result)
    assert (bad.status, kind, message) == (Status.ERROR, FailureKind.TIMEOUT, "the turn did not end within 0.05 s")
    assert [c.output for c in bad.calls] == ["ok"]


async def test_a_stub_that_hangs_is_named_beside_its_call(tmp_path: Path) -> None:
    """The call is in the transcript from the moment it is made; its neighbours keep what came of them."""
    (tmp_path / "x.py").write_text("import time\ndef slow(): time.sleep(50)\n")
    slow = StubRule({}, Function(tmp_path / "x.py", "slow", tmp_path), where(3))
    world = World([calls(("ask", "{}"), ("slow", "{}"), ("escalate", "{}"))])

    result = await run_one(world, case(turn(), stubs={"ask": (stub("ok"),), "slow": (slow,)}), turn_timeout=0.5)

    bad = result.first_bad_turn
    assert bad is not None
    assert (bad.status, [(c.name, c.output) for c in bad.calls]) == (
        Status.ERROR,
        [("ask", "ok"), ("slow", None), ("escalate", None)],
    )
    hung, missing = bad.failures
    assert (hung.kind, hung.call, hung.where) == (FailureKind.TIMEOUT, 1, where(3))
    assert hung.message == "the turn did not end within 0.5 s: no answer yet from the stub of `slow`"
    assert (missing.kind, missing.call) == (FailureKind.CALL_UNEXPECTED, 2)


async def test_a_thread_that_opens_too_late_is_deleted_all_the_same() -> None:
    """Its making was given up, its id arrived afterwards."""
    world = World(on_open=0.1)

    result = await run_one(world, case(turn()), turn_timeout=0.02)

    assert result.failure is not None
    assert (result.failure.kind, result.failure.message) == (
        FailureKind.TIMEOUT,
        "the thread was not opened within 0.02 s",
    )
    assert world.log[-1] == ("close", "thread_1")


@pytest.mark.parametrize("on_close", [RateLimited("slow down"), AnswerLost("lost"), Hang()])
async def test_a_thread_that_cannot_be_deleted_is_named(on_close: Step) -> None:
    """The verdict stands, waiting is bounded."""
    world = World([says("x")], on_close=on_close)

    suite = await run(world, case(turn("hi", "x")), cleanup_timeout=0.05)

    assert suite.results[0].status is Status.PASSED
    assert suite.left_behind == ("thread_1",)
    assert world.closed_hosts == 1


async def test_results_come_in_the_order_of_the_cases_and_jobs_bounds_them() -> None:
    """However long each takes; every conversation has a host of its own, given back."""
    world = World([0.01, says("x")])
    heard: list[str] = []
    cases = [case(turn("hi", "x"), id=f"c{i}") for i in range(20)]

    def hear(moment: Moment) -> None:
        if isinstance(moment, CaseEnded):
            heard.append(moment.result.id)

    suite = await run(world, *cases, jobs=4, hear=hear)

    assert [r.id for r in suite.results] == [c.id for c in cases]
    assert sorted(heard) == sorted(c.id for c in cases)
    assert world.most_in_flight == 4
    assert (world.hosts, world.closed_hosts, world.threads) == (20, 20, set())


async def test_no_cases_are_no_results() -> None:
    """What that means is for the caller."""
    assert await run(World()) == SuiteRun(())


async def test_an_assistant_that_is_not_deployed_is_an_error() -> None:
    """Said before any request."""
    world = World()
    suite = await run(FakeStage.of(world, ids={}), case(turn()))

    assert suite.results[0].failure is not None
    assert suite.results[0].failure.message == "assistant.guagua is not on this target"
    assert world.hosts == 0


async def test_without_code_a_conversation_that_runs_code_is_skipped(tmp_path: Path) -> None:
    """With its reason and before any request; its neighbour is played."""
    world = World([says("x")])
    rule = StubRule({}, Function(tmp_path / "x.py", "f", tmp_path), where(3))

    suite = await run(world, case(turn(), stubs={"f": (rule,)}), case(turn("hi", "x"), id="plain"), allow_code=False)

    assert [r.status for r in suite.results] == [Status.SKIPPED, Status.PASSED]
    assert suite.results[0].skipped == "its stubs run code of the project, and --no-code is given"
    assert world.hosts == 1


async def test_stubs_see_the_allowed_environment(tmp_path: Path) -> None:
    """What the caller allows by name, beside PATH, HOME and LANG."""
    (tmp_path / "x.py").write_text("import os\ndef f(): return os.environ['COURSES_DB']\n")
    world = World([calls(("f", "")), says("x")])
    rule = StubRule({}, Function(tmp_path / "x.py", "f", tmp_path), where(3))

    result = await run_one(world, case(turn(), stubs={"f": (rule,)}), stub_env={"COURSES_DB": "c.db"})

    assert result.turns[0].calls[0].output == "c.db"


@pytest.mark.parametrize("script", [[Hang()], [calls(("slow", "{}"))]], ids=["in a run", "in a stub"])
async def test_a_cancellation_returns_what_is_done_and_deletes_every_thread(script: list[Step], tmp_path: Path) -> None:
    """Finished ones keep their verdict, the others are marked, played or not; no task is left."""
    (tmp_path / "x.py").write_text("import time\ndef slow(): time.sleep(60)\n")
    slow = (StubRule({}, Function(tmp_path / "x.py", "slow", tmp_path), where(3)),)
    quick, stuck = World([says("x")]), World([says("x"), *script])
    worlds = iter([quick, stuck, stuck])
    tasks = asyncio.all_tasks()
    cases = [
        case(turn("hi", "x"), id="quick"),
        *(case(turn("hi", "x"), turn("b", "x"), id=f"stuck{i}", stubs={"slow": slow}) for i in range(3)),
    ]
    suite = asyncio.create_task(run(FakeStage(lambda playing: next(worlds).host()), *cases, jobs=2, turn_timeout=30))
    await until(lambda: len(stuck.said("post")) == 2)
    await asyncio.sleep(0.05)

    suite.cancel()
    done = await suite

    assert done.interrupted
    assert [(r.id, r.status, r.not_run) for r in done.results] == [
        ("quick", Status.PASSED, ""),
        *((f"stuck{i}", Status.NOT_RUN, "interrupted") for i in range(3)),
    ]
    assert [t.status for t in done.results[1].turns] == [Status.PASSED, Status.NOT_RUN]
    assert done.left_behind == ()
    assert (quick.threads, stuck.threads) == (set(), set())
    assert stuck.closed_hosts == 2
    assert asyncio.all_tasks() == tasks


async def test_a_cancellation_while_a_thread_opens_deletes_it() -> None:
    """Its id arrives during the cleaning up."""
    world = World(on_open=0.1)
    suite = asyncio.create_task(run(world, case(turn())))
    await until(lambda: world.log)

    suite.cancel()
    done = await suite

    assert (done.interrupted, done.results[0].not_run) == (True, "interrupted")
    assert [entry[0] for entry in world.log] == ["open", "close"]
    assert world.threads == set()


async def test_a_second_cancellation_hurries_nothing() -> None:
    """Cleaning up is bounded by its own limit."""
    world = World([Hang()], on_close=0.1)
    suite = asyncio.create_task(run(world, case(turn())))
    await until(lambda: world.said("run"))

    suite.cancel()
    await asyncio.sleep(0.02)
    suite.cancel()
    done = await suite

    assert done.interrupted
    assert world.threads == set()


async def test_a_defect_is_raised_after_cleaning_up() -> None:
    """Anything but a provider's error is our bug: it is not dressed as a result, and no thread is left."""
    broken, stuck = World([KeyError("bug")]), World([Hang()])
    worlds = iter([stuck, broken])

    with pytest.raises(KeyError, match="bug"):
        await run(FakeStage(lambda playing: next(worlds).host()), case(turn()), case(turn()), turn_timeout=30)

    assert (broken.threads, stuck.threads) == (set(), set())


def test_ctrl_c_ends_in_results() -> None:
    """As asyncio.run delivers it: the first interrupt cancels, and the results come back."""
    world = World([Hang()])

    async def main() -> SuiteRun:
        asyncio.get_running_loop().call_later(0.05, os.kill, os.getpid(), signal.SIGINT)
        return await run(world, case(turn()))

    suite = asyncio.run(main())

    assert suite.interrupted
    assert world.threads == set()


def test_playing_does_not_load_pydantic() -> None:
    """It is for reading files alone."""
    heavy = ("pydantic", "jinja2", "openai")
    code = f"import asstctl.conversation.playing.runner, sys; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
