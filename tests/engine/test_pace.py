"""Pace: so much at once, so many repeats, and no waiting for a server that is beyond hope."""

import pytest

from asstctl.core.errors import AnswerLost, AuthFailed, ProviderError, RateLimited, ServerFault, Unreachable
from asstctl.core.exit_codes import ExitCode
from tests.engine.fakes import Fault, World, statuses, wanted
from tests.engine.worlds import APPLIED, FAILED, SKIPPED, UNKNOWN, applied

pytestmark = pytest.mark.anyio


async def test_independent_work_runs_at_once_up_to_the_limit() -> None:
    """Eight by default."""
    world = World()
    desired = [wanted(f"a{number}") for number in range(30)]
    await world.apply(*desired)

    assert world.store.most_in_flight == 8
    assert world.store.requests.count(("list", None)) == 2
    await world.settled(*desired, objects=30, writes=30)


async def test_a_429_narrows_what_runs_at_once() -> None:
    """And nothing is lost by it."""
    world = World()
    seen: list[int] = []
    world.store.before = lambda verb, id: seen.append(world.store._in_flight)
    world.store.faults["create"].extend([Fault(RateLimited("slow down", retry_after=1))] * 8)
    desired = [wanted(f"a{number}") for number in range(24)]
    report = await world.apply(*desired)

    assert report.exit_code is ExitCode.DONE
    assert max(seen) == 8
    assert min(seen[9:]) == 1
    await world.settled(*desired, objects=24, writes=32)


# Repeats.


@pytest.mark.parametrize(
    "error", [Unreachable("refused"), RateLimited("slow down"), RateLimited("slow down", retry_after=7)]
)
async def test_a_create_that_certainly_did_not_happen_is_repeated(error: ProviderError) -> None:
    """Three times if need be."""
    world = World()
    world.store.faults["create"].extend([Fault(error)] * 3)
    report = await world.apply(wanted())

    assert statuses(report) == {"guagua": APPLIED}
    assert len(world.clock.slept) == 3
    assert error.retry_after is None or world.clock.slept == [7, 7, 7]
    await world.settled(wanted(), objects=1, writes=4)


async def test_an_update_that_always_breaks_is_tried_four_times_with_pauses() -> None:
    """Each after a read of its own."""
    world = await applied(wanted(temperature=0.2))
    world.store.always["update"] = Fault(ServerFault("500"))
    report = await world.apply(wanted(temperature=0.5))

    assert statuses(report) == {"guagua": UNKNOWN}
    assert (world.store.count("update"), world.store.count("get"), len(world.clock.slept)) == (4, 3, 3)
    del world.store.always["update"]
    await world.apply(wanted(temperature=0.5))
    await world.settled(wanted(temperature=0.5), objects=1, writes=5)


# Hopeless servers.


@pytest.mark.parametrize(
    "error", [Unreachable("cannot reach it"), AuthFailed("the key was refused"), RateLimited("slow down")]
)
async def test_a_hopeless_server_does_not_make_200_objects_wait(error: ProviderError) -> None:
    """The first few find out, the rest are not attempted."""
    world = World()
    world.store.always["create"] = Fault(error)
    desired = [wanted(f"a{number}") for number in range(200)]
    report = await world.apply(*desired)

    assert len(report.outcomes) == 200
    assert len(report.with_status(FAILED)) <= 8
    assert {o.detail for o in report.with_status(SKIPPED)} == {f"not attempted: {error.summary}"}
    assert world.store.writes <= 32
    del world.store.always["create"]
    written = world.store.writes
    await world.apply(*desired)
    await world.settled(*desired, objects=200, writes=written + 200)


async def test_a_server_that_loses_every_answer_does_not_make_200_objects_wait() -> None:
    """Neither creates nor the looks for them come through."""
    world = World()
    reading = await world.read()
    desired = [wanted(f"a{number}") for number in range(200)]
    plan = world.decide(reading, *desired)
    for verb in ("create", "list", "get"):
        world.store.always[verb] = Fault(AnswerLost("timed out"))
    report = await world.carry_out(plan, reading)

    assert len(report.with_status(UNKNOWN)) == 8
    assert len(report.with_status(SKIPPED)) == 192
    world.store.always.clear()
    await world.apply(*desired)
    await world.settled(*desired, objects=200, writes=208)


async def test_reads_that_find_no_answer_do_not_make_200_updates_wait() -> None:
    """The first few find out."""
    before = [wanted(f"a{number}", temperature=0.2) for number in range(200)]
    after = [wanted(f"a{number}", temperature=0.5) for number in range(200)]
    world = await applied(*before)
    reading = await world.read()
    plan = world.decide(reading, *after)
    world.clock.time += 10
    world.store.always["get"] = Fault(AnswerLost("timed out"))
    report = await world.carry_out(plan, reading)

    assert (len(report.with_status(FAILED)), len(report.with_status(SKIPPED))) == (8, 192)
    assert (world.store.count("get"), world.store.writes) == (8, 0)
    world.store.always.clear()
    await world.apply(*after)
    await world.settled(*after, objects=200, writes=200)
