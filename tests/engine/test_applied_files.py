"""Files of a vector store: brought in, waited for, and only then what they replace goes."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from asstctl.core.change import FileAction
from asstctl.core.errors import AnswerLost, ProviderError, RateLimited, Rejected, ServerFault
from asstctl.core.exit_codes import ExitCode
from asstctl.core.knowledge import KnowledgeFile
from asstctl.core.outcome import Progress
from asstctl.engine.planning.policy import Policy
from asstctl.render.plan import plan_text
from tests.engine.fake_files import knowledge
from tests.engine.fakes import FakeStore, Fault, World, knowing, statuses, store_address, wanted, wanted_store
from tests.engine.worlds import APPLIED, FAILED, LAGGING, LOST, SKIPPED, UNKNOWN

pytestmark = pytest.mark.anyio

HANDBOOK = "vector_store.handbook"
A, B = knowledge("docs/a.md", "alpha"), knowledge("docs/b.md", "beta!")
NEW_C = knowledge("docs/c.md", "gamma")
NEW_A = knowledge("docs/a.md", "alpha, the second")


def handbook(*files: KnowledgeFile, **fields: Any) -> Any:
    return wanted_store(files=files, name="Handbook", **fields)


async def stocked(*files: KnowledgeFile, **settings: Any) -> World:
    """A world in which a store was filled, with its counts at zero."""
    world = knowing(**settings)
    report = await world.apply(handbook(*files))
    assert report.exit_code is ExitCode.DONE, report
    for half in (world.store, world.files):
        half.requests.clear()
    world.store.log.clear()
    return world


def verbs(world: World) -> list[str]:
    """The writes in their order."""
    return [verb for verb, _ in world.files.requests if verb in world.files.writing]


def store_id(world: World) -> str:
    return world.store.one(HANDBOOK).id


@pytest.mark.parametrize("looks", [0, 1, 3, 6])
async def test_a_store_is_made_and_filled_and_then_nothing_is_left(looks: int) -> None:
    """However long processing takes."""
    world = knowing()
    world.files.looks = looks
    report = await world.apply(handbook(A, B))

    assert [(o.status, o.remote_id) for o in report.outcomes] == [(APPLIED, "vs_1")]
    assert sorted(verbs(world)) == ["attach", "attach", "upload", "upload"]
    assert set(world.files.held("vs_1")) == {"docs/a.md", "docs/b.md"}
    await world.settled(handbook(A, B), objects=1, writes=1, uploads=2)


async def test_a_replaced_file_goes_only_after_its_successor_is_processed() -> None:
    """The store is never without it, and its own object is not written."""
    world = await stocked(A, B)
    world.files.looks = 3
    before = world.files.held(store_id(world))
    report = await world.apply(handbook(NEW_A, B))

    assert (report.exit_code, verbs(world)) == (ExitCode.DONE, ["upload", "attach", "detach", "delete"])
    looked = [verb for verb, _ in world.files.requests]
    assert looked.index("detach") > max(i for i, verb in enumerate(looked) if verb == "attachment")
    after = world.files.held(store_id(world))
    assert (after["docs/b.md"], after["docs/a.md"]) == (before["docs/b.md"], "file-3")
    await world.settled(handbook(NEW_A, B), objects=1, writes=0, uploads=2)


async def test_failed_processing_keeps_the_predecessor_and_names_file_and_reason() -> None:
    """The others go on; the next apply tries again and clears away both."""
    world = await stocked(A)
    world.files.failing["a.md"] = "it is encrypted"
    (outcome,) = (await world.apply(handbook(NEW_A, B))).outcomes

    assert (outcome.status, outcome.detail) == (FAILED, "1 of 2 files not done: docs/a.md: it is encrypted")
    assert "file-1" in world.files.stores["vs_1"]
    world.files.failing.clear()
    assert (await world.apply(handbook(NEW_A, B))).exit_code is ExitCode.DONE
    await world.settled(handbook(NEW_A, B), objects=1, writes=0, uploads=2)


async def test_a_file_that_cannot_be_processed_is_sent_once_and_tried_again_with_every_apply() -> None:
    """POST /files is counted: the bytes are there, so only the attachment is made anew. The plan says why."""
    world = knowing()
    world.files.failing["a.md"] = "it is encrypted"
    await world.apply(handbook(A))
    for _ in range(3):
        (change,) = (await world.plan(handbook(A))).pending
        (file,) = change.files
        assert (file.action, file.reason) == (FileAction.REATTACH, "processing of file-1 failed: it is encrypted")
        assert "tried again with the same upload" in plan_text(await world.plan(handbook(A)))
        (outcome,) = (await world.apply(handbook(A))).outcomes
        assert (outcome.status, outcome.detail) == (FAILED, "1 of 1 files not done: docs/a.md: it is encrypted")
    assert verbs(world) == ["upload", "attach", *["detach", "attach"] * 3]
    world.files.failing.clear()
    assert (await world.apply(handbook(A))).exit_code is ExitCode.DONE
    assert world.files.count("upload") == 1
    await world.settled(handbook(A), objects=1, writes=1, uploads=1)


async def test_a_replacement_that_failed_is_tried_again_and_only_then_its_predecessor_goes() -> None:
    """Two uploads in all."""
    world = await stocked(A)
    world.files.failing["a.md"] = "it is encrypted"
    for _ in range(2):
        assert (await world.apply(handbook(NEW_A))).exit_code is ExitCode.FAILED
        assert "file-1" in world.files.stores["vs_1"]
    world.files.failing.clear()
    assert (await world.apply(handbook(NEW_A))).exit_code is ExitCode.DONE
    assert (world.files.count("upload"), world.files.held("vs_1")) == (1, {"docs/a.md": "file-2"})
    await world.settled(handbook(NEW_A), objects=1, writes=0, uploads=1)


async def test_every_failed_file_is_named_and_what_needs_the_store_is_skipped() -> None:
    """Exit 1."""
    world = knowing()
    world.files.failing.update({"a.md": "it is encrypted", "b.md": "it is empty"})
    report = await world.apply(handbook(A, B, knowledge("docs/c.md")), wanted(stores=["handbook"]))

    assert statuses(report) == {"handbook": FAILED, "guagua": SKIPPED}
    assert report.outcomes[0].detail == "2 of 3 files not done:\ndocs/a.md: it is encrypted\ndocs/b.md: it is empty"
    assert report.outcomes[1].detail == f"{HANDBOOK}, which it needs, was not applied"
    world.files.failing.clear()
    desired = [handbook(A, B, knowledge("docs/c.md")), wanted(stores=["handbook"])]
    assert (await world.apply(*desired)).exit_code is ExitCode.DONE
    await world.settled(*desired, objects=2, writes=2, uploads=3)


async def test_new_chunking_needs_no_upload() -> None:
    """Detached and attached again with the new strategy."""
    static = {"type": "static", "static": {"max_chunk_size_tokens": 200, "chunk_overlap_tokens": 50}}
    cut = knowledge("docs/a.md", "alpha", chunking=static)
    world = await stocked(A)
    await world.apply(handbook(cut))

    assert verbs(world) == ["detach", "attach"]
    assert world.files.held("vs_1") == {"docs/a.md": "file-1"}
    await world.settled(handbook(cut), objects=1, writes=0, uploads=1)


async def test_other_attributes_are_one_write() -> None:
    """Neither an upload nor new processing."""
    labelled = knowledge("docs/a.md", "alpha", lang="en")
    world = await stocked(A)
    await world.apply(handbook(labelled))

    assert verbs(world) == ["relabel"]
    await world.settled(handbook(labelled), objects=1, writes=0, uploads=1)


async def test_what_is_no_longer_declared_goes_and_foreign_files_stay() -> None:
    """Without our attributes a file is nobody's business."""
    world = await stocked(A, B)
    foreign = world.files.put("vs_1")
    await world.apply(handbook(A))

    assert verbs(world) == ["detach", "delete"]
    assert set(world.files.held("vs_1").values()) == {"file-1", foreign}
    await world.settled(handbook(A), objects=1, writes=0, uploads=2)


