"""Stopping: what runs is finished, what does not is not begun, and everything is reported."""

import asyncio

import pytest

from asstctl.core.exit_codes import ExitCode
from asstctl.core.outcome import Outcome
from tests.engine.fakes import World, wanted
from tests.engine.worlds import APPLIED, SKIPPED

pytestmark = pytest.mark.anyio


async def test_a_stop_drains_and_reports() -> None:
    """What runs is finished, what does not is not begun, and everything is said."""
    world = World(concurrency=2)
    stop = asyncio.Event()
    world.store.before = lambda verb, id: stop.set() if world.store.count("create") >= 3 else None
    desired = [wanted(f"a{number}") for number in range(9)]
    report = await world.apply(*desired, stop=stop)

    assert (report.interrupted, report.exit_code) == (True, ExitCode.INTERRUPTED)
    done = report.with_status(APPLIED)
    assert len(done) == len(world.store.objects) == world.store.writes
    assert 3 <= len(done) <= 4
    assert {o.detail for o in report.with_status(SKIPPED)} == {"interrupted before it was started"}
    assert len(report.outcomes) == 9
    world.store.before = lambda verb, id: None
    await world.apply(*desired)
    await world.settled(*desired, objects=9, writes=9)


async def test_a_listener_that_raises_tears_no_write_apart() -> None:
    """Nothing more is begun, what runs is finished and proven, and then its error is raised."""
    world = World(concurrency=2)
    heard: list[Outcome] = []

    def listener(outcome: Outcome) -> None:
        heard.append(outcome)
        raise BrokenPipeError("nobody reads this any more")

    desired = [wanted(f"a{number}") for number in range(9)]
    with pytest.raises(BrokenPipeError):
        await world.apply(*desired, on_outcome=listener)

    begun = world.store.writes
    assert 1 <= begun <= 2
    assert world.store.count("list") == 2  # the reading, and the proof after the creates
    assert len(world.store.objects) == begun
    await world.apply(*desired)
    await world.settled(*desired, objects=9, writes=9)
