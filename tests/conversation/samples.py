"""Cases in a line, and ways to play them: what the tests of player and runner have in common."""

from collections.abc import Mapping
from typing import Any

from asstctl.conversation.case import Case, Expectation, ExpectedCall, Turn
from asstctl.conversation.playing.conduct import Conduct
from asstctl.conversation.playing.runner import SuiteRun, run_cases
from asstctl.conversation.stubs.kind import StubRule
from asstctl.conversation.stubs.returns import Fixed
from asstctl.core.conversation import CaseResult, FailureKind, TurnResult
from asstctl.core.diagnostic import Where
from tests.conversation.fakes import FakeStage, World

FILE = "assistants/schedule.convo.yaml"


def where(line: int) -> Where:
    return Where(FILE, line)


def turn(user: str | None = "hi", contains: str = "", *expected: ExpectedCall, line: int = 5, **more: Any) -> Turn:
    expect = (Expectation("contains", contains, where(line + 1)),) if contains else ()
    return Turn(where(line), user, expected, expect=(*expect, *more.pop("expect", ())), **more)


def stub(output: str, **when: Any) -> StubRule:
    return StubRule(when, Fixed(output), where(40))


def case(
    *turns: Turn, id: str = "schedule", stubs: Mapping[str, tuple[StubRule, ...]] | None = None, **more: Any
) -> Case:
    return Case("guagua", id, where(1), turns, stubs=stubs or {}, **more)


async def run(stage: World | FakeStage, *cases: Case, turn_timeout: float = 5, **more: Any) -> SuiteRun:
    stage = FakeStage.of(stage) if isinstance(stage, World) else stage
    return await run_cases(cases, stage=stage, conduct=Conduct(turn_timeout=turn_timeout, **more))


async def run_one(world: World, played: Case, **more: Any) -> CaseResult:
    suite = await run(world, played, **more)
    assert not suite.interrupted
    assert world.threads == {one for one in suite.left_behind if one.startswith("thread_")}
    assert world.closed_hosts == world.hosts
    return suite.results[0]


def only_failure(result: CaseResult) -> tuple[TurnResult, FailureKind, str]:
    bad = result.first_bad_turn
    assert bad is not None
    (failure,) = bad.failures
    return bad, failure.kind, failure.message
