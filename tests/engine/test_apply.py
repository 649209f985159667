"""Applies: every one ends with an empty second plan and with counts of objects and writes on the server."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from asstctl.core.change import Action
from asstctl.core.errors import (
    AnswerLost,
    AuthFailed,
    BadAnswer,
    ProviderError,
    RateLimited,
    Rejected,
    ServerFault,
    Unreachable,
)
from asstctl.core.exit_codes import ExitCode
from asstctl.core.mark import Mark, read_mark
from asstctl.core.outcome import ApplyReport, Outcome, OutcomeStatus
from asstctl.core.resource import Desired
from asstctl.engine.policy import Policy
from asstctl.kinds.canonical import digest
from tests.engine.fakes import (
    CAPABILITIES,
    EPOCH,
    Clock,
    FakeStore,
    Fault,
    World,
    address,
    statuses,
    user_pairs,
    wanted,
)

pytestmark = pytest.mark.anyio

GUAGUA = "assistant.guagua"
APPLIED, FAILED, SKIPPED, UNKNOWN = OutcomeStatus
ALL = Policy(overwrite_drift=frozenset({"all"}))
NO_TIES = replace(CAPABILITIES, ties_in_creation_order=False)
FUNCTION = {"type": "function", "function": {"name": "f"}}
LAGGING = replace(CAPABILITIES, list_lag=5.0)


async def applied(*desired: Desired) -> World:
    """A world in which this was applied, with its counts at zero."""
    world = World()
    assert (await world.apply(*desired)).exit_code is ExitCode.DONE
    world.store.requests.clear()
    return world


# What an apply writes.


async def test_a_create_is_one_request_with_fields_and_mark_in_it() -> None:
    """The object is never there without its mark."""
    world = World()
    report = await world.apply(
        wanted(name="瓜瓜", temperature=None, metadata={"a": "1"}), draw_nonce=lambda: "N0nce123"
    )
    live = world.store.one(GUAGUA)

    assert [(o.status, o.remote_id, o.action) for o in report.outcomes] == [(APPLIED, live.id, Action.CREATE)]
    assert user_pairs(live) == {"a": "1"}
    assert read_mark(live.metadata) == Mark(
        "agiclass",
        address("guagua"),
        nonce="N0nce123",
        revision="1a2b3c4",
        fields={"mo": digest("gpt-4o"), "na": digest("瓜瓜"), "te": digest(None), "me": digest({"a": "1"})},
    )
    await world.settled(wanted(name="瓜瓜", temperature=None, metadata={"a": "1"}), objects=1, writes=1)


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


# Creates whose end is not known.


LOST = [AnswerLost("dropped"), ServerFault("500"), BadAnswer("not JSON")]


@pytest.mark.parametrize("error", LOST)
@pytest.mark.parametrize("lag", [0.0, 5.0])
async def test_a_create_whose_answer_was_lost_is_found_by_its_nonce(error: ProviderError, lag: float) -> None:
    """It is not sent again."""
    world = World(FakeStore(capabilities=LAGGING if lag else CAPABILITIES))
    world.store.lag = lag
    world.store.faults["create"].append(Fault(error, after=True))
    report = await world.apply(wanted(name="瓜瓜"))

    assert statuses(report) == {"guagua": APPLIED}
    assert report.outcomes[0].remote_id == "asst_1"
    world.store.lag = 0
    await world.settled(wanted(name="瓜瓜"), objects=1, writes=1)


@pytest.mark.parametrize("error", LOST)
async def test_a_create_that_cannot_be_found_is_unknown_and_never_repeated(error: ProviderError) -> None:
    """Two looks, then the nonce is said; planning again is safe."""
    world = World()
    world.store.faults["create"].append(Fault(error))
    report = await world.apply(wanted(), draw_nonce=lambda: "N0nce123")
    (outcome,) = report.outcomes

    assert (outcome.status, report.exit_code) == (UNKNOWN, ExitCode.INCONCLUSIVE)
    assert outcome.detail == f"{error.summary}; no object with nonce N0nce123 was found, it may still appear"
    assert (world.store.count("create"), world.store.count("list")) == (1, 3)
    await world.apply(wanted())
    await world.settled(wanted(), objects=1, writes=2)


async def test_a_create_that_appears_late_is_not_made_twice() -> None:
    """It bears its mark, so the next plan finds it."""
    world = World()
    world.store.faults["create"].append(Fault(AnswerLost("dropped"), after=True, late=60))
    assert statuses(await world.apply(wanted())) == {"guagua": UNKNOWN}
    world.clock.time += 60

    await world.settled(wanted(), objects=1, writes=1)


async def test_a_lost_answer_waits_for_the_lag_before_it_looks() -> None:
    """And a little longer before it looks again."""
    world = World(FakeStore(capabilities=LAGGING))
    world.store.faults["create"].append(Fault(AnswerLost("dropped")))
    await world.apply(wanted())

    assert world.clock.slept == [5.0, 0.5]


@pytest.mark.parametrize(
    "error", [Unreachable("refused"), RateLimited("slow down"), RateLimited("slow down", retry_after=7)]
)
async def test_a_create_that_certainly_did_not_happen_is_repeated(error: ProviderError) -> None:
    """Three times if need be."""
    world = World()
    world.store.faults["create"].extend([Fault(error)] * 3)
    report = await world.apply(wanted())

    assert statuses(report) == {"guagua": APPLIED}
    assert len(world.clock.slept) == 3
    assert error.retry_after is None or world.clock.slept == [7, 7, 7]
    await world.settled(wanted(), objects=1, writes=4)


async def test_a_rejected_create_fails_alone() -> None:
    """With its request id."""
    world = World()
    world.store.faults["create"].append(Fault(Rejected("bad model", hint="name another", request_id="req_1")))
    report = await world.apply(wanted("a"), wanted("b"))

    assert statuses(report) == {"a": FAILED, "b": APPLIED}
    assert (report.outcomes[0].detail, report.outcomes[0].request_id) == ("bad model", "req_1")
    assert report.exit_code is ExitCode.FAILED
    await world.apply(wanted("a"), wanted("b"))
    await world.settled(wanted("a"), wanted("b"), objects=2, writes=3)


async def test_many_creates_with_lost_answers_make_one_object_each() -> None:
    """Every second answer is lost, half of those with effect."""
    world = World()
    world.store.faults["create"].extend(
        [None, Fault(AnswerLost("dropped"), after=True), None, Fault(ServerFault("500"))] * 10
    )
    desired = [wanted(f"a{number}") for number in range(40)]
    report = await world.apply(*desired)

    assert (len(report.with_status(APPLIED)), len(report.with_status(UNKNOWN))) == (30, 10)
    await world.apply(*desired)
    await world.settled(*desired, objects=40, writes=50)


# A server that loses metadata.


async def test_an_object_that_lost_its_mark_is_deleted_again_and_nothing_more_is_made() -> None:
    """Else every apply would make another copy."""
    world = World(concurrency=2)
    world.store.rewrite = lambda fields: {**fields, "metadata": {}}
    report = await world.apply(*(wanted(f"a{number}") for number in range(9)))
    why = "local does not keep metadata, without which nothing there can be ours"

    assert [o.detail for o in report.with_status(FAILED)] == [
        f"{why}; asst_1 was deleted again",
        f"{why}; asst_2 was deleted again",
    ]
    assert {o.detail for o in report.with_status(SKIPPED)} == {f"not attempted: {why}"}
    assert (world.store.objects, world.store.count("create"), world.store.count("delete")) == ({}, 2, 2)


async def test_an_object_that_lost_its_mark_and_cannot_be_read_stays_and_is_named() -> None:
    """Nothing is deleted without evidence."""
    world = World()
    world.store.rewrite = lambda fields: {**fields, "metadata": {}}
    world.store.always["get"] = Fault(ServerFault("500"))
    (outcome,) = (await world.apply(wanted())).outcomes

    assert (outcome.status, outcome.remote_id) == (FAILED, "asst_1")
    assert outcome.detail == "asst_1 was created without our mark, and stays: 500"
    assert world.store.count("delete") == 0


async def test_an_answer_that_only_does_not_show_the_mark_is_read_again() -> None:
    """What counts is what is stored."""
    world = World()
    shown = FakeStore.create

    async def hiding(kind: str, fields: Any) -> Any:
        return replace(await shown(world.store, kind, fields), metadata={})

    world.store.create = hiding  # type: ignore[method-assign]
    report = await world.apply(wanted(metadata={"a": "1"}))

    assert (statuses(report), report.warnings) == ({"guagua": APPLIED}, ())
    await world.settled(wanted(metadata={"a": "1"}), objects=1, writes=1)


# Two applies at once.


async def race(world: World, *, first: bool) -> tuple[ApplyReport, str]:
    """Another apply creates the same address in the same second, before or after ours."""
    other: list[str] = []

    def act(verb: str, id: str | None) -> None:
        if verb == ("create" if first else "list") and not other:
            rival = Mark("agiclass", address("guagua"), nonce="riv4lriv", fields={"mo": digest("gpt-4o")})
            other.append(world.store.put(metadata=rival.metadata()).id)
            world.store.objects[other[0]].created_at = EPOCH

    reading = await world.read()
    plan = world.decide(reading, wanted())
    world.store.before = act
    report = await world.carry_out(plan, reading)
    world.store.before = lambda verb, id: None
    return report, other[0]


@pytest.mark.parametrize("capabilities", [CAPABILITIES, NO_TIES])
async def test_of_two_applies_at_once_the_later_loses_its_own_object_and_says_so(capabilities: Any) -> None:
    """Exactly one object remains."""
    world = World(FakeStore(capabilities=capabilities))
    report, winner = await race(world, first=True)
    (outcome,) = report.outcomes

    assert (outcome.status, outcome.remote_id, report.exit_code) == (FAILED, winner, ExitCode.FAILED)
    assert outcome.detail == f"another apply created {winner} first; asst_2 was deleted again"
    await world.settled(wanted(), objects=1, writes=2)


async def test_the_earlier_of_two_applies_keeps_its_object() -> None:
    """It deletes nothing: the other is not its own."""
    world = World()
    report, other = await race(world, first=False)

    assert statuses(report) == {"guagua": APPLIED}
    assert report.warnings == (f"{GUAGUA}: {other} was made at the same time and bears the address too",)
    assert world.store.count("delete") == 0
    assert [live.id for live in world.store.bearing(GUAGUA)] == ["asst_1", "asst_2"]


async def test_without_ties_in_creation_order_the_lower_id_of_one_second_wins() -> None:
    """Even one that was made after ours."""
    world = World(FakeStore(capabilities=NO_TIES))
    world.store.ids = iter(["asst_b", "asst_a"])
    report, _ = await race(world, first=False)

    assert statuses(report) == {"guagua": FAILED}
    await world.settled(wanted(), objects=1, writes=2)


@pytest.mark.parametrize("capabilities, waits", [(CAPABILITIES, []), (NO_TIES, [1.0]), (LAGGING, [5.0])])
async def test_the_proving_listing_waits_for_lag_and_second(capabilities: Any, waits: list[float]) -> None:
    """Only where the wire makes that necessary."""
    world = World(FakeStore(capabilities=capabilities))
    await world.apply(wanted("a"), wanted("b"))

    assert world.clock.slept == waits
    assert world.store.count("list") == 2
    await world.settled(wanted("a"), wanted("b"), objects=2, writes=2)


@pytest.mark.parametrize("capabilities", [CAPABILITIES, NO_TIES, LAGGING])
async def test_two_real_applies_at_once_leave_one_object_each(capabilities: Any) -> None:
    """Whoever wins."""
    store = FakeStore(capabilities=capabilities)
    store.lag = capabilities.list_lag
    desired = [wanted(f"a{number}") for number in range(10)]
    one, other = World(store, concurrency=2), World(store, concurrency=3)
    reports = await asyncio.gather(one.apply(*desired), other.apply(*reversed(desired)))

    outcomes = [o for report in reports for o in report.outcomes]
    assert sum(o.status is APPLIED for o in outcomes) == 10
    assert all("another apply created" in o.detail for o in outcomes if o.status is FAILED)
    store.lag = 0
    await one.settled(*desired, objects=10, writes=store.writes)
    assert store.count("create") - store.count("delete") == 10


async def test_the_delete_of_a_lost_race_is_repeated_when_its_answer_is_lost() -> None:
    """Nobody else's object has its id."""
    world = World()
    world.store.faults["delete"].extend([Fault(AnswerLost("dropped")), Fault(AnswerLost("dropped"), after=True)])
    report, winner = await race(world, first=True)

    assert report.outcomes[0].detail.endswith("asst_2 was deleted again")
    assert list(world.store.objects) == [winner]
    await world.settled(wanted(), objects=1, writes=4)


