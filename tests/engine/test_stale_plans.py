"""Stale plans: nothing that changed since the plan is written over (promise 5)."""

from typing import Any

import pytest

from asstctl.core.decisions import Decisions, Move
from asstctl.core.errors import RateLimited, ServerFault
from asstctl.core.exit_codes import ExitCode
from asstctl.engine.planning.policy import Policy
from tests.engine.fakes import Fault, World, address, knowing, statuses, wanted, wanted_store
from tests.engine.worlds import APPLIED, GUAGUA, SKIPPED, applied

pytestmark = pytest.mark.anyio


async def test_a_young_reading_is_written_upon_without_another_read() -> None:
    """Nobody waits for a GET per object."""
    world = await applied(wanted(temperature=0.2))
    await world.apply(wanted(temperature=0.5))

    assert world.store.requests == [("list", None), ("update", "asst_1")]
    await world.settled(wanted(temperature=0.5), objects=1, writes=1)


@pytest.mark.parametrize("age, reads", [(2.0, 0), (2.1, 1)])
async def test_a_reading_older_than_two_seconds_is_read_again_before_the_write(age: float, reads: int) -> None:
    """By one GET for the object."""
    world = await applied(wanted(temperature=0.2))
    reading = await world.read()
    plan = world.decide(reading, wanted(temperature=0.5))
    world.clock.time += age
    await world.carry_out(plan, reading)

    assert world.store.count("get") == reads
    await world.settled(wanted(temperature=0.5), objects=1, writes=1)


async def test_a_write_that_is_repeated_after_a_long_pause_is_preceded_by_a_read() -> None:
    """The window is one round trip, however long the server makes us wait."""
    world = await applied(wanted(temperature=0.2))
    world.store.faults["update"].append(Fault(RateLimited("slow down", retry_after=20)))
    await world.apply(wanted(temperature=0.5))

    assert [verb for verb, _ in world.store.requests] == ["list", "update", "get", "update"]
    await world.settled(wanted(temperature=0.5), objects=1, writes=2)


async def test_what_changed_during_a_pause_is_not_overwritten() -> None:
    """The read before the second try shows it."""
    world = await applied(wanted(temperature=0.2))
    world.store.faults["update"].append(Fault(RateLimited("slow down", retry_after=20)))
    world.store.before = lambda verb, id: world.store.edit("asst_1", temperature=0.7) if verb == "get" else None
    report = await world.apply(wanted(temperature=0.5))

    assert statuses(report) == {"guagua": SKIPPED}
    assert world.store.one(GUAGUA).fields["temperature"] == 0.7


CHANGED = [
    pytest.param({"temperature": 0.9}, {}, id="a managed field"),
    pytest.param({}, {"asstctl_base": "1;p;"}, id="the mark"),
    pytest.param({}, {"asstctl_project": "other"}, id="the owner"),
    pytest.param({"extensions__text": {"a": 2}}, {}, id="an extension that is removed"),
]


@pytest.mark.parametrize("fields, pairs", CHANGED)
async def test_what_changed_since_the_plan_is_skipped_with_its_dependents(
    fields: dict[str, Any], pairs: dict[str, str]
) -> None:
    """And nothing else is."""
    world = await applied(wanted("a", temperature=0.2, extensions__text={"a": 1}), wanted("b"), wanted("c"))
    reading = await world.read()
    plan = world.decide(
        reading, wanted("a", temperature=0.5), wanted("b", needs=["a"], top_p=0.2), wanted("c", top_p=0.2)
    )
    id = world.store.one("assistant.a").id
    world.store.edit(id, **fields)
    world.store.edit_metadata(id, **pairs)
    world.clock.time += 10
    report = await world.carry_out(plan, reading)

    assert statuses(report) == {"a": SKIPPED, "b": SKIPPED, "c": APPLIED}
    assert [(o.address.key, o.detail) for o in report.outcomes] == [
        ("a", "it was changed on local since the plan"),
        ("c", ""),
        ("b", "assistant.a, which it needs, was not applied"),
    ]
    assert world.store.writes == 1


async def test_where_the_wire_says_when_an_object_was_updated_that_counts_too() -> None:
    """Whatever it was that changed."""
    world = await applied(wanted(temperature=0.2))
    world.store.objects["asst_1"].updated_at = 1
    reading = await world.read()
    plan = world.decide(reading, wanted(temperature=0.5))
    world.store.objects["asst_1"].updated_at = 2
    world.clock.time += 10

    assert statuses(await world.carry_out(plan, reading)) == {"guagua": SKIPPED}
    await world.apply(wanted(temperature=0.5))
    await world.settled(wanted(temperature=0.5), objects=1, writes=1)


