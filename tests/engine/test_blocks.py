"""Blocks: what cannot be done safely is not done, and the ways on are printed."""

import pytest

from asstctl.core.change import Action, BlockCode
from asstctl.core.resource import Desired
from asstctl.engine.planning.policy import Policy
from asstctl.kinds.canonical import digest
from asstctl.kinds.field import extension_code
from tests.engine.fakes import World, address, wanted
from tests.engine.worlds import applied, mark_of

pytestmark = pytest.mark.anyio


async def test_a_foreign_object_of_the_same_name_blocks_the_create() -> None:
    """Both ways on are printed."""
    world = World()
    foreign = world.store.put(name="瓜瓜")
    (change,) = (await world.plan(wanted(name="瓜瓜"))).changes

    assert change.block is not None
    assert (change.action, change.block.code) == (Action.CREATE, BlockCode.SAME_NAME)
    assert foreign.id in change.block.reason
    assert [way.command for way in change.block.ways] == [
        f"asstctl adopt assistant.guagua {foreign.id}",
        "asstctl apply --allow-same-name assistant.guagua",
    ]


@pytest.mark.parametrize(
    "name, policy, counts",
    [
        ("瓜瓜", Policy(allow_same_name=frozenset({address("guagua")})), {"create": 1}),
        ("瓜瓜", Policy(allow_same_name=frozenset({address("other")})), {"blocked:same-name": 1}),
        ("", Policy(), {"create": 1}),
        (None, Policy(), {"create": 1}),
        ("other", Policy(), {"create": 1}),
    ],
)
async def test_only_the_same_name_that_nobody_allowed_blocks(
    name: str | None, policy: Policy, counts: dict[str, int]
) -> None:
    """Two objects without a name have nothing in common."""
    world = World()
    world.store.put(name="瓜瓜")
    world.store.put(name=None)

    assert (await world.plan(wanted(name=name), policy=policy)).counts == counts


@pytest.mark.parametrize(
    "pairs, code",
    [
        ({"asstctl_base": "2;;"}, BlockCode.NEWER_MARK),
        ({"asstctl_base": "1;;broken"}, BlockCode.DAMAGED_MARK),
        ({"asstctl_base": None}, BlockCode.DAMAGED_MARK),
        ({"asstctl_project": None}, BlockCode.DAMAGED_MARK),
        ({"asstctl_project": ""}, BlockCode.DAMAGED_MARK),
        ({"asstctl_key": None}, BlockCode.DAMAGED_MARK),
        ({"asstctl_key": "nonsense"}, BlockCode.DAMAGED_MARK),
    ],
)
async def test_a_mark_that_cannot_be_used_blocks_and_is_never_taken_for_none(
    pairs: dict[str, str | None], code: BlockCode
) -> None:
    """No second object is made, and the first is not written."""
    world = await applied(wanted(name="瓜瓜"))
    mark_of(world, **pairs)
    policy = Policy(overwrite_drift=frozenset({"all"}), allow_same_name=frozenset({address("guagua")}))
    plan = await world.plan(wanted(name="瓜瓜"), policy=policy)
    (change,) = plan.changes

    assert (plan.pending, plan.stale_marks) == ((), ())
    assert change.block is not None
    assert (change.remote_id, change.block.code) == ("asst_1", code)
    assert plan.notes == ()
    assert len(change.block.ways) == 1


async def test_a_field_without_a_way_back_cannot_be_reset() -> None:
    """The wire has no default model."""
    world = await applied(wanted())
    (change,) = (await world.plan(Desired(address("guagua"), {"name": "x"}))).changes

    assert change.block is not None
    assert change.block.code is BlockCode.NO_RESET
    assert "model cannot be set back to a default on assistants-v2" in change.block.reason


def many(count: int) -> dict[str, int]:
    names: dict[str, str] = {}
    for number in range(10_000):
        names.setdefault(extension_code(f"extensions.e{number}"), f"extensions.e{number}")
    return dict.fromkeys(sorted(names.values())[:count], 1)


@pytest.mark.parametrize("count, blocked", [(44, False), (45, True)])
async def test_a_mark_that_cannot_hold_all_fields_blocks_at_plan_time(count: int, blocked: bool) -> None:
    """Without the revision 45 fields fit, and nothing is truncated."""
    plan = await World().plan(wanted(**many(count)))

    assert plan.counts == ({"blocked:mark-too-long": 1} if blocked else {"create": 1})


async def test_an_update_of_an_object_without_a_nonce_needs_no_room_for_one() -> None:
    """It is drawn per create alone."""
    world = await applied(wanted())
    mark_of(world, asstctl_base=f"1;;mo{digest('gpt-4o')}")

    assert (await world.plan(wanted(**many(45)))).counts == {"update": 1}


async def test_what_needs_something_blocked_is_blocked() -> None:
    """And what does not, goes on."""
    world = World()
    world.store.put(name="taken")
    plan = await world.plan(wanted("a", name="taken"), wanted("b", needs=["a"]), wanted("c", needs=["b"]), wanted("d"))

    assert plan.counts == {"blocked:same-name": 1, "blocked:dependency": 2, "create": 1}
    assert [c.block.reason for c in plan.blocked if c.block][1:] == [
        "assistant.a, which it needs, is blocked",
        "assistant.b, which it needs, is blocked",
    ]