async def test_a_lost_race_whose_object_cannot_be_deleted_says_so() -> None:
    """The pair is reported by the next plan."""
    world = World()
    world.store.always["delete"] = Fault(Rejected("not allowed"))
    report, winner = await race(world, first=True)

    assert report.outcomes[0].detail == f"another apply created {winner} first; deleting asst_2 failed: not allowed"
    plan = await world.plan(wanted())
    assert (plan.is_empty, "asst_2" in plan.notes[0]) == (True, True)


async def test_an_object_that_is_not_listed_after_its_create_is_not_deleted() -> None:
    """Without proof nothing is; the plan after it finds both sides settled."""
    world = World()
    world.store.lag = 60
    report = await world.apply(wanted())

    assert statuses(report) == {"guagua": APPLIED}
    assert report.warnings == (f"{GUAGUA}: asst_1 was created and is not listed; plan again",)
    world.store.lag, world.clock.time = 0, 100
    await world.settled(wanted(), objects=1, writes=1)


async def test_an_object_that_is_not_listed_beside_another_is_not_deleted_either() -> None:
    """The other may be the younger one and go; the next plan reports the pair if it does not."""
    world = World()
    put = world.store.put

    def put_at_once(**fields: Any) -> Any:
        live = put(**fields)
        world.store.lag = 60
        return live

    world.store.put = put_at_once  # type: ignore[method-assign]
    report, winner = await race(world, first=True)

    assert statuses(report) == {"guagua": APPLIED}
    assert report.warnings == (f"{GUAGUA}: asst_2 was created and is not listed; plan again",)
    assert sorted(world.store.objects) == sorted([winner, "asst_2"])
    world.clock.time += 60
    plan = await world.plan(wanted())
    assert (plan.is_empty, "asst_2" in plan.notes[0]) == (True, True)