async def test_a_deleted_store_takes_our_uploads_along_and_no_foreign_one() -> None:
    """The uploads go first: what is left of a killed run still bears a mark."""
    world = await stocked(A, B)
    foreign = world.files.put("vs_1")
    report = await world.destroy()

    assert report.exit_code is ExitCode.DONE
    assert [verb for verb, _ in world.store.log if verb in ("delete", "detach")] == ["delete"] * 3
    assert (list(world.store.objects), list(world.files.uploaded)) == ([], [foreign])
    assert (await world.plan_destroy())[0].is_empty


async def test_an_upload_that_cannot_be_deleted_keeps_its_store() -> None:
    """The next destroy goes on where this one ended."""
    world = await stocked(A, B)
    world.files.faults["delete"].append(Fault(Rejected("not now")))
    (outcome,) = (await world.destroy()).outcomes

    assert (outcome.status, outcome.detail) == (FAILED, "1 of 2 files not done: docs/a.md: not now")
    assert len(world.store.objects) == 1
    assert (await world.destroy()).exit_code is ExitCode.DONE
    assert (world.store.objects, world.files.uploaded) == ({}, {})


# Answers that are lost.


@pytest.mark.parametrize("error", LOST)
@pytest.mark.parametrize("lag", [0.0, 5.0])
async def test_a_lost_upload_is_found_in_the_listing_and_not_sent_again(error: ProviderError, lag: float) -> None:
    """By name and size, beside one that was there before."""
    world = knowing(FakeStore(capabilities=LAGGING if lag else FakeStore().capabilities))
    world.files.put_upload("a.md", A.file.bytes)
    world.clock.time += 10
    world.files.lag = lag
    world.files.faults["upload"].append(Fault(error, after=True))
    report = await world.apply(handbook(A))

    assert (statuses(report), world.files.count("upload")) == ({"handbook": APPLIED}, 1)
    world.files.lag = 0
    world.clock.time += 10
    await world.settled(handbook(A), objects=1, writes=1, uploads=2)


