"""Updates: each change is one write that keeps what is not ours, and none is repeated blindly."""

from typing import Any

import pytest

from asstctl.core.errors import AnswerLost, ProviderError, Rejected, ServerFault
from asstctl.core.exit_codes import ExitCode
from asstctl.core.mark import Mark, read_mark
from asstctl.core.outcome import Outcome
from asstctl.core.resource import Desired
from asstctl.kinds.canonical import digest
from tests.engine.fakes import Fault, World, statuses, user_pairs, wanted
from tests.engine.worlds import ALL, APPLIED, FAILED, GUAGUA, LOST, SKIPPED, UNKNOWN, applied

pytestmark = pytest.mark.anyio

FUNCTION = {"type": "function", "function": {"name": "f"}}


async def test_an_update_is_one_request_and_keeps_the_nonce() -> None:
    """Mark and fields go together."""
    world = World()
    await world.apply(wanted(temperature=0.2), draw_nonce=lambda: "N0nce123")
    world.revision = "7654321"
    report = await world.apply(wanted(temperature=0.5))
    mark = read_mark(world.store.one(GUAGUA).metadata)

    assert report.exit_code is ExitCode.DONE
    assert isinstance(mark, Mark)
    assert (mark.nonce, mark.revision, mark.fields["te"]) == ("N0nce123", "7654321", digest(0.5))
    await world.settled(wanted(temperature=0.5), objects=1, writes=2)


@pytest.mark.parametrize(
    "desired, edit",
    [
        pytest.param(wanted(temperature=0.5), {}, id="an update"),
        pytest.param(wanted(temperature=0.5), {"temperature": 0.5}, id="a refresh"),
        pytest.param(wanted(temperature=0.2, protect=True), {}, id="protection"),
    ],
)
async def test_a_write_keeps_what_the_mark_says_of_files(desired: Desired, edit: dict[str, Any]) -> None:
    """The digests of code files and the create's nonce are carried from mark to mark."""
    world = World()
    await world.apply(wanted(temperature=0.2), draw_nonce=lambda: "N0nce123")
    live = world.store.one(GUAGUA)
    world.store.edit_metadata(live.id, asstctl_base=live.metadata["asstctl_base"] + ";cf=12345678abcdefgh")
    world.store.edit(live.id, **edit)
    report = await world.apply(desired)
    mark = read_mark(world.store.one(GUAGUA).metadata)

    assert report.exit_code is ExitCode.DONE
    assert isinstance(mark, Mark)
    assert (mark.nonce, mark.files) == ("N0nce123", "12345678abcdefgh")
    await world.settled(desired, objects=1, writes=2)


@pytest.mark.parametrize(
    "before, after",
    [
        pytest.param(wanted(temperature=0.2), wanted(), id="a number"),
        pytest.param(wanted(tools=[{"type": "code_interpreter"}]), wanted(), id="tools"),
        pytest.param(wanted(metadata={"a": "1"}), wanted(), id="metadata"),
        pytest.param(wanted(response_format={"type": "text"}), wanted(response_format="auto"), id="response_format"),
        pytest.param(wanted(name="x", description="y", instructions="z"), wanted(), id="texts"),
        pytest.param(wanted(extensions__text={"a": 1}), wanted(), id="an extension"),
        pytest.param(wanted(), wanted(extensions__text={"a": 1}), id="a new extension"),
        pytest.param(wanted(protect=True), wanted(), id="protect"),
        pytest.param(wanted(tools=[{"type": "file_search"}]), wanted(tools=[FUNCTION]), id="other tools"),
    ],
)
async def test_every_change_is_one_write_and_then_nothing(before: Desired, after: Desired) -> None:
    """What is taken out goes back to its default."""
    world = await applied(before)
    assert (await world.apply(after)).exit_code is ExitCode.DONE

    await world.settled(after, objects=1, writes=1)


async def test_undeclared_metadata_survives_every_write() -> None:
    """Both wires replace it whole, so the live pairs are sent again."""
    world = await applied(wanted(temperature=0.2))
    world.store.edit_metadata("asst_1", theirs="x")
    await world.apply(wanted(temperature=0.5))

    assert user_pairs(world.store.one(GUAGUA)) == {"theirs": "x"}
    await world.settled(wanted(temperature=0.5), objects=1, writes=1)


async def test_undeclared_metadata_is_that_of_the_read_before_the_write() -> None:
    """Not that of the plan."""
    world = await applied(wanted(temperature=0.2))
    reading = await world.read()
    plan = world.decide(reading, wanted(temperature=0.5))
    world.store.edit_metadata("asst_1", theirs="x")
    world.clock.time += 10
    await world.carry_out(plan, reading)

    assert user_pairs(world.store.one(GUAGUA)) == {"theirs": "x"}
    await world.settled(wanted(temperature=0.5), objects=1, writes=1)


async def test_ignored_metadata_survives_every_write() -> None:
    """Declared, and not managed."""
    world = await applied(wanted(temperature=0.2, metadata={"a": "1"}))
    world.store.edit_metadata("asst_1", a="2")
    desired = wanted(temperature=0.5, metadata={"a": "1"}, ignored=["metadata"])
    await world.apply(desired)

    assert user_pairs(world.store.one(GUAGUA)) == {"a": "2"}
    await world.settled(desired, objects=1, writes=1)


# Stale marks.


async def test_a_stale_mark_is_refreshed_by_one_metadata_only_write() -> None:
    """Counted apart, and announced to nobody."""
    world = await applied(wanted(temperature=0.2))
    world.store.edit("asst_1", temperature=0.5)
    heard: list[Outcome] = []
    report = await world.apply(wanted(temperature=0.5), on_outcome=heard.append)

    assert (report.refreshed, report.with_status(APPLIED), heard) == (1, (), [])
    assert report.exit_code is ExitCode.DONE
    await world.settled(wanted(temperature=0.5), objects=1, writes=1)