async def test_a_failed_proof_is_a_warning() -> None:
    """What was created was created."""
    world = World()
    world.store.faults["list"].extend([None, Fault(ServerFault("500"))])
    report = await world.apply(wanted())

    assert statuses(report) == {"guagua": APPLIED}
    assert "the listing that proves uniqueness failed (500)" in report.warnings[0]
    await world.settled(wanted(), objects=1, writes=1)


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


async def test_an_update_that_always_breaks_is_tried_four_times_with_pauses() -> None:
    """Each after a read of its own."""
    world = await applied(wanted(temperature=0.2))
    world.store.always["update"] = Fault(ServerFault("500"))
    report = await world.apply(wanted(temperature=0.5))

    assert statuses(report) == {"guagua": UNKNOWN}
    assert (world.store.count("update"), world.store.count("get"), len(world.clock.slept)) == (4, 3, 3)
    del world.store.always["update"]
    await world.apply(wanted(temperature=0.5))
    await world.settled(wanted(temperature=0.5), objects=1, writes=5)


# Freshness.


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


# At once, in waves, stopped, hopeless.


async def test_independent_work_runs_at_once_up_to_the_limit() -> None:
    """Eight by default."""
    world = World()
    desired = [wanted(f"a{number}") for number in range(30)]
    await world.apply(*desired)

    assert world.store.most_in_flight == 8
    assert world.store.requests.count(("list", None)) == 2
    await world.settled(*desired, objects=30, writes=30)