@pytest.mark.parametrize("error", LOST)
async def test_an_upload_that_is_not_found_is_unknown_and_never_repeated(error: ProviderError) -> None:
    """The next apply sends it."""
    world = knowing()
    world.files.faults["upload"].append(Fault(error))
    report = await world.apply(handbook(A, B))

    assert (statuses(report), report.exit_code) == ({"handbook": UNKNOWN}, ExitCode.INCONCLUSIVE)
    assert report.outcomes[0].detail == f"1 of 2 files not done: docs/a.md: {error.summary}"
    assert world.files.count("upload") == 2
    await world.apply(handbook(A, B))
    await world.settled(handbook(A, B), objects=1, writes=1, uploads=2)


async def test_of_two_new_uploads_that_could_be_it_none_is_taken() -> None:
    """Somebody else sent one of the same name and size at that moment."""
    world = knowing()
    world.files.faults["upload"].append(Fault(AnswerLost("lost"), after=True))
    world.files.before = lambda verb, id: world.files.put_upload("a.md", 5) and None if verb == "upload" else None
    report = await world.apply(handbook(A))

    assert statuses(report) == {"handbook": UNKNOWN}
    assert world.files.count("attach") == 0


async def test_files_of_one_name_and_size_are_never_mixed_up() -> None:
    """They are sent one after the other, and each finds its own."""
    files = [knowledge(f"docs/{number}/index.md", f"page {number}") for number in range(6)]
    world = knowing()
    world.files.faults["upload"].extend([Fault(AnswerLost("lost"), after=True)] * 6)
    await world.apply(handbook(*files))

    held = world.files.held("vs_1")
    assert all(world.files.uploaded[held[file.file.path]].sha256 == file.file.sha256 for file in files)
    await world.settled(handbook(*files), objects=1, writes=1, uploads=6)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("verb", ["attach", "detach", "delete", "relabel"])
@pytest.mark.parametrize("error", LOST)
async def test_what_may_be_sent_twice_ends_well_after_a_lost_answer(
    error: ProviderError, verb: str, after: bool
) -> None:
    """An attach looks first, the others are sent again."""
    labelled = knowledge("docs/b.md", "beta!", lang="en")
    world = await stocked(A, B)
    world.files.faults[verb].append(Fault(error, after=after))
    report = await world.apply(handbook(NEW_A, labelled))

    assert report.exit_code is ExitCode.DONE
    assert world.files.count("attach") == (2 if verb == "attach" and not after else 1)
    await world.settled(handbook(NEW_A, labelled), objects=1, writes=0, uploads=2)


async def test_a_429_is_waited_out() -> None:
    """Nothing happened, so it is sent again."""
    world = knowing()
    for verb in ("upload", "attach"):
        world.files.faults[verb].append(Fault(RateLimited("slow down", retry_after=3)))
    report = await world.apply(handbook(A))

    assert (report.exit_code, world.clock.slept.count(3)) == (ExitCode.DONE, 2)
    await world.settled(handbook(A), objects=1, writes=1, uploads=1)


