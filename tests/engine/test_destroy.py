"""Destroying: what bears this project's mark, as far as it was allowed, and nothing else."""

from typing import Any

import pytest

from asstctl.core.change import Action, BlockCode
from asstctl.core.errors import AnswerLost, ServerFault
from asstctl.core.exit_codes import ExitCode
from asstctl.core.outcome import OutcomeStatus
from asstctl.core.resource import Desired
from asstctl.engine.planning.destroy import make_destroy_plan
from asstctl.engine.planning.policy import Policy
from tests.engine.fakes import CAPABILITIES, TARGET, Fault, World, address, statuses, wanted

pytestmark = pytest.mark.anyio


async def applied(*desired: Desired) -> World:
    world = World()
    assert (await world.apply(*desired)).exit_code is ExitCode.DONE
    world.store.requests.clear()
    return world


async def gone(world: World, *desired: Desired, objects: int, writes: int, policy: Policy = Policy()) -> None:  # noqa: B008
    """What a destroy leaves: counted on the server, and a second one finds nothing to do."""
    assert (len(world.store.objects), world.store.writes) == (objects, writes)
    plan, _ = await world.plan_destroy(*desired, policy=policy)
    assert plan.pending == ()


async def test_everything_of_this_project_is_deleted_declared_or_not() -> None:
    """One request each."""
    world = await applied(wanted("a"), wanted("b"), wanted("c"))
    report = await world.destroy(wanted("a"))

    assert statuses(report) == dict.fromkeys("abc", OutcomeStatus.APPLIED)
    assert report.exit_code is ExitCode.DONE
    await gone(world, wanted("a"), objects=0, writes=3)


async def test_nothing_foreign_is_deleted() -> None:
    """Not an object without a mark, of another project, with a damaged or newer mark, nor a candidate; of those whose
    marks cannot be used that is said, and the end is not a success."""
    world = await applied(wanted("mine"), wanted("others"), wanted("newer"), wanted("broken"), wanted("candidate"))
    foreign = world.store.put(name="mine")
    for key, pairs in {
        "others": {"asstctl_project": "other"},
        "newer": {"asstctl_base": "2;;"},
        "broken": {"asstctl_base": "broken"},
        "candidate": {"asstctl_key": "assistant.candidate~r1"},
    }.items():
        world.store.edit_metadata(world.store.one(f"assistant.{key}").id, **pairs)
    plan, reading = await world.plan_destroy(wanted("mine"))

    blocked = {change.address.key: change.block.code for change in plan.blocked if change.block}
    assert [change.address.key for change in plan.pending] == ["mine"]
    assert blocked == {"newer": BlockCode.NEWER_MARK, "broken": BlockCode.DAMAGED_MARK}
    assert {change.action for change in plan.changes} == {Action.DELETE}
    assert plan.notes == ()
    assert (await world.carry_out(plan, reading)).exit_code is ExitCode.FAILED
    assert foreign.id in world.store.objects
    await gone(world, wanted("mine"), objects=5, writes=1)


@pytest.mark.parametrize(
    "marked, declared, blocked",
    [(True, False, True), (True, None, True), (False, True, True), (False, False, False), (False, None, False)],
)
async def test_a_protected_object_is_never_deleted(marked: bool, declared: bool | None, blocked: bool) -> None:
    """Whether the object says so or its file; dropping both at once does not unprotect."""
    world = await applied(wanted("a", protect=marked))
    desired = [] if declared is None else [wanted("a", protect=declared)]
    plan, reading = await world.plan_destroy(*desired)

    assert [c.block.code for c in plan.blocked if c.block] == [BlockCode.PROTECTED] * blocked
    await world.carry_out(plan, reading)
    await gone(world, *desired, objects=int(blocked), writes=int(not blocked))


@pytest.mark.parametrize("allowed, deleted", [(0, 0), (3, 0), (4, 4), (9, 4)])
async def test_more_deletes_than_allowed_delete_nothing(allowed: int, deleted: int) -> None:
    """The way on names the number, and protected objects do not count."""
    world = await applied(*(wanted(key) for key in "abcd"), wanted("p", protect=True))
    policy = Policy(max_deletes=allowed)
    plan, reading = await world.plan_destroy(wanted("a"), policy=policy)

    if not deleted:
        blocks = [c.block for c in plan.blocked if c.block and c.block.code is BlockCode.MAX_DELETES]
        assert len(blocks) == 4
        assert {block.ways[0].command for block in blocks} == {"asstctl destroy --max-deletes 4"}
        assert blocks[0].reason == f"4 deletes are more than the {allowed} allowed at once"
    assert (await world.carry_out(plan, reading)).exit_code is ExitCode.FAILED
    await gone(world, wanted("a"), objects=5 - deleted, writes=deleted, policy=policy)


async def test_only_restricts_what_is_deleted() -> None:
    """And what is counted."""
    world = await applied(*(wanted(key) for key in "abcd"))
    policy = Policy(only=frozenset({address("b")}))
    await world.destroy(wanted("a"), policy=policy)

    assert world.store.bearing("assistant.b") == []
    world.store.edit_metadata(world.store.one("assistant.c").id, asstctl_base="broken")
    assert (await world.plan_destroy(wanted("a"), policy=policy))[0].notes == ()
    await gone(world, wanted("a"), objects=3, writes=1, policy=policy)


