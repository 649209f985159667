"""Extensions: fields of their own, and no unknown key or code is taken for ours."""

from typing import Any

import pytest

from asstctl.core.change import BlockCode
from asstctl.core.resource import Desired
from asstctl.kinds.canonical import digest
from asstctl.kinds.field import extension_code
from tests.engine.fakes import World, wanted
from tests.engine.worlds import GUAGUA, applied, field_states, mark_of

pytestmark = pytest.mark.anyio


def next_fields(plan: Any) -> dict[str, str]:
    """The digests that the mark of the plan's one object will hold."""
    (change,) = plan.changes
    return dict(change.mark.fields)


EXTENSION = {"verbosity": "low"}


@pytest.mark.parametrize(
    "before, after, expected",
    [
        pytest.param(wanted(), wanted(extensions__text=EXTENSION), {"extensions.text": "ours"}, id="added"),
        pytest.param(
            wanted(extensions__text=EXTENSION),
            wanted(extensions__text={"verbosity": "high"}),
            {"extensions.text": "ours"},
            id="changed",
        ),
        pytest.param(wanted(extensions__text=EXTENSION), wanted(), {"extensions.text": "ours"}, id="removed"),
        pytest.param(wanted(extensions__text=EXTENSION), wanted(extensions__text=EXTENSION), {}, id="kept"),
    ],
)
async def test_an_extension_is_a_field_of_its_own(before: Desired, after: Desired, expected: dict[str, str]) -> None:
    """Compared and reset like any other."""
    assert field_states(await (await applied(before)).plan(after)) == expected


async def test_an_unknown_live_key_is_nobodys() -> None:
    """It is neither drift nor a note until somebody declares it."""
    world = await applied(wanted())
    world.store.edit(world.store.one(GUAGUA).id, extensions__added_later=1)
    plan = await world.plan(wanted())

    assert (plan.is_empty, plan.stale_marks, plan.notes) == (True, (), ())


async def test_an_extension_that_is_gone_on_both_sides_leaves_the_mark() -> None:
    """Else it would be a conflict if somebody set it later."""
    world = await applied(wanted(extensions__text=EXTENSION))
    del world.store.objects["asst_1"].fields["extensions.text"]
    plan = await world.plan(wanted())

    assert len(plan.stale_marks) == 1
    assert next_fields(plan) == {"mo": digest("gpt-4o")}


def _clashing() -> tuple[str, str]:
    seen: dict[str, str] = {}
    for number in range(10_000):
        name = f"extensions.x{number}"
        if (other := seen.setdefault(extension_code(name), name)) and other != name:
            return other, name
    raise AssertionError


FIRST, SECOND = _clashing()


async def test_two_extensions_with_one_code_are_refused() -> None:
    """The mark could not tell them apart."""
    (change,) = (await World().plan(wanted(**{FIRST: 1, SECOND: 2}))).changes

    assert change.block is not None
    assert change.block.code is BlockCode.CODE_CLASH


async def test_an_unknown_live_key_with_the_code_of_our_extension_stays_nobodys() -> None:
    """The digest in the mark speaks of the declared one."""
    world = await applied(wanted(**{FIRST: 1}))
    world.store.edit("asst_1", **{SECOND: 5})

    assert field_states(await world.plan(wanted(**{FIRST: 1}))) == {}
    assert field_states(await world.plan(wanted(**{FIRST: 1}, ignored=[FIRST]))) == {}


async def test_fields_of_a_later_program_stay_in_the_mark() -> None:
    """Their codes are unknown here, and their digests are kept."""
    world = await applied(wanted())
    base = world.store.one(GUAGUA).metadata["asstctl_base"]
    mark_of(world, asstctl_base=f"{base},zzAAAAAAAA")
    plan = await world.plan(wanted(temperature=0.2))

    assert next_fields(plan) == {"mo": digest("gpt-4o"), "te": digest(0.2), "zz": "AAAAAAAA"}
    assert (await world.plan(wanted())).stale_marks == ()
