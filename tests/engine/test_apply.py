"""Applies as a whole: what they leave alone, say, and in which order; a second plan is always empty."""

import pytest

from asstctl.core.exit_codes import ExitCode
from asstctl.core.outcome import Outcome
from asstctl.engine.planning.policy import Policy
from tests.engine.fakes import Clock, FakeStore, World, statuses, wanted
from tests.engine.worlds import ALL, APPLIED, FAILED, SKIPPED, applied

pytestmark = pytest.mark.anyio


async def test_drift_blocks_until_it_is_overwritten_and_the_rest_goes_on() -> None:
    """Exit 1 until then."""
    desired = wanted("a", temperature=0.2), wanted("b", temperature=0.2)
    world = await applied(*desired)
    world.store.edit(world.store.one("assistant.a").id, temperature=0.9)
    changed = wanted("a", temperature=0.2), wanted("b", temperature=0.5)
    report = await world.apply(*changed)

    assert statuses(report) == {"a": SKIPPED, "b": APPLIED}
    assert report.exit_code is ExitCode.FAILED
    assert world.store.one("assistant.a").fields["temperature"] == 0.9
    assert (await world.apply(*changed, policy=ALL)).exit_code is ExitCode.DONE
    assert world.store.one("assistant.a").fields["temperature"] == 0.2
    await world.settled(*changed, objects=2, writes=2)


async def test_foreign_objects_are_never_touched() -> None:
    """Neither one of the same name nor one of another project."""
    world = World()
    foreign = [world.store.put(name="瓜瓜"), world.store.put(metadata={"asstctl_project": "other"})]
    report = await world.apply(wanted(name="瓜瓜"), policy=ALL)

    assert statuses(report) == {"guagua": SKIPPED}
    assert world.store.lives == foreign
    assert world.store.writes == 0


# Waves.


async def test_dependent_work_waits_for_its_wave() -> None:
    """And is made after what it needs."""
    world = World()
    desired = wanted("a", needs=["m"]), wanted("m", needs=["z"]), wanted("z")
    await world.apply(*desired)

    assert [live.metadata["asstctl_key"] for live in world.store.lives] == ["assistant.z", "assistant.m", "assistant.a"]
    await world.settled(*desired, objects=3, writes=3)


async def test_a_failure_skips_its_dependents_only() -> None:
    """Also those that need it by way of another."""
    world = World()
    desired = wanted("z", model=""), wanted("m", needs=["z"]), wanted("a", needs=["m"]), wanted("free")
    report = await world.apply(*desired)

    assert statuses(report) == {"z": FAILED, "m": SKIPPED, "a": SKIPPED, "free": APPLIED}
    assert world.store.writes == 2
    assert len(world.store.objects) == 1
    mended = wanted("z"), *desired[1:]
    await world.apply(*mended)
    await world.settled(*mended, objects=4, writes=5)


# What is said.


async def test_outcomes_are_announced_once_each_as_they_come() -> None:
    """And reported in the plan's order."""
    world = World()
    heard: list[Outcome] = []
    desired = [wanted(key) for key in "abc"]
    report = await world.apply(*desired, on_outcome=heard.append)

    assert sorted(heard, key=lambda o: o.address) == list(report.outcomes)
    await world.settled(*desired, objects=3, writes=3)


async def test_a_warning_about_a_create_does_not_announce_it_twice() -> None:
    """It stands in the report."""
    world = World()
    world.store.lag = 60
    heard: list[Outcome] = []
    report = await world.apply(wanted(), on_outcome=heard.append)

    assert (len(heard), len(report.warnings)) == (1, 1)


async def test_an_outcome_has_the_id_of_the_request_that_settled_it() -> None:
    """Of a create, of an update and of a delete."""
    world = World()
    heard: list[Outcome] = []
    await world.apply(wanted("a"), wanted("b"), on_outcome=heard.append)
    await world.apply(wanted("a", temperature=0.5), policy=Policy(prune=True), on_outcome=heard.append)

    writes = [f"req_{n}" for n, (verb, _) in enumerate(world.store.requests, 1) if verb in world.store.writing]
    assert [one.request_id for one in heard] == writes
    await world.settled(wanted("a", temperature=0.5), objects=1, writes=4)


async def test_seconds_are_those_of_the_requests() -> None:
    """By the clock of the run."""
    world = World(FakeStore(Clock()))
    world.store.latency = 0.25
    report = await world.apply(wanted())

    assert report.outcomes[0].seconds == 0.25
    await world.settled(wanted(), objects=1, writes=1)