async def test_a_file_that_changed_on_disk_is_refused_and_the_rest_goes_on() -> None:
    """The plan is of other content."""
    world = knowing()
    world.files.changed.add("docs/a.md")
    (outcome,) = (await world.apply(handbook(A, B))).outcomes

    assert outcome.detail == "1 of 2 files not done: docs/a.md: docs/a.md changed while it was sent"
    world.files.changed.clear()
    await world.apply(handbook(A, B))
    await world.settled(handbook(A, B), objects=1, writes=1, uploads=2)


# What changed since the plan.


@pytest.mark.parametrize("seconds", [0, 10])
@pytest.mark.parametrize("action", [FileAction.REPLACE, FileAction.REMOVE, FileAction.REATTACH])
async def test_a_file_that_somebody_took_over_is_left_alone(action: FileAction, seconds: int) -> None:
    """It no longer bears our attributes."""
    cut = knowledge(
        "docs/a.md",
        "alpha",
        chunking={"type": "static", "static": {"max_chunk_size_tokens": 200, "chunk_overlap_tokens": 50}},
    )
    files = {FileAction.REPLACE: [NEW_A], FileAction.REMOVE: [], FileAction.REATTACH: [cut]}[action]
    world = await stocked(A)
    reading = await world.read()
    plan = world.decide(reading, handbook(*files))
    world.clock.time += 10
    await world.files.relabel("vs_1", "file-1", {})
    report = await world.carry_out(plan, reading)

    assert report.exit_code is ExitCode.FAILED
    assert "file-1 changed since the plan" in report.outcomes[0].detail
    assert "file-1" in world.files.stores["vs_1"]
    assert "file-1" in world.files.uploaded


async def test_a_file_that_another_apply_has_added_meanwhile_is_not_added_again() -> None:
    """Planning again finds it there."""
    world = await stocked()
    reading = await world.read()
    plan = world.decide(reading, handbook(A))
    world.clock.time += 10
    theirs = world.files.put("vs_1", A)
    (outcome,) = (await world.carry_out(plan, reading)).outcomes

    assert (outcome.status, outcome.detail) == (
        SKIPPED,
        f"1 of 1 files not done: docs/a.md: {theirs} was put there since the plan",
    )
    await world.settled(handbook(A), objects=1, writes=0, uploads=1)


async def test_a_store_that_is_gone_gets_no_files() -> None:
    """Nothing is uploaded for it."""
    world = await stocked(A)
    reading = await world.read()
    plan = world.decide(reading, handbook(A, B))
    world.clock.time += 10
    world.store.remove("vs_1")
    (outcome,) = (await world.carry_out(plan, reading)).outcomes

    assert (outcome.status, outcome.detail) == (SKIPPED, "it was deleted from local since the plan")
    assert world.files.count("upload") == 0


# Pace.


async def test_files_run_at_once_up_to_the_limit_and_are_looked_up_together() -> None:
    """Listings, not a look at each."""
    files = [knowledge(f"docs/{number}.md", f"page {number}") for number in range(40)]
    world = knowing()
    world.files.looks, world.files.turns = 4, 40
    await world.apply(handbook(*files))

    assert world.files.most_in_flight == 8
    assert world.files.count("attachment") == 0
    assert world.files.count("attached") == 4
    assert world.files.count("uploads") == 1
    await world.settled(handbook(*files), objects=1, writes=1, uploads=40)


async def test_waiting_backs_off_and_ends_with_the_time_of_the_object() -> None:
    """The outcome says what was waited for; a file that comes through later needs nothing more."""
    world = knowing()
    world.files.looks = 1000
    (outcome,) = (await world.apply(handbook(A))).outcomes

    assert (outcome.status, outcome.detail) == (
        UNKNOWN,
        "1 of 1 files not done: docs/a.md: file-1 was still processed after 300 s",
    )
    assert max(world.clock.slept) == 5.0
    assert 60 <= world.files.count("attachment") <= 70
    world.files.stores["vs_1"]["file-1"].looks = 0
    await world.settled(handbook(A), objects=1, writes=1, uploads=1)