async def test_a_429_narrows_what_runs_at_once() -> None:
    """And nothing is lost by it."""
    world = World()
    seen: list[int] = []
    world.store.before = lambda verb, id: seen.append(world.store._in_flight)
    world.store.faults["create"].extend([Fault(RateLimited("slow down", retry_after=1))] * 8)
    desired = [wanted(f"a{number}") for number in range(24)]
    report = await world.apply(*desired)

    assert report.exit_code is ExitCode.DONE
    assert max(seen) == 8
    assert min(seen[9:]) == 1
    await world.settled(*desired, objects=24, writes=32)


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


async def test_a_stop_drains_and_reports() -> None:
    """What runs is finished, what does not is not begun, and everything is said."""
    world = World(concurrency=2)
    stop = asyncio.Event()
    world.store.before = lambda verb, id: stop.set() if world.store.count("create") >= 3 else None
    desired = [wanted(f"a{number}") for number in range(9)]
    report = await world.apply(*desired, stop=stop)

    assert (report.interrupted, report.exit_code) == (True, ExitCode.INTERRUPTED)
    done = report.with_status(APPLIED)
    assert len(done) == len(world.store.objects) == world.store.writes
    assert 3 <= len(done) <= 4
    assert {o.detail for o in report.with_status(SKIPPED)} == {"interrupted before it was started"}
    assert len(report.outcomes) == 9
    world.store.before = lambda verb, id: None
    await world.apply(*desired)
    await world.settled(*desired, objects=9, writes=9)


