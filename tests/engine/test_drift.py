"""Drift: what was edited elsewhere blocks its object until it is overwritten by name; equal edits are clean."""

from typing import Any

import pytest

from asstctl.core.change import BlockCode
from asstctl.core.resource import Desired
from asstctl.engine.planning.policy import Policy
from asstctl.kinds.canonical import digest
from tests.engine.fakes import address, wanted
from tests.engine.worlds import ASK, GUAGUA, applied, field_states, mark_of

pytestmark = pytest.mark.anyio

DRIFTED = [
    pytest.param(wanted(temperature=0.2), {"temperature": 0.9}, {"temperature": "drift"}, id="drift"),
    pytest.param(wanted(temperature=0.5), {"temperature": 0.9}, {"temperature": "conflict"}, id="conflict"),
    pytest.param(wanted(), {"temperature": 0.9}, {"temperature": "conflict"}, id="removed here, edited there"),
    pytest.param(
        wanted(temperature=0.2, name="new"),
        {"temperature": 0.9},
        {"name": "ours", "temperature": "drift"},
        id="one field of ours waits for one that drifted",
    ),
    pytest.param(wanted(temperature=0.2), {"temperature": 1}, {"temperature": "drift"}, id="reset there"),
    pytest.param(
        wanted(temperature=0.2, tools=[ASK]),
        {"tools": [{"type": "added_later"}]},
        {"tools": "conflict"},
        id="an unknown tool beside a change of ours",
    ),
]


@pytest.mark.parametrize("desired, edit, expected", DRIFTED)
async def test_drift_and_conflict_block_their_object(
    desired: Desired, edit: dict[str, Any], expected: dict[str, str]
) -> None:
    """With both ways on."""
    world = await applied(wanted(temperature=0.2, tools=[]))
    world.store.edit(world.store.one(GUAGUA).id, **edit)
    plan = await world.plan(Desired(desired.address, {"tools": [], **desired.fields}))
    (change,) = plan.changes

    assert field_states(plan) == expected
    assert change.block is not None
    assert change.block.code is BlockCode.DRIFT
    assert [way.command for way in change.block.ways] == [
        "asstctl pull assistant.guagua",
        "asstctl apply --overwrite-drift assistant.guagua",
    ]
    assert (plan.pending, plan.counts) == ((), {"blocked:drift": 1})


async def test_an_unknown_tool_inside_our_tools_is_drift() -> None:
    """It is taken away by an explicit overwrite alone."""
    world = await applied(wanted(tools=[ASK]))
    world.store.edit(world.store.one(GUAGUA).id, tools=[ASK, {"type": "added_later"}])
    plan = await world.plan(wanted(tools=[ASK]))

    assert field_states(plan) == {"tools": "drift"}
    assert [d.path for d in plan.changes[0].fields[0].details] == ["added_later"]


@pytest.mark.parametrize(
    "named, pending",
    [
        ("all", True),
        ("assistant.guagua", True),
        ("assistant.guagua.temperature", False),
        ("assistant.guagua.top_p", False),
        ("assistant.other", False),
        ("assistant", False),
    ],
)
async def test_drift_is_overwritten_only_where_it_is_named(named: str, pending: bool) -> None:
    """By address, by field or all; naming one field leaves the other in the way."""
    world = await applied(wanted(temperature=0.2, top_p=0.2))
    world.store.edit(world.store.one(GUAGUA).id, temperature=0.9, top_p=0.9)
    policy = Policy(overwrite_drift=frozenset({named}))
    plan = await world.plan(wanted(temperature=0.2, top_p=0.2), policy=policy)

    assert bool(plan.pending) is pending
    expected = [policy.overwrites(address("guagua"), name) for name in ("temperature", "top_p")]
    assert [field.overwritten for field in plan.changes[0].fields] == expected


async def test_both_fields_named_one_by_one_are_overwritten() -> None:
    """The option is repeatable."""
    world = await applied(wanted(temperature=0.2, top_p=0.2))
    world.store.edit(world.store.one(GUAGUA).id, temperature=0.9, top_p=0.9)
    policy = Policy(overwrite_drift=frozenset({f"{GUAGUA}.temperature", f"{GUAGUA}.top_p"}))

    assert (await world.plan(wanted(temperature=0.2, top_p=0.2), policy=policy)).counts == {"update": 1}


async def test_the_same_edit_on_both_sides_is_clean_and_its_mark_stale() -> None:
    """A refresh is no pending change."""
    world = await applied(wanted(temperature=0.2))
    world.store.edit(world.store.one(GUAGUA).id, temperature=0.5)
    plan = await world.plan(wanted(temperature=0.5))

    assert (plan.is_empty, len(plan.stale_marks), plan.counts) == (True, 1, {"unchanged": 1})


STALE = [
    pytest.param(wanted(top_p=0.3), {"top_p": 0.3}, id="declared newly, and live already"),
    pytest.param(wanted(), {"temperature": 1.0}, id="removed here, and reset there"),
    pytest.param(wanted(temperature=0.5), {"temperature": 0.5}, id="equal edits"),
]


@pytest.mark.parametrize("desired, edit", STALE)
async def test_a_base_that_does_not_say_what_both_sides_say_is_stale(desired: Desired, edit: dict[str, Any]) -> None:
    """It is written again by apply."""
    world = await applied(wanted(temperature=0.2) if "temperature" in edit else wanted())
    world.store.edit(world.store.one(GUAGUA).id, **edit)
    plan = await world.plan(desired)

    assert (plan.pending, len(plan.stale_marks)) == ((), 1)


async def test_what_an_object_ignores_is_neither_compared_nor_reset() -> None:
    """Its digest stays in the mark as it is."""
    world = await applied(wanted(name="a", temperature=0.2))
    world.store.edit(world.store.one(GUAGUA).id, name="b")
    plan = await world.plan(wanted(name="a", temperature=0.5, ignored=["name"]))
    (change,) = plan.changes

    assert field_states(plan) == {"temperature": "ours"}
    assert change.mark is not None
    assert change.mark.fields["na"] == digest("a")
    assert change.seen is not None
    assert "name" not in change.seen.digests


async def test_an_ignored_field_that_was_never_applied_gets_no_base() -> None:
    """The mark would say that we applied it."""
    world = await applied(wanted(temperature=0.2))
    (change,) = (await world.plan(wanted(name="a", temperature=0.5, ignored=["name"]))).changes

    assert change.mark is not None
    assert "na" not in change.mark.fields


async def test_declared_metadata_is_owned_whole() -> None:
    """A pair that somebody adds is drift."""
    world = await applied(wanted(metadata={"a": "1"}))
    mark_of(world, theirs="x")

    assert field_states(await world.plan(wanted(metadata={"a": "1"}))) == {"metadata": "drift"}