async def test_a_way_on_names_what_was_named() -> None:
    """The command for more deletes keeps `--only`."""
    world = await applied(wanted("a"), wanted("b"))
    policy = Policy(only=frozenset({address("a"), address("b")}), max_deletes=1)
    plan, _ = await world.plan_destroy(policy=policy)

    command = "asstctl destroy --only assistant.a --only assistant.b --max-deletes 2"
    assert {c.block.ways[0].command for c in plan.blocked if c.block} == {command}


async def test_a_copy_is_left_alone_and_said() -> None:
    """Only the object that keeps the address is deleted."""
    world = await applied(wanted("a"))
    copy = world.store.put(**world.store.one("assistant.a").fields)
    plan, reading = await world.plan_destroy(wanted("a"))

    assert plan.notes == (f"assistant.a: {copy.id} bears this address too and is left alone.",)
    await world.carry_out(plan, reading)
    assert list(world.store.objects) == [copy.id]


async def test_what_is_used_goes_last_and_stays_with_its_user() -> None:
    """A delete waits for the deletes of those that use its object."""
    world = await applied(wanted("used"), wanted("user", protect=True), wanted("free"))
    plan, reading = await world.plan_destroy(wanted("user", needs=["used"]), wanted("used"))

    assert {c.address.key: c.block.code for c in plan.blocked if c.block} == {
        "user": BlockCode.PROTECTED,
        "used": BlockCode.DEPENDENCY,
    }
    await world.carry_out(plan, reading)
    await gone(world, wanted("user", needs=["used"]), objects=2, writes=1)


async def test_a_user_that_could_not_be_deleted_keeps_what_it_uses() -> None:
    """The failure of a delete skips those it waits for."""
    world = await applied(wanted("used"), wanted("user", needs=["used"]))
    plan, reading = await world.plan_destroy(wanted("user", needs=["used"]), wanted("used"))
    assert [c.address.key for c in plan.changes] == ["user", "used"]
    world.clock.time += 10
    world.store.edit(world.store.one("assistant.user").id, model="theirs")
    report = await world.carry_out(plan, reading)

    assert {o.address.key: o.detail for o in report.outcomes} == {
        "user": "it was changed on local since the plan",
        "used": "assistant.user, which it needs, was not applied",
    }
    assert (len(world.store.objects), world.store.writes) == (2, 0)


@pytest.mark.parametrize(
    "faults, status",
    [
        ([Fault(AnswerLost("lost"), after=True)], OutcomeStatus.APPLIED),
        ([Fault(AnswerLost("lost"))], OutcomeStatus.APPLIED),
        ([Fault(ServerFault("500"))] * 4, OutcomeStatus.UNKNOWN),
    ],
)
async def test_a_delete_whose_answer_was_lost_is_asked_about(faults: list[Any], status: OutcomeStatus) -> None:
    """And repeated only after a read that still shows the object."""
    world = await applied(wanted("a"))
    world.store.faults["delete"].extend(faults)
    report = await world.destroy(wanted("a"))

    assert statuses(report) == {"a": status}
    assert len(world.store.objects) == (0 if status is OutcomeStatus.APPLIED else 1)
    await world.destroy(wanted("a"))
    assert world.store.objects == {}


async def test_an_object_that_is_gone_already_counts_as_deleted() -> None:
    """Somebody else was quicker."""
    world = await applied(wanted("a"))
    plan, reading = await world.plan_destroy(wanted("a"))
    world.store.remove("asst_1")
    report = await world.carry_out(plan, reading)

    assert statuses(report) == {"a": OutcomeStatus.APPLIED}
    await gone(world, wanted("a"), objects=0, writes=1)


async def test_a_destroy_of_nothing_is_an_empty_plan() -> None:
    """No listing is needed to say so."""
    plan = make_destroy_plan([wanted()], [], target=TARGET, capabilities=CAPABILITIES)

    assert plan.is_empty
    assert [change for change in plan.changes if change.action is Action.DELETE] == []


@pytest.mark.parametrize("only", [{"newer"}, {"newer", "gone"}])
async def test_an_address_that_only_an_unusable_mark_names_is_not_passed_over(only: set[str]) -> None:
    """Not said to be gone: exit 1, and nothing is sent."""
    world = await applied(wanted("newer"), wanted("other"))
    world.store.edit_metadata(world.store.one("assistant.newer").id, asstctl_base="2;;")
    policy = Policy(only=frozenset(address(key) for key in only))
    plan, reading = await world.plan_destroy(wanted("other"), policy=policy)

    assert [(c.address.key, c.block and c.block.code) for c in plan.changes] == [("newer", BlockCode.NEWER_MARK)]
    assert (await world.carry_out(plan, reading)).exit_code is ExitCode.FAILED
    await gone(world, wanted("other"), objects=2, writes=0, policy=policy)


@pytest.mark.parametrize("only, said", [("mine", True), ("other", False)])
async def test_an_object_whose_mark_names_nothing_is_said_where_it_could_be_meant(only: str, said: bool) -> None:
    """`other` is there, so the nameless one is not it; `mine` is not, so it may be."""
    world = await applied(wanted("mine"), wanted("other"))
    id = world.store.one("assistant.mine").id
    world.store.edit_metadata(id, asstctl_key=None)
    plan, _ = await world.plan_destroy(wanted("other"), policy=Policy(only=frozenset({address(only)})))

    assert [note.partition(":")[0] for note in plan.notes] == [id] * said