@pytest.mark.parametrize(
    "error", [Unreachable("cannot reach it"), AuthFailed("the key was refused"), RateLimited("slow down")]
)
async def test_a_hopeless_server_does_not_make_200_objects_wait(error: ProviderError) -> None:
    """The first few find out, the rest are not attempted."""
    world = World()
    world.store.always["create"] = Fault(error)
    desired = [wanted(f"a{number}") for number in range(200)]
    report = await world.apply(*desired)

    assert len(report.outcomes) == 200
    assert len(report.with_status(FAILED)) <= 8
    assert {o.detail for o in report.with_status(SKIPPED)} == {f"not attempted: {error.summary}"}
    assert world.store.writes <= 32
    del world.store.always["create"]
    written = world.store.writes
    await world.apply(*desired)
    await world.settled(*desired, objects=200, writes=written + 200)


async def test_a_server_that_loses_every_answer_does_not_make_200_objects_wait() -> None:
    """Neither creates nor the looks for them come through."""
    world = World()
    reading = await world.read()
    desired = [wanted(f"a{number}") for number in range(200)]
    plan = world.decide(reading, *desired)
    for verb in ("create", "list", "get"):
        world.store.always[verb] = Fault(AnswerLost("timed out"))
    report = await world.carry_out(plan, reading)

    assert len(report.with_status(UNKNOWN)) == 8
    assert len(report.with_status(SKIPPED)) == 192
    world.store.always.clear()
    await world.apply(*desired)
    await world.settled(*desired, objects=200, writes=208)


async def test_reads_that_find_no_answer_do_not_make_200_updates_wait() -> None:
    """The first few find out."""
    before = [wanted(f"a{number}", temperature=0.2) for number in range(200)]
    after = [wanted(f"a{number}", temperature=0.5) for number in range(200)]
    world = await applied(*before)
    reading = await world.read()
    plan = world.decide(reading, *after)
    world.clock.time += 10
    world.store.always["get"] = Fault(AnswerLost("timed out"))
    report = await world.carry_out(plan, reading)

    assert (len(report.with_status(FAILED)), len(report.with_status(SKIPPED))) == (8, 192)
    assert (world.store.count("get"), world.store.writes) == (8, 0)
    world.store.always.clear()
    await world.apply(*after)
    await world.settled(*after, objects=200, writes=200)


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


# A provider that rewrites values.


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


# Time.


async def test_seconds_are_those_of_the_requests() -> None:
    """By the clock of the run."""
    world = World(FakeStore(Clock()))
    world.store.latency = 0.25
    report = await world.apply(wanted())

    assert report.outcomes[0].seconds == 0.25
    await world.settled(wanted(), objects=1, writes=1)
