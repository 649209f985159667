"""Plans: what is decided for each address, and that the decision shows."""

import pytest

from asstctl.core.change import ABSENT, Action, FieldState
from asstctl.core.errors import IncompleteListing
from asstctl.engine.planning.plan import decide
from asstctl.engine.planning.policy import Policy
from tests.engine.fakes import CAPABILITIES, KIND, TARGET, World, address, wanted
from tests.engine.worlds import ASK
from tests.engine.worlds import applied_and_counted as applied

pytestmark = pytest.mark.anyio


async def test_what_is_not_there_is_created() -> None:
    """With every declared field that is not at its default."""
    plan = await World().plan(wanted(temperature=0.2, top_p=1, name="瓜瓜"))
    (change,) = plan.changes

    assert (change.action, change.reason, change.remote_id) == (Action.CREATE, "not on local yet", None)
    assert [(f.name, f.before, f.after) for f in change.fields] == [
        ("name", ABSENT, "瓜瓜"),
        ("model", ABSENT, "gpt-4o"),
        ("temperature", ABSENT, 0.2),
    ]
    assert plan.counts == {"create": 1}


async def test_what_matches_is_kept() -> None:
    """Nothing is pending, and nothing is prepared."""
    world = await applied(wanted(temperature=0.2, tools=[ASK]))
    plan = await world.plan(wanted(temperature=0.2, tools=[ASK]))
    (change,) = plan.changes

    assert (change.action, change.pending, change.refresh, change.unchanged) == (Action.KEEP, False, False, 3)
    assert plan.is_empty
    assert plan.counts == {"unchanged": 1}


async def test_an_edit_of_the_file_is_ours_and_changes_that_field_alone() -> None:
    """The other fields are counted as unchanged."""
    world = await applied(wanted(temperature=0.2, instructions="Be kind."))
    (change,) = (await world.plan(wanted(temperature=0.2, instructions="Be short."))).changes

    assert (change.action, change.unchanged, change.reason) == (Action.UPDATE, 2, "instructions differ")
    assert [(f.name, f.state, f.before, f.after) for f in change.fields] == [
        ("instructions", FieldState.OURS, "Be kind.", "Be short.")
    ]
    assert dict(change.send) == {"instructions": "Be short."}


async def test_differences_inside_a_field_are_explained() -> None:
    """By their paths below it, a key with two underscores among them."""
    before = {**ASK["function"], "parameters": {"type": "object", "properties": {"__x": {"type": "string"}, "y": {}}}}
    after = {**ASK["function"], "parameters": {"type": "object", "properties": {"__x": {"type": "number"}, "z": {}}}}
    world = await applied(wanted(tools=[{"type": "function", "function": before}]))
    (change,) = (await world.plan(wanted(tools=[{"type": "function", "function": after}]))).changes

    properties = "function.ask.parameters.properties"
    assert [(d.path, d.before, d.after) for d in change.fields[0].details] == [
        (f"{properties}.__x.type", "string", "number"),
        (f"{properties}.y", {}, ABSENT),
        (f"{properties}.z", ABSENT, {}),
    ]


async def test_a_field_taken_out_of_the_file_is_reset() -> None:
    """It was ours, so it goes back to the default."""
    world = await applied(wanted(temperature=0.2))
    (change,) = (await world.plan(wanted())).changes

    assert [(f.name, f.state, f.before, f.after) for f in change.fields] == [
        ("temperature", FieldState.OURS, 0.2, ABSENT)
    ]
    assert dict(change.send) == {"temperature": None}


async def test_protect_on_and_off_is_a_visible_change() -> None:
    """It stands on the object."""
    world = await applied(wanted())
    on = await world.plan(wanted(protect=True))
    await world.apply(wanted(protect=True))
    off = await world.plan(wanted())

    assert [(f.name, f.before, f.after) for f in on.changes[0].fields] == [("protect", False, True)]
    assert [(f.name, f.before, f.after) for f in off.changes[0].fields] == [("protect", True, False)]
    assert (on.counts, off.counts) == ({"update": 1}, {"update": 1})


async def test_only_restricts_the_plan() -> None:
    """Nothing is said of the others, and nobody is called an orphan."""
    world = await applied(wanted("a"), wanted("b"))
    policy = Policy(only=frozenset({address("a")}))
    plan = await world.plan(wanted("a", temperature=0.2), wanted("b", temperature=0.2), wanted("c"), policy=policy)

    assert [str(c.address) for c in plan.changes] == ["assistant.a"]
    assert plan.notes == ()


async def test_changes_come_in_waves_and_by_address() -> None:
    """What is needed comes first."""
    plan = await World().plan(wanted("a", needs=["z"]), wanted("z"), wanted("b"))

    assert [c.address.key for c in plan.changes] == ["b", "z", "a"]


async def test_each_object_is_counted_once() -> None:
    """Whatever becomes of it."""
    world = await applied(wanted("a", temperature=0.2), wanted("b", temperature=0.2), wanted("c"))
    world.store.edit(world.store.one("assistant.b").id, temperature=0.9)
    plan = await world.plan(wanted("a", temperature=0.5), wanted("b", temperature=0.5), wanted("c"), wanted("d"))

    assert plan.counts == {"update": 1, "blocked:drift": 1, "unchanged": 1, "create": 1}


async def test_a_plan_sends_one_listing_per_kind_and_nothing_else() -> None:
    """Deciding sends nothing."""
    world = await applied(wanted())
    world.store.requests.clear()
    await world.plan(wanted(temperature=0.2))

    assert world.store.requests == [("list", None)]


async def test_a_listing_that_goes_in_circles_is_an_error() -> None:
    """Never an absence: no plan is made of it, and nothing is written."""
    world = await applied(wanted())
    world.store.looping = True

    with pytest.raises(IncompleteListing):
        await world.plan(wanted())
    with pytest.raises(IncompleteListing):
        await world.plan_destroy(wanted())
    assert world.store.writes == 1


async def test_a_plan_is_a_pure_function() -> None:
    """Of files, listing and policy, whatever the order of the files."""
    world = await applied(wanted("a"), wanted("b"))
    reading = await world.read()
    one, two = wanted("a", temperature=0.2), wanted("b", temperature=0.2)

    assert world.decide(reading, one, two) == world.decide(reading, two, one)


async def test_a_wrong_revision_is_found_before_anything_is_written() -> None:
    """It would make every mark unreadable."""
    with pytest.raises(ValueError, match="not a mark"):
        decide([wanted()], [], target=TARGET, capabilities=CAPABILITIES, revision="1a2b3c4-dirty")


async def test_two_listings_are_asked_for_at_once() -> None:
    """Reading waits for the slowest kind, not for their sum."""
    from asstctl.engine.read import read

    world = World()
    await read(world.store, [KIND, KIND], clock=world.clock)

    assert world.store.most_in_flight == 2