async def test_waiting_holds_no_place() -> None:
    """With one place, an assistant is made while a store's file is still processed."""
    world = knowing(concurrency=1)
    world.files.looks = 20
    report = await world.apply(handbook(A), wanted())

    assert statuses(report) == {"handbook": APPLIED, "guagua": APPLIED}
    made = [verb for verb, _ in world.store.log]
    assert made.index("attachment") > max(i for i, verb in enumerate(made) if verb == "create")
    await world.settled(handbook(A), wanted(), objects=2, writes=2, uploads=1)


async def test_a_stop_lets_uploads_in_flight_end_and_begins_no_other() -> None:
    """What was sent is attached too; the rest is named, and the next apply goes on."""
    files = [knowledge(f"docs/{number}.md", f"page {number}") for number in range(9)]
    stop = asyncio.Event()
    world = knowing(concurrency=2)
    world.files.before = lambda verb, id: stop.set() if world.files.count("upload") >= 3 else None
    report = await world.apply(handbook(*files), stop=stop)

    assert report.exit_code is ExitCode.INTERRUPTED
    assert world.files.count("upload") == world.files.count("attach") in (3, 4)
    assert "interrupted before it was started" in report.outcomes[0].detail
    world.files.before = lambda verb, id: None
    await world.apply(handbook(*files))
    await world.settled(handbook(*files), objects=1, writes=1, uploads=9)


@pytest.mark.parametrize("begun", [0, 2])
async def test_a_stop_while_the_files_of_a_new_store_are_sent_is_a_failure_that_counts(begun: int) -> None:
    """The store is there, so it was not skipped: its id is said, and how much of it is there."""
    stop = asyncio.Event()
    world = knowing(concurrency=1)
    files = [knowledge(f"docs/{number}.md", f"page {number}") for number in range(5)]

    def stopping(verb: str, id: str | None) -> None:
        if (verb, begun) == ("create", 0) or world.files.count("upload") == begun > 0:
            stop.set()

    world.store.before = world.files.before = stopping
    report = await world.apply(handbook(*files), stop=stop)

    (outcome,) = report.outcomes
    assert (outcome.status, outcome.remote_id) == (FAILED, "vs_1")
    left = 5 - begun
    assert outcome.detail == (
        f"created; {begun} of 5 files are there, {left} not begun (interrupted before it was started)"
    )
    assert report.exit_code is ExitCode.INTERRUPTED
    world.store.before = world.files.before = lambda verb, id: None
    assert (await world.apply(handbook(*files))).exit_code is ExitCode.DONE
    await world.settled(handbook(*files), objects=1, writes=1, uploads=5)


@pytest.mark.parametrize("renamed", [True, False], ids=["fields too", "files alone"])
async def test_a_stop_in_the_middle_of_an_update_says_what_was_written(renamed: bool) -> None:
    """The fields of the store, or a part of its files."""
    world = await stocked(A)
    stop = asyncio.Event()
    world.concurrency = 1

    def stopping(verb: str, id: str | None) -> None:
        if verb == ("update" if renamed else "upload"):
            stop.set()

    world.store.before = world.files.before = stopping
    fields = {"expires_after": {"anchor": "last_active_at", "days": 7}} if renamed else {}
    desired = handbook(A, B, NEW_C, **fields)
    (outcome,) = (await world.apply(desired, stop=stop)).outcomes

    said = "written; 0 of 2 files are done, 2 not begun" if renamed else "1 of 2 files are done, 1 not begun"
    assert (outcome.status, outcome.detail.partition(" (")[0]) == (FAILED, said)
    world.store.before = world.files.before = lambda verb, id: None
    assert (await world.apply(desired)).exit_code is ExitCode.DONE
    await world.settled(desired, objects=1, writes=int(renamed), uploads=3)


async def test_a_stop_before_anything_of_an_update_was_written_skips_it() -> None:
    """Nothing was attempted."""
    world = await stocked(A)
    stop = asyncio.Event()
    stop.set()
    (outcome,) = (await world.apply(handbook(A, B), stop=stop)).outcomes

    assert (outcome.status, world.files.writes) == (SKIPPED, 0)
    await world.apply(handbook(A, B))
    await world.settled(handbook(A, B), objects=1, writes=0, uploads=2)


