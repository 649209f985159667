"""Notes: what a plan says of things that it does not touch."""

from dataclasses import replace

import pytest

from asstctl.core.capabilities import WireField
from asstctl.core.change import Action
from asstctl.engine.planning.policy import Policy
from tests.engine.fakes import CAPABILITIES, FakeStore, World, wanted
from tests.engine.worlds import GUAGUA, applied, mark_of

pytestmark = pytest.mark.anyio


async def test_an_undeclared_value_is_a_note() -> None:
    """Said once per field, and nothing is pending."""
    world = await applied(wanted())
    world.store.edit(world.store.one(GUAGUA).id, top_p=0.3, tools=[{"type": "code_interpreter"}])
    plan = await world.plan(wanted())

    assert plan.is_empty
    assert plan.notes == (
        'assistant.guagua: tools is {"code_interpreter": {}} on local and not declared here.',
        "assistant.guagua: top_p is 0.3 on local and not declared here.",
    )


async def test_a_value_that_the_server_computes_is_no_note() -> None:
    """Nobody declared it and nobody chose it; once it is declared, it is compared like any other."""
    fields = {**CAPABILITIES.fields["assistant"], "reasoning_effort": WireField(("reasoning_effort",), computed=True)}
    world = World(FakeStore(capabilities=replace(CAPABILITIES, fields={**CAPABILITIES.fields, "assistant": fields})))
    await world.apply(wanted())
    world.store.edit(world.store.one(GUAGUA).id, reasoning_effort="medium")

    assert (await world.plan(wanted())).notes == ()
    assert (await world.plan(wanted(reasoning_effort="low"))).counts == {"update": 1}


async def test_an_extension_that_the_wire_is_known_to_have_is_a_note() -> None:
    """Somebody turned it on elsewhere. One that is declared or ignored is spoken of already, or is not to be."""
    known = replace(CAPABILITIES, extensions={"assistant": frozenset({"service_tier", "text"})})
    world = World(FakeStore(capabilities=known))
    await world.apply(wanted())
    world.store.edit(world.store.one(GUAGUA).id, extensions__service_tier="priority", extensions__added_later=1)

    assert (await world.plan(wanted())).notes == (
        'assistant.guagua: extensions.service_tier is "priority" on local and not declared here.',
    )
    assert (await world.plan(wanted(extensions__service_tier="auto"))).notes == ()
    ignoring = replace(wanted(), ignored=frozenset({"extensions.service_tier"}))
    assert (await world.plan(ignoring)).notes == ()


async def test_what_holds_of_instructions_is_said_where_they_are_new() -> None:
    """And not again in every plan of a pipeline."""
    world = World(FakeStore(capabilities=replace(CAPABILITIES, instructions_notes=("They are appended.",))))
    assert (await world.plan(wanted(instructions="Be kind."))).notes == ("They are appended.",)
    await world.apply(wanted(instructions="Be kind."))

    assert (await world.plan(wanted(instructions="Be kind."))).notes == ()
    assert (await world.plan(wanted(instructions="Be kind.", top_p=0.3))).notes == ()
    assert (await world.plan(wanted(instructions="Be brief."))).notes == ("They are appended.",)


async def test_metadata_that_is_not_declared_is_a_note() -> None:
    """Our own pairs are not part of it."""
    world = await applied(wanted())
    assert (await world.plan(wanted())).notes == ()
    mark_of(world, theirs="x")

    assert (await world.plan(wanted())).notes == (
        'assistant.guagua: metadata is {"theirs": "x"} on local and not declared here.',
    )


async def test_an_object_of_another_project_with_the_same_name_is_a_note() -> None:
    """It blocks nothing."""
    world = await applied(wanted(name="瓜瓜"))
    mark_of(world, asstctl_project="other")
    plan = await world.plan(wanted(name="瓜瓜"))

    assert plan.counts == {"create": 1}
    assert plan.notes == ("assistant.guagua: asst_1 on local has the same name and belongs to project other.",)


async def test_what_is_ours_already_is_not_compared_with_other_projects() -> None:
    """The note is for those who are about to create a second one."""
    world = await applied(wanted(name="瓜瓜"))
    world.store.put(**{**world.store.one(GUAGUA).fields, "metadata": {"asstctl_project": "other"}})

    assert (await world.plan(wanted(name="瓜瓜"))).notes == ()


async def test_a_damaged_copy_of_a_sound_object_is_said_and_blocks_nothing() -> None:
    """The sound one has the address."""
    world = await applied(wanted())
    copy = world.store.put(metadata={**world.store.one(GUAGUA).metadata, "asstctl_base": "broken"})
    plan = await world.plan(wanted(temperature=0.2))

    assert [c.remote_id for c in plan.pending] == ["asst_1"]
    assert [note.partition(":")[0] for note in plan.notes] == [copy.id]


async def test_a_damaged_object_of_nobody_declared_is_said() -> None:
    """It blocks nothing."""
    world = await applied(wanted(name="瓜瓜"))
    mark_of(world, asstctl_base="broken")
    plan = await world.plan(wanted("other"))

    assert plan.counts == {"create": 1}
    reason = "asstctl_base has version 'broken', this program writes 1"
    assert plan.notes == (f"asst_1: its mark cannot be used ({reason}); it is left alone.",)


async def test_a_copy_is_reported_with_ids_and_times_and_blocks_nothing() -> None:
    """The oldest keeps the address."""
    world = await applied(wanted(temperature=0.2))
    first = world.store.one(GUAGUA)
    world.store.put(**first.fields)
    plan = await world.plan(wanted(temperature=0.5))

    assert [(c.action, c.remote_id) for c in plan.pending] == [(Action.UPDATE, first.id)]
    assert plan.notes == (
        (
            "assistant.guagua: asst_1 (2027-01-15 08:00:00Z) keeps this address; "
            "asst_2 (2027-01-15 08:00:00Z) bears it too and is left alone."
        ),
    )


async def test_what_is_no_longer_declared_is_a_note_and_no_change() -> None:
    """Each object is counted once, orphans not at all."""
    world = await applied(wanted("a"), wanted("b"), wanted("c"))
    plan = await world.plan(wanted("a"))

    assert plan.is_empty
    assert plan.counts == {"unchanged": 1}
    assert plan.notes == (
        (
            "2 objects are no longer declared: assistant.b, assistant.c "
            "(use --prune, or `removed` in a kind: changes file)."
        ),
    )


@pytest.mark.parametrize(("name", "notes"), [("Tutor", 1), ("Another", 0)])
async def test_a_renamed_key_is_told_by_the_name_of_its_object(name: str, notes: int) -> None:
    """Also under --prune, which would delete the one and create the other."""
    world = await applied(wanted("tutor", name="Tutor"))
    plan = await world.plan(wanted("teacher", name=name), policy=Policy(prune=True))

    said = [note for note in plan.notes if "moved" in note]
    assert len(said) == notes
    assert all("`moved: [{from: assistant.tutor, to: assistant.teacher}]`" in note for note in said)
