"""Values that the provider rewrites: named once, recorded in the mark, and settled from then on."""

from typing import Any

import pytest

from asstctl.core.errors import AnswerLost, RateLimited, Rejected
from asstctl.core.mark import Mark, read_mark
from asstctl.core.resource import Desired
from asstctl.kinds.canonical import digest
from tests.engine.fakes import Fault, World, statuses, wanted
from tests.engine.worlds import ALL, APPLIED, FAILED, GUAGUA, SKIPPED, applied

pytestmark = pytest.mark.anyio


def rounding(fields: dict[str, Any]) -> dict[str, Any]:
    return {**fields, "temperature": 0.25} if fields.get("temperature") == 0.2 else fields


@pytest.mark.parametrize("before", [(), (wanted(temperature=0.5),)])
async def test_a_rewritten_value_is_a_named_warning_and_one_metadata_only_write(before: tuple[Desired, ...]) -> None:
    """Then M is the request half, L the response half, and both are clean."""
    world = await applied(*before)
    world.store.rewrite = rounding
    report = await world.apply(wanted(temperature=0.2))
    mark = read_mark(world.store.one(GUAGUA).metadata)

    assert (statuses(report), report.warnings) == ({"guagua": APPLIED}, (f"{GUAGUA}: local rewrote temperature",))
    assert isinstance(mark, Mark)
    assert mark.fields["te"] == digest(0.2) + digest(0.25)
    await world.settled(wanted(temperature=0.2), objects=1, writes=2)


async def rewritten() -> World:
    world = World()
    world.store.rewrite = rounding
    await world.apply(wanted(temperature=0.2))
    world.store.requests.clear()
    return world


async def test_both_halves_survive_an_update_of_another_field() -> None:
    """What the provider made of the same request is still known."""
    world = await rewritten()
    report = await world.apply(wanted(temperature=0.2, name="x"))

    assert (report.warnings, world.store.writes) == ((), 1)
    await world.settled(wanted(temperature=0.2, name="x"), objects=1, writes=1)


async def test_drift_of_a_rewritten_value_is_overwritten_without_another_warning() -> None:
    """The answer is the one that is known."""
    world = await rewritten()
    world.store.edit("asst_1", temperature=0.9)
    assert (await world.plan(wanted(temperature=0.2))).counts == {"blocked:drift": 1}
    report = await world.apply(wanted(temperature=0.2), policy=ALL)

    assert report.warnings == ()
    await world.settled(wanted(temperature=0.2), objects=1, writes=1)


async def test_an_overwrite_of_a_rewritten_value_whose_answer_was_lost_is_recognised() -> None:
    """By the half that the provider holds."""
    world = await rewritten()
    world.store.edit("asst_1", temperature=0.9)
    world.store.faults["update"].append(Fault(AnswerLost("dropped"), after=True))
    report = await world.apply(wanted(temperature=0.2), policy=ALL)

    assert statuses(report) == {"guagua": APPLIED}
    await world.settled(wanted(temperature=0.2), objects=1, writes=1)


async def test_a_rewritten_value_that_becomes_what_we_asked_for_has_its_mark_refreshed_once() -> None:
    """The second half no longer says anything."""
    world = await rewritten()
    world.store.edit("asst_1", temperature=0.2)
    report = await world.apply(wanted(temperature=0.2))

    assert report.refreshed == 1
    await world.settled(wanted(temperature=0.2), objects=1, writes=1)


async def test_a_rewritten_field_that_is_taken_out_is_reset() -> None:
    """What is live is what we last applied."""
    world = await rewritten()
    await world.apply(wanted())

    assert world.store.one(GUAGUA).fields["temperature"] == 1.0
    await world.settled(wanted(), objects=1, writes=1)


async def test_a_provider_that_does_not_reset_is_named() -> None:
    """The value is nobody's from then on."""
    world = await applied(wanted(temperature=0.2))
    world.store.rewrite = lambda fields: {name: value for name, value in fields.items() if value is not None}
    report = await world.apply(wanted())

    assert report.warnings == (f"{GUAGUA}: local did not reset temperature",)
    await world.settled(wanted(), objects=1, writes=1)


@pytest.mark.parametrize(
    "faults, writes",
    [
        ([Fault(RateLimited("slow down", retry_after=20))], 3),
        ([Fault(AnswerLost("dropped"))], 3),
        ([Fault(AnswerLost("dropped"), after=True)], 2),
    ],
)
async def test_recording_a_rewritten_value_is_as_safe_as_any_write(faults: list[Fault], writes: int) -> None:
    """It is repeated after a read."""
    world = World()
    world.store.rewrite = rounding
    world.store.faults["update"].extend(faults)
    report = await world.apply(wanted(temperature=0.2))

    assert statuses(report) == {"guagua": APPLIED}
    await world.settled(wanted(temperature=0.2), objects=1, writes=writes)


async def test_a_rewritten_value_that_could_not_be_recorded_is_a_failure_that_names_the_object() -> None:
    """What was created is not lost, and still proven to be alone."""
    world = World()
    world.store.rewrite = rounding
    world.store.faults["update"].append(Fault(Rejected("no")))
    report = await world.apply(wanted(temperature=0.2))
    (outcome,) = report.outcomes

    assert (outcome.status, outcome.remote_id) == (FAILED, "asst_1")
    assert outcome.detail == "it was written, and what local rewrote was not recorded: no"
    assert (len(world.store.objects), world.store.count("list")) == (1, 2)
    await world.apply(wanted(temperature=0.2), policy=ALL)
    await world.settled(wanted(temperature=0.2), objects=1, writes=4)


async def test_another_mark_is_not_overwritten_by_recording_a_rewritten_value() -> None:
    """Another apply came between, and its mark speaks of what is live now."""
    world = World()
    world.store.rewrite = rounding
    world.store.faults["update"].append(Fault(RateLimited("slow down", retry_after=20)))
    theirs = f"1;;mo{digest('gpt-4o')},te{digest(0.7)}"

    def act(verb: str, id: str | None) -> None:
        if verb == "get":
            world.store.edit_metadata("asst_1", asstctl_base=theirs)

    world.store.before = act
    report = await world.apply(wanted(temperature=0.2))

    why = "it was written, and what local rewrote was not recorded: it was changed on local since the plan"
    assert [(o.status, o.remote_id, o.detail) for o in report.outcomes] == [(SKIPPED, "asst_1", why)]
    assert world.store.one(GUAGUA).metadata["asstctl_base"] == theirs


async def test_a_mark_without_room_for_the_second_half_is_a_failure_and_no_crash() -> None:
    """Whether a provider rewrites is not known at plan time."""
    world = World()
    world.store.rewrite = lambda fields: {n: 2 if n.startswith("extensions.") else v for n, v in fields.items()}
    desired = wanted(**{f"extensions.e{number}": 1 for number in (*range(13), *range(20, 33))})
    report = await world.apply(desired)

    assert statuses(report) == {"guagua": FAILED}
    assert "asstctl_base would be" in report.outcomes[0].detail
    assert len(world.store.objects) == 1
