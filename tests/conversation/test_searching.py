"""A function that stands for `file_search`: answered by a search of the stores, unless a stub answers."""

import json

import pytest

from asstctl.conversation.case import Expectation
from asstctl.conversation.playing.searching import MOST, Search, searching
from asstctl.conversation.stubs.kind import StubCall
from asstctl.core.conversation import FailureKind, Status
from asstctl.core.errors import ServerFault, TapeMissing
from asstctl.core.thread import Passage
from tests.conversation.fakes import FakeStage, Hang, World, calls, says
from tests.conversation.samples import case, only_failure, run, stub, turn, where

pytestmark = pytest.mark.anyio

ASK = calls(("search_docs", '{"query": "otters"}'))
FOUND = (Passage("b.md", 0.25, "They eat."), Passage("a.md", 0.5, "They swim."))
TOLD = [
    {"file": "a.md", "score": 0.5, "text": "They swim."},
    {"file": "b.md", "score": 0.25, "text": "They eat."},
]


def stage(world: World, *stores: str) -> FakeStage:
    return FakeStage.of(world, searched={"search_docs": stores or ("vs_1",)})


async def test_a_call_is_answered_by_what_the_store_holds() -> None:
    """Best first, as JSON; the turn shows what was found, so that `retrieves` can check it."""
    world = World([ASK, says("they swim")], passages=FOUND)
    retrieves = Expectation("retrieves", {"file": "a.md"}, where(7))

    (result,) = (await run(stage(world), case(turn(expect=(retrieves,))))).results

    assert result.status is Status.PASSED
    [(_, _, [(_, output)])] = world.said("outputs")
    assert json.loads(output) == TOLD
    assert result.turns[0].passages == (FOUND[1], FOUND[0])
    assert result.turns[0].calls[0].output == output


async def test_every_store_is_asked_in_its_order() -> None:
    world = World([ASK, says("x")])

    await run(stage(world, "vs_2", "vs_1"), case(turn()))

    assert world.said("search") == [("search", "vs_2", "otters"), ("search", "vs_1", "otters")]


@pytest.mark.parametrize("name", ["search_docs", "*"])
async def test_a_stub_goes_before_a_search(name: str) -> None:
    world = World([ASK, says("x")], passages=FOUND)

    await run(stage(world), case(turn(), stubs={name: (stub("stubbed"),)}))

    assert [output for _, _, ((_, output),) in world.said("outputs")] == ["stubbed"]  # type: ignore[misc]
    assert world.said("search") == []


async def test_a_stub_for_other_arguments_leaves_the_rest_to_the_search() -> None:
    world = World([ASK, says("x")], passages=FOUND)

    (result,) = (await run(stage(world), case(turn(), stubs={"search_docs": (stub("no", query="cats"),)}))).results

    assert result.status is Status.PASSED
    assert len(world.said("search")) == 1


async def test_another_function_is_not_searched_for() -> None:
    world = World([calls(("refund", "{}"))])

    (result,) = (await run(stage(world), case(turn()))).results

    assert only_failure(result)[1] is FailureKind.CALL_UNEXPECTED


@pytest.mark.parametrize("arguments", ["{}", '{"query": 7}', '{"query": " "}'])
async def test_a_call_without_a_query_is_told_so(arguments: str) -> None:
    """By what a tool would say: the assistant may ask again."""
    world = World([calls(("search_docs", arguments)), says("x")])

    (result,) = (await run(stage(world), case(turn()))).results

    assert result.status is Status.PASSED
    assert [output for _, _, ((_, output),) in world.said("outputs")] == ['{"error": "`query` must be a text"}']  # type: ignore[misc]
    assert world.said("search") == []


async def test_a_search_that_fails_is_the_providers_trouble() -> None:
    """And not a stub's: there is none."""
    world = World([ASK], on_search=ServerFault("example.org failed"))

    (result,) = (await run(stage(world), case(turn()))).results

    _, kind, message = only_failure(result)
    assert (kind, "stub" in message, result.status) == (FailureKind.PROVIDER_ERROR, False, Status.ERROR)


async def test_a_search_that_is_not_on_the_tape_is_missing_from_it() -> None:
    world = World([ASK], on_search=TapeMissing("a request is not on its tape"))

    (result,) = (await run(stage(world), case(turn()))).results

    assert only_failure(result)[1] is FailureKind.TAPE_MISSING


async def test_two_searches_of_one_turn_do_not_wait_for_a_third_that_failed() -> None:
    """All are asked for at once; the first error is the turn's."""
    world = World([calls(*[("search_docs", '{"query": "x"}')] * 3)], on_search=ServerFault("down"))

    (result,) = (await run(stage(world), case(turn()))).results

    assert result.status is Status.ERROR
    assert len(world.said("search")) == 3


async def test_a_search_that_hangs_is_cut_off_with_its_turn() -> None:
    world = World([ASK], on_search=Hang())

    (result,) = (await run(stage(world), case(turn()), turn_timeout=0.05)).results

    assert result.first_bad_turn is not None
    assert [one.kind for one in result.first_bad_turn.failures] == [FailureKind.TIMEOUT]


async def test_an_answer_holds_the_best_of_many() -> None:
    world = World(passages=tuple(Passage(f"{n}.md", n / 100) for n in range(30)))
    answer = searching(world.host(), {"f": ("vs_1", "vs_2")}, where(1))["f"].answer

    told = json.loads(await answer.answer(StubCall("f", {"query": "x"})))

    assert isinstance(answer, Search)
    assert [one["file"] for one in told] == [f"{n}.md" for n in (29, 29, 28, 28, 27, 27, 26, 26, 25, 25)]
    assert len(told) == MOST


async def test_a_thread_is_opened_for_its_assistant_with_its_tools() -> None:
    """Some wires bind it, and give it what the assistant cannot hold."""
    world = World([says("x")])

    await run(FakeStage.of(world, tools=frozenset({"code_interpreter"})), case(turn()))

    assert world.meant == [("asst_1", frozenset({"code_interpreter"}))]
