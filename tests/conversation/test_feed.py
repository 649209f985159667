"""Conversations that are handed to a run one by one."""

import asyncio

import pytest

from asstctl.core.conversation import Status
from asstctl.core.suite import CaseEnded, Moment
from tests.conversation.fakes import World, says
from tests.conversation.samples import case, run, turn

pytestmark = pytest.mark.anyio


async def test_those_that_are_wanted_are_played_when_they_are() -> None:
    """In the order in which they are handed over, as often as they are; nothing is known of the others."""
    waiting: asyncio.Queue[int | None] = asyncio.Queue()
    ended: list[int] = []

    async def feed() -> int | None:
        return await waiting.get()

    def hear(moment: Moment) -> None:
        if isinstance(moment, CaseEnded):
            ended.append(moment.index)
            waiting.put_nowait(next(following))

    following = iter([0, 2, None])
    waiting.put_nowait(2)
    cases = [case(turn("hi", "x"), id=str(number)) for number in range(3)]
    suite = await run(World([says("x"), says("x"), says("x")]), *cases, jobs=1, feed=feed, hear=hear)

    assert ended == [2, 0, 2]
    assert [result.status for result in suite.results] == [Status.PASSED, Status.NOT_RUN, Status.PASSED]