@pytest.mark.parametrize("edit", [{"top_p": 0.3}, {"name": "theirs"}])
async def test_an_edit_of_what_is_not_managed_stops_nothing(edit: dict[str, Any]) -> None:
    """Not declared, or ignored."""
    world = await applied(wanted(name="ours", temperature=0.2))
    desired = wanted(name="ours", temperature=0.5, ignored=["name"])
    reading = await world.read()
    plan = world.decide(reading, desired)
    world.store.edit("asst_1", **edit)
    world.clock.time += 10

    assert statuses(await world.carry_out(plan, reading)) == {"guagua": APPLIED}
    await world.settled(desired, objects=1, writes=1)


async def test_an_object_deleted_since_the_plan_is_skipped() -> None:
    """Making it anew is for the next plan."""
    world = await applied(wanted(temperature=0.2))
    reading = await world.read()
    plan = world.decide(reading, wanted(temperature=0.5))
    world.store.remove("asst_1")
    world.clock.time += 10
    report = await world.carry_out(plan, reading)

    assert report.outcomes[0].detail == "it was deleted from local since the plan"
    await world.apply(wanted(temperature=0.5))
    await world.settled(wanted(temperature=0.5), objects=1, writes=1)


@pytest.mark.parametrize("age, listings, objects", [(1.0, 1, 1), (10.0, 2, 1)])
async def test_creates_rest_on_a_listing_that_is_not_old(age: float, listings: int, objects: int) -> None:
    """An older plan lists once more before it creates."""
    world = World()
    reading = await world.read()
    plan = world.decide(reading, wanted())
    world.store.requests.clear()
    world.clock.time += age
    await world.carry_out(plan, reading)

    assert world.store.count("list") == listings
    await world.settled(wanted(), objects=objects, writes=1)


async def test_an_address_taken_since_the_plan_is_not_created() -> None:
    """No object is made only to be deleted again."""
    world = World()
    reading = await world.read()
    plan = world.decide(reading, wanted())
    await World(world.store).apply(wanted())
    world.clock.time += 10
    report = await world.carry_out(plan, reading)

    assert report.outcomes[0].detail == "asst_1 was created since the plan"
    await world.settled(wanted(), objects=1, writes=1)


async def test_a_name_taken_since_the_plan_blocks_the_create() -> None:
    """The plan saw nothing foreign of that name."""
    world = World()
    reading = await world.read()
    plan = world.decide(reading, wanted(name="瓜瓜"))
    world.store.put(name="瓜瓜")
    world.clock.time += 10
    report = await world.carry_out(plan, reading)

    assert report.outcomes[0].detail == "asst_1, which is not ours, was given the same name since the plan"
    assert (statuses(report), world.store.writes) == ({"guagua": SKIPPED}, 0)


async def test_each_kind_is_listed_again_by_itself() -> None:
    """That stores were listed a moment ago says nothing of assistants."""
    world = knowing()
    desired = [wanted(stores=["handbook"]), wanted_store()]
    reading = await world.read()
    plan = world.decide(reading, *desired)
    await knowing(world.store).apply(wanted())
    world.clock.time += 10
    report = await world.carry_out(plan, reading)

    assert statuses(report) == {"handbook": APPLIED, "guagua": SKIPPED}
    assert report.outcomes[1].detail == "asst_1 was created since the plan"
    await world.apply(*desired)
    await world.settled(*desired, objects=2, writes=3)


async def test_an_address_is_given_anew_once_its_object_was_moved_however_late() -> None:
    """The listing that the other create asked for still shows it there."""
    world = await applied(wanted("old"))
    decisions = Decisions(moved=(Move(address("old"), address("new")),))
    desired = [wanted("old", needs=["other"]), wanted("new"), wanted("other")]
    reading = await world.read()
    plan = world.decide(reading, *desired, decisions=decisions)
    world.clock.time += 10
    report = await world.carry_out(plan, reading)

    assert statuses(report) == {"new": APPLIED, "other": APPLIED, "old": APPLIED}
    await world.settled(*desired, objects=3, writes=3, decisions=decisions)


async def test_a_name_that_was_allowed_in_the_plan_stays_allowed() -> None:
    """It is the same foreign object."""
    world = World()
    world.store.put(name="瓜瓜")
    policy = Policy(allow_same_name=frozenset({address("guagua")}))
    reading = await world.read()
    plan = world.decide(reading, wanted(name="瓜瓜"), policy=policy)
    world.clock.time += 10

    assert statuses(await world.carry_out(plan, reading)) == {"guagua": APPLIED}
    await world.settled(wanted(name="瓜瓜"), objects=2, writes=1)


async def test_a_later_wave_lists_again_and_its_failure_loses_no_outcome() -> None:
    """What was applied before it is still reported."""
    world = World()
    world.store.latency = 3
    world.store.faults["list"].extend([None, None, None, Fault(ServerFault("500"))])
    desired = wanted("a"), wanted("b", needs=["a"])
    report = await world.apply(*desired)

    assert {o.address.key: o.detail for o in report.outcomes} == {"a": "", "b": "not attempted: 500"}
    assert report.exit_code is ExitCode.FAILED
    await world.apply(*desired)
    world.store.latency = 0
    await world.settled(*desired, objects=2, writes=2)
