"""The scripted host keeps the ThreadHost contract as far as the runner leans on it."""

import asyncio

import pytest

from asstctl.core.errors import Unreachable
from asstctl.core.ports import ThreadHost
from asstctl.core.thread import ToolOutput
from tests.conversation.fakes import Hang, World, calls, says

pytestmark = pytest.mark.anyio


async def test_a_script_is_played_step_by_step() -> None:
    """Each run and each submission takes the next step; a number delays it."""
    world = World([calls(("f", "{}")), 0.001, says("done")])
    host: ThreadHost = world.host()
    thread = (await host.open()).thread

    asked = await host.run(thread, "asst_1")
    done = await host.outputs(thread, asked.id, [ToolOutput(asked.calls[0].id, "x")])
    await host.close(thread)

    assert (asked.status, done.status, done.reply) == ("requires_action", "completed", "done")
    assert world.threads == set()


async def test_a_step_may_raise_or_never_end() -> None:
    """As a provider may."""
    host = World([Unreachable("no"), Hang()]).host()

    with pytest.raises(Unreachable):
        await host.run("thread_1", "asst_1")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(host.run("thread_1", "asst_1"), 0.01)


async def test_every_host_plays_the_script_from_its_start() -> None:
    """And all of them write into one log."""
    world = World([says("1")])

    assert [(await world.host().run("t", "a")).reply for _ in range(2)] == ["1", "1"]
    assert len(world.said("run")) == 2
