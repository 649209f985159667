"""Creates: one object per address, also when an answer is lost, a mark is lost or another apply races."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from asstctl.core.change import Action
from asstctl.core.errors import AnswerLost, ProviderError, Rejected, ServerFault
from asstctl.core.exit_codes import ExitCode
from asstctl.core.mark import Mark, read_mark
from asstctl.core.outcome import ApplyReport
from asstctl.kinds.canonical import digest
from tests.engine.fakes import CAPABILITIES, EPOCH, FakeStore, Fault, World, address, statuses, user_pairs, wanted
from tests.engine.worlds import APPLIED, FAILED, GUAGUA, LAGGING, LOST, SKIPPED, UNKNOWN

pytestmark = pytest.mark.anyio

NO_TIES = replace(CAPABILITIES, ties_in_creation_order=False)


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


# Creates whose end is not known.


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


async def test_on_an_unknown_server_one_lost_create_does_not_hold_up_the_others_one_by_one() -> None:
    """200 requests that run into their time-out take as long as 25: eight at once, after the first one alone."""
    world = World(FakeStore(capabilities=replace(CAPABILITIES, trusted=False)))
    world.store.always["create"] = Fault(AnswerLost("timed out"))
    desired = [wanted(f"a{number}") for number in range(200)]
    report = await world.apply(*desired)

    assert len(report.with_status(UNKNOWN)) == world.store.count("create") == 200
    assert world.store.most_in_flight == 8
    world.store.always.clear()
    assert (await world.apply(*desired)).exit_code is ExitCode.DONE
    await world.settled(*desired, objects=200, writes=400)


async def test_on_an_unknown_server_the_others_wait_for_the_first_create() -> None:
    """Until it was read back nothing else is made; what is refused proves nothing and costs nothing."""
    world = World(FakeStore(capabilities=replace(CAPABILITIES, trusted=False)))
    world.store.faults["create"].extend([Fault(Rejected("no")), None])
    desired = [wanted(f"a{number}") for number in range(9)]
    report = await world.apply(*desired)

    verbs = [verb for verb, _ in world.store.requests if verb in ("create", "get")]
    assert verbs[:3] == ["create", "create", "get"]
    assert verbs.count("get") == 1
    assert len(report.with_status(APPLIED)) == 8
    await world.apply(*desired)
    await world.settled(*desired, objects=9, writes=10)


async def test_a_server_that_answers_nothing_is_given_up_after_the_first_create() -> None:
    """Neither a create nor a listing: the others are not even tried."""
    world = World(FakeStore(capabilities=replace(CAPABILITIES, trusted=False)))
    world.store.always["create"] = Fault(AnswerLost("timed out"))

    def deaf(verb: str, id: str | None) -> None:
        if verb == "create":
            world.store.always["list"] = Fault(AnswerLost("timed out"))

    world.store.before = deaf
    desired = [wanted(f"a{number}") for number in range(200)]
    report = await world.apply(*desired)

    assert (len(report.with_status(UNKNOWN)), len(report.with_status(SKIPPED))) == (1, 199)
    assert world.store.count("create") == 1
    world.store.before = lambda verb, id: None
    world.store.always.clear()
    assert (await world.apply(*desired)).exit_code is ExitCode.DONE
    await world.settled(*desired, objects=200, writes=201)


async def test_a_doubtful_first_create_bounds_what_a_server_that_loses_marks_is_given() -> None:
    """No more than run at once, and all of it is deleted again."""
    world = World(FakeStore(capabilities=replace(CAPABILITIES, trusted=False)))
    world.store.rewrite = lambda fields: {**fields, "metadata": {}}
    world.store.faults["create"].append(Fault(AnswerLost("timed out")))
    report = await world.apply(*(wanted(f"a{number}") for number in range(200)))

    assert world.store.objects == {}
    assert world.store.count("create") <= 1 + 8
    assert report.exit_code is ExitCode.FAILED


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
    assert report.warnings == (f"{GUAGUA}: asst_1 was created and is not listed; to look again: asstctl plan",)
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
    assert report.warnings == (f"{GUAGUA}: asst_2 was created and is not listed; to look again: asstctl plan",)
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