async def test_who_listens_hears_how_much_of_each_file_has_gone() -> None:
    """From some of it to all."""
    heard: list[Progress] = []
    world = knowing()
    await world.apply(handbook(A), on_progress=heard.append)

    assert heard == [Progress(store_address("handbook"), "docs/a.md", sent, 5) for sent in (2, 5)]
    await world.settled(handbook(A), objects=1, writes=1, uploads=1)


# Races.


async def test_the_loser_of_a_store_race_leaves_no_uploads() -> None:
    """It proves that it is the first before it sends anything."""
    world = knowing()
    desired = [handbook(A, B), wanted(stores=["handbook"])]
    reading = await world.read()
    plan = world.decide(reading, *desired)
    rival = knowing(world.store)
    assert (await rival.apply(*desired)).exit_code is ExitCode.DONE
    report = await world.carry_out(plan, reading)

    assert statuses(report) == {"handbook": FAILED, "guagua": SKIPPED}
    assert world.files.count("upload") == 2
    await world.settled(*desired, objects=2, writes=4, uploads=2)


async def test_two_real_applies_at_once_leave_one_store_and_one_of_each_file() -> None:
    """Whoever wins; the next apply finishes what was skipped."""
    store = FakeStore()
    files = [knowledge(f"docs/{number}.md", f"page {number}") for number in range(6)]
    desired = [handbook(*files), wanted(stores=["handbook"])]
    one, other = knowing(store, concurrency=2), knowing(store, concurrency=3)
    await asyncio.gather(one.apply(*desired), other.apply(*desired))
    await one.apply(*desired)

    assert store.count("create") - store.count("delete") == 2
    await one.settled(*desired, objects=2, writes=store.writes, uploads=6)


async def test_what_fails_on_one_store_is_nothing_to_the_other() -> None:
    """A hopeless file and a store of its own."""
    world = knowing()
    world.files.faults["attach"].append(Fault(Rejected("too large")))
    desired = [handbook(A), wanted_store("law", files=[B])]
    report = await world.apply(*desired)

    assert sorted(statuses(report).values()) == [APPLIED, FAILED]
    await world.apply(*desired)
    # the upload that was not taken is found again by a journal alone
    await world.settled(*desired, objects=2, writes=2, uploads=3)


async def test_a_poll_that_always_breaks_is_unknown_and_not_for_ever() -> None:
    """The file may well be there."""
    world = knowing()
    world.files.looks = 5
    world.files.always["attachment"] = Fault(ServerFault("500"))
    (outcome,) = (await world.apply(handbook(A))).outcomes

    assert (outcome.status, outcome.detail) == (
        UNKNOWN,
        "1 of 1 files not done: docs/a.md: whether it was processed is not known: 500",
    )
    world.files.always.clear()
    world.files.stores["vs_1"]["file-1"].looks = 0
    await world.settled(handbook(A), objects=1, writes=1, uploads=1)


async def test_prune_deletes_a_store_after_the_assistant_that_used_it() -> None:
    """With its uploads."""
    world = knowing()
    desired = [handbook(A), wanted(stores=["handbook"]), wanted("other")]
    await world.apply(*desired)
    prune = Policy(prune=True)
    report = await world.apply(wanted("other"), policy=prune)

    assert report.exit_code is ExitCode.DONE
    await world.settled(wanted("other"), objects=1, writes=5, uploads=0, policy=prune)


async def test_older_uploads_go_once_the_one_that_stays_is_processed() -> None:
    """An interrupted replace is finished without another upload."""
    world = await stocked(A)
    world.files.put("vs_1", NEW_A, status="in_progress")
    attached = world.files.stores["vs_1"]["file-2"]
    attached.looks, attached.end = 3, "completed"
    report = await world.apply(handbook(NEW_A))

    assert (report.exit_code, verbs(world)) == (ExitCode.DONE, ["detach", "delete"])
    await world.settled(handbook(NEW_A), objects=1, writes=0, uploads=1)


async def test_a_server_that_loses_marks_gets_no_files() -> None:
    """The store is deleted again, and nothing is sent."""
    world = knowing(FakeStore(capabilities=replace(FakeStore().capabilities, trusted=False)))
    world.store.rewrite = lambda fields: {**fields, "metadata": {}}
    report = await world.apply(handbook(A), wanted(stores=["handbook"]))

    assert statuses(report) == {"handbook": FAILED, "guagua": SKIPPED}
    assert (world.store.objects, world.files.requests) == ({}, [])