async def test_a_refresh_that_fails_is_announced() -> None:
    """It makes the exit code, so somebody has to hear of it."""
    world = await applied(wanted(temperature=0.2))
    world.store.edit("asst_1", temperature=0.5)
    world.store.faults["update"].append(Fault(Rejected("no")))
    heard: list[Outcome] = []
    report = await world.apply(wanted(temperature=0.5), on_outcome=heard.append)

    assert [(o.status, o.detail, o.refresh) for o in heard] == [(FAILED, "no", True)]
    assert (report.refreshed, report.exit_code) == (0, ExitCode.FAILED)
    await world.apply(wanted(temperature=0.5))
    await world.settled(wanted(temperature=0.5), objects=1, writes=2)


# Updates whose end is not known.


@pytest.mark.parametrize("error", LOST)
@pytest.mark.parametrize("after, writes", [(True, 1), (False, 2)])
async def test_an_update_whose_answer_was_lost_is_asked_about(error: ProviderError, after: bool, writes: int) -> None:
    """And repeated only if the object still shows what the plan saw."""
    world = await applied(wanted(temperature=0.2))
    world.store.faults["update"].append(Fault(error, after=after))
    report = await world.apply(wanted(temperature=0.5))

    assert statuses(report) == {"guagua": APPLIED}
    assert world.store.count("get") == 1
    await world.settled(wanted(temperature=0.5), objects=1, writes=writes)


async def test_an_overwrite_whose_answer_was_lost_is_recognised_though_its_mark_did_not_change() -> None:
    """By its values."""
    world = await applied(wanted(temperature=0.2))
    world.store.edit("asst_1", temperature=0.9)
    world.store.faults["update"].append(Fault(AnswerLost("dropped"), after=True))
    report = await world.apply(wanted(temperature=0.2), policy=ALL)

    assert statuses(report) == {"guagua": APPLIED}
    await world.settled(wanted(temperature=0.2), objects=1, writes=1)


async def test_an_edit_in_the_middle_of_an_overwrite_is_not_taken_for_our_own_write() -> None:
    """The mark is the same before and after, so it proves nothing."""
    world = await applied(wanted(temperature=0.2))
    world.store.edit("asst_1", temperature=0.9)
    world.store.faults["update"].append(Fault(AnswerLost("dropped")))
    world.store.before = lambda verb, id: world.store.edit("asst_1", temperature=0.7) if verb == "get" else None
    report = await world.apply(wanted(temperature=0.2), policy=ALL)

    assert statuses(report) == {"guagua": UNKNOWN}
    assert report.warnings == ()
    world.store.before = lambda verb, id: None
    await world.apply(wanted(temperature=0.2), policy=ALL)
    await world.settled(wanted(temperature=0.2), objects=1, writes=2)


async def test_another_mark_in_the_middle_of_an_update_is_not_taken_for_our_own_write() -> None:
    """Another apply came between."""
    world = await applied(wanted(temperature=0.2))
    world.store.faults["update"].append(Fault(AnswerLost("dropped")))
    theirs = f"1;;mo{digest('gpt-4o')},te{digest(0.7)}"

    def act(verb: str, id: str | None) -> None:
        if verb == "get":
            world.store.edit("asst_1", temperature=0.7)
            world.store.edit_metadata("asst_1", asstctl_base=theirs)

    world.store.before = act
    report = await world.apply(wanted(temperature=0.5))

    assert (statuses(report), report.warnings) == ({"guagua": UNKNOWN}, ())
    world.store.before = lambda verb, id: None
    await world.apply(wanted(temperature=0.5))
    await world.settled(wanted(temperature=0.5), objects=1, writes=2)


async def test_an_edit_before_an_overwrite_is_not_taken_for_our_own_write() -> None:
    """Nothing was sent yet, so nothing can have been ours."""
    world = await applied(wanted(temperature=0.2))
    world.store.edit("asst_1", temperature=0.9)
    reading = await world.read()
    plan = world.decide(reading, wanted(temperature=0.2), policy=ALL)
    world.store.edit("asst_1", temperature=0.7)
    world.clock.time += 10
    report = await world.carry_out(plan, reading)

    assert statuses(report) == {"guagua": SKIPPED}
    assert world.store.writes == 0
    await world.apply(wanted(temperature=0.2), policy=ALL)
    await world.settled(wanted(temperature=0.2), objects=1, writes=1)


async def test_an_update_whose_end_nobody_can_say_is_unknown() -> None:
    """Not failed: it may have happened."""
    world = await applied(wanted(temperature=0.2))
    world.store.faults["update"].append(Fault(AnswerLost("dropped"), after=True))
    world.store.faults["get"].append(Fault(AnswerLost("dropped")))
    report = await world.apply(wanted(temperature=0.5))

    assert (statuses(report), report.exit_code) == ({"guagua": UNKNOWN}, ExitCode.INCONCLUSIVE)
    await world.settled(wanted(temperature=0.5), objects=1, writes=1)


async def test_an_update_that_was_never_sent_has_failed() -> None:
    """The read before it did not come through."""
    world = await applied(wanted(temperature=0.2))
    reading = await world.read()
    plan = world.decide(reading, wanted(temperature=0.5))
    world.clock.time += 10
    world.store.faults["get"].append(Fault(ServerFault("500")))
    report = await world.carry_out(plan, reading)

    assert statuses(report) == {"guagua": FAILED}
    assert world.store.writes == 0
    await world.apply(wanted(temperature=0.5))
    await world.settled(wanted(temperature=0.5), objects=1, writes=1)
