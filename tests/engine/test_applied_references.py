"""Ids that are known after apply: put in, written together with the mark, and what they replace deleted."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from asstctl.core.capabilities import Metadata
from asstctl.core.change import Action
from asstctl.core.decisions import Adoption, Decisions, Move, Removal
from asstctl.core.errors import AnswerLost, AuthFailed, ProviderError, Rejected, ServerFault
from asstctl.core.exit_codes import ExitCode
from asstctl.core.mark import Mark, only_mark, read_mark
from asstctl.engine.applying.progress import OnError
from asstctl.engine.applying.requests import Pace
from asstctl.engine.planning.policy import Policy
from asstctl.kinds.canonical import digest
from tests.engine.fake_files import knowledge, local_file
from tests.engine.fakes import (
    CAPABILITIES,
    FakeStore,
    Fault,
    World,
    address,
    knowing,
    statuses,
    store_address,
    user_pairs,
    wanted,
    wanted_store,
)
from tests.engine.worlds import APPLIED, FAILED, GUAGUA, LOST, SKIPPED, UNKNOWN

pytestmark = pytest.mark.anyio

SALES, OTHER = local_file("data/sales.csv", "a,b"), local_file("data/other.csv", "c,d,e")
NEW_SALES = local_file("data/sales.csv", "a,b,c,d")


def code_of(world: World) -> list[str]:
    return world.store.one(GUAGUA).fields["tool_resources.code_interpreter"]["file_ids"]  # type: ignore[index,call-overload,no-any-return]


def mark_on(world: World, address: str = GUAGUA) -> Mark:
    mark = read_mark(world.store.one(address).metadata)
    assert isinstance(mark, Mark)
    return mark


async def test_an_assistant_gets_the_id_of_a_store_made_in_the_same_run() -> None:
    """In one write with the mark."""
    world = knowing()
    desired = [wanted(stores=["handbook"]), wanted_store(name="Handbook")]
    report = await world.apply(*desired)

    assert statuses(report) == {"handbook": APPLIED, "guagua": APPLIED}
    live = world.store.one(GUAGUA)
    assert live.fields["tool_resources.file_search"] == {"vector_store_ids": ["vs_1"]}
    assert mark_on(world).fields["tf"] == digest({"vector_store_ids": ["vs_1"]})
    await world.settled(*desired, objects=2, writes=2)


async def test_an_assistant_that_gets_a_store_later_is_one_update() -> None:
    """Of the field and the mark."""
    world = knowing()
    await world.apply(wanted())
    desired = [wanted(stores=["handbook"]), wanted_store()]
    await world.apply(*desired)

    await world.settled(*desired, objects=2, writes=3)


async def test_what_is_ignored_is_filled_in_for_a_create_all_the_same() -> None:
    """No placeholder reaches the server, and the mark knows what was sent."""
    world = knowing()
    ignored = ["tool_resources.file_search", "tool_resources.code_interpreter"]
    desired = [wanted(stores=["handbook"], code=[SALES], ignored=ignored), wanted_store()]
    await world.apply(*desired)

    live = world.store.one(GUAGUA)
    assert live.fields["tool_resources.file_search"] == {"vector_store_ids": ["vs_1"]}
    assert mark_on(world).files == digest(["sales.csv", SALES.sha256])
    await world.settled(*desired, objects=2, writes=2, uploads=1)
    heeded = [wanted(stores=["handbook"], code=[SALES]), wanted_store()]
    await world.settled(*heeded, objects=2, writes=2, uploads=1)


# Code files.


async def test_code_files_are_uploaded_before_the_create_and_noted_in_the_mark() -> None:
    """A raw id of the manifest's stands beside them."""
    world = World()
    raw = world.files.put_upload("raw.csv")
    desired = wanted(code=[SALES, raw, OTHER])
    report = await world.apply(desired)
    ids = sorted(code_of(world))

    assert (report.exit_code, world.files.count("upload")) == (ExitCode.DONE, 2)
    assert [verb for verb, _ in world.store.log if verb in ("upload", "create")] == ["upload", "upload", "create"]
    named = {world.files.uploaded[id].name: id for id in ids}
    digests = {
        named["raw.csv"]: digest(["id", raw]),
        named["sales.csv"]: digest(["sales.csv", SALES.sha256]),
        named["other.csv"]: digest(["other.csv", OTHER.sha256]),
    }
    assert mark_on(world).files == "".join(digests[id] for id in ids)
    assert mark_on(world).fields["tc"] == digest({"file_ids": ids})
    await world.settled(desired, objects=1, writes=1, uploads=3)


async def test_a_code_file_with_new_content_replaces_the_upload_after_the_update() -> None:
    """The unchanged one is not sent again, a raw one never deleted."""
    world = World()
    raw = world.files.put_upload("raw.csv")
    await world.apply(wanted(code=[SALES, raw, OTHER]))
    world.store.log.clear()
    report = await world.apply(wanted(code=[NEW_SALES, OTHER]))

    assert report.exit_code is ExitCode.DONE
    assert [verb for verb, _ in world.store.log if verb in ("upload", "update", "delete")] == [
        "upload",
        "update",
        "delete",
    ]
    assert sorted(upload.name for upload in world.files.uploaded.values()) == ["other.csv", "raw.csv", "sales.csv"]
    await world.settled(wanted(code=[NEW_SALES, OTHER]), objects=1, writes=2, uploads=3)


async def test_an_upload_that_another_assistant_uses_is_not_deleted() -> None:
    """Somebody put its id there."""
    world = World()
    await world.apply(wanted(code=[SALES]))
    (id,) = code_of(world)
    await world.apply(wanted(code=[SALES]), wanted("other", code=[id]))
    await world.apply(wanted(), wanted("other", code=[id]))

    await world.settled(wanted(), wanted("other", code=[id]), objects=2, writes=3, uploads=1)


async def test_a_deleted_assistant_takes_its_code_files_along() -> None:
    """And no raw one."""
    world = World()
    raw = world.files.put_upload("raw.csv")
    await world.apply(wanted(code=[SALES, raw]))
    report = await world.destroy()

    assert report.exit_code is ExitCode.DONE
    assert (world.store.objects, list(world.files.uploaded)) == ({}, [raw])


async def test_a_code_file_that_is_used_no_more_and_cannot_be_deleted_is_said() -> None:
    """The change itself was applied."""
    world = World()
    await world.apply(wanted(code=[SALES]))
    world.files.always["delete"] = Fault(Rejected("not allowed"))
    report = await world.apply(wanted())

    assert report.exit_code is ExitCode.DONE
    assert report.warnings == (f"{GUAGUA}: file-1 is used no more and could not be deleted: not allowed",)
    await world.settled(wanted(), objects=1, writes=2, uploads=1)


@pytest.mark.parametrize("error", LOST)
async def test_an_assistant_whose_upload_is_not_known_is_unknown_and_not_written(error: ProviderError) -> None:
    """The next apply makes it."""
    world = World()
    world.files.faults["upload"].append(Fault(error))
    report = await world.apply(wanted(code=[SALES]))

    assert (statuses(report), world.store.writes) == ({"guagua": UNKNOWN}, 0)
    await world.apply(wanted(code=[SALES]))
    await world.settled(wanted(code=[SALES]), objects=1, writes=1, uploads=1)


async def test_a_file_that_changed_on_disk_fails_its_assistant_alone() -> None:
    """Before anything of it is written."""
    world = World()
    world.files.changed.add("data/sales.csv")
    report = await world.apply(wanted("a", code=[SALES]), wanted("b", code=[OTHER]))

    assert statuses(report) == {"a": FAILED, "b": APPLIED}
    world.files.changed.clear()
    desired = [wanted("a", code=[SALES]), wanted("b", code=[OTHER])]
    await world.apply(*desired)
    await world.settled(*desired, objects=2, writes=2, uploads=2)


async def test_the_loser_of_a_race_deletes_what_it_uploaded() -> None:
    """Its object and its files are nobody's any more."""
    world = World()
    reading = await world.read()
    plan = world.decide(reading, wanted(code=[SALES]))
    await World(world.store).apply(wanted(code=[SALES]))
    report = await world.carry_out(plan, reading)

    assert statuses(report) == {"guagua": FAILED}
    await world.settled(wanted(code=[SALES]), objects=1, writes=3, uploads=1)


# Decisions.


@pytest.mark.parametrize("after", [False, True])
async def test_an_adopted_object_gets_mark_and_fields_in_one_write(after: bool) -> None:
    """Also where the answer is lost; after that the decision is harmless."""
    world = World()
    theirs = world.store.put(name="theirs", temperature=0.9, metadata={"team": "x"})
    decisions = Decisions(adopt=(Adoption(address("guagua"), theirs.id),))
    world.store.faults["update"].append(Fault(AnswerLost("lost"), after=after))
    report = await world.apply(wanted(temperature=0.2), decisions=decisions)

    assert [(o.action, o.status) for o in report.outcomes] == [(Action.ADOPT, APPLIED)]
    live = world.store.one(GUAGUA)
    assert (live.id, live.fields["temperature"], user_pairs(live)) == (theirs.id, 0.2, {"team": "x"})
    await world.settled(wanted(temperature=0.2), objects=1, writes=1 if after else 2, decisions=decisions)


async def test_an_object_that_somebody_marked_meanwhile_is_not_adopted() -> None:
    """The read before the write shows it."""
    world = World()
    theirs = world.store.put(name="theirs")
    decisions = Decisions(adopt=(Adoption(address("guagua"), theirs.id),))
    reading = await world.read()
    plan = world.decide(reading, wanted(), decisions=decisions)
    world.clock.time += 10
    world.store.edit_metadata(theirs.id, **Mark("other", address("x")).metadata())
    report = await world.carry_out(plan, reading)

    assert (statuses(report), world.store.writes) == ({"guagua": SKIPPED}, 0)


@pytest.mark.parametrize("after", [False, True])
async def test_a_moved_object_bears_the_new_address_and_is_the_same(after: bool) -> None:
    """With what else changed, in one write."""
    world = World()
    await world.apply(wanted("gua", temperature=0.2))
    moved = Decisions(moved=(Move(address("gua"), address("guagua")),))
    world.store.faults["update"].append(Fault(ServerFault("500"), after=after))
    report = await world.apply(wanted(temperature=0.5), decisions=moved)

    assert [(o.action, o.status, o.remote_id) for o in report.outcomes] == [(Action.MOVE, APPLIED, "asst_1")]
    await world.settled(wanted(temperature=0.5), objects=1, writes=2 if after else 3, decisions=moved)


@pytest.mark.parametrize("after", [False, True])
async def test_a_forgotten_object_loses_our_pairs_and_keeps_the_rest(after: bool) -> None:
    """Its files too."""
    world = World()
    await world.apply(wanted(code=[SALES], metadata={"team": "x"}), wanted("b"))
    id = world.store.one(GUAGUA).id
    removed = Decisions(removed=(Removal(address("guagua"), delete=False),))
    world.store.faults["update"].append(Fault(AnswerLost("lost"), after=after))
    report = await world.apply(wanted("b"), decisions=removed)
    live = world.store.objects[id].live()

    assert statuses(report) == {"guagua": APPLIED}
    assert (only_mark(live.metadata), user_pairs(live)) == ({}, {"team": "x"})
    await world.settled(wanted("b"), objects=2, writes=3 if after else 4, uploads=1, decisions=removed)


async def test_a_named_delete_takes_store_and_files_along() -> None:
    """Without --prune."""
    world = knowing()
    await world.apply(wanted_store(files=[knowledge("docs/a.md")]), wanted())
    removed = Decisions(removed=(Removal(store_address("handbook"), delete=True),))
    report = await world.apply(wanted(), decisions=removed)

    assert statuses(report) == {"handbook": APPLIED}
    await world.settled(wanted(), objects=1, writes=3, decisions=removed)


async def test_an_adopted_store_is_filled() -> None:
    """Its foreign files stay."""
    world = knowing()
    theirs = world.store.put("vector_store", name="theirs")
    foreign = world.files.put(theirs.id)
    decisions = Decisions(adopt=(Adoption(store_address("handbook"), theirs.id),))
    desired = wanted_store(files=[knowledge("docs/a.md")])
    report = await world.apply(desired, decisions=decisions)

    assert statuses(report) == {"handbook": APPLIED}
    assert set(world.files.held(theirs.id)) == {"docs/a.md", foreign}
    await world.settled(desired, objects=1, writes=1, uploads=2, decisions=decisions)


# Servers that are not what they seem.


UNTRUSTED = replace(CAPABILITIES, trusted=False)


async def test_the_first_create_on_an_unknown_server_runs_alone_and_is_read_back() -> None:
    """One read in the whole run."""
    world = World(FakeStore(capabilities=UNTRUSTED))
    at_once: list[int] = []
    world.store.before = lambda verb, id: at_once.append(world.store._in_flight)
    desired = [wanted(f"a{number}") for number in range(20)]
    await world.apply(*desired)

    assert (world.store.count("get"), at_once[1:3], max(at_once)) == (1, [1, 1], 8)
    await world.settled(*desired, objects=20, writes=20)


async def test_an_unknown_server_that_only_pretends_to_keep_metadata_is_found_out() -> None:
    """One object is made and deleted again."""
    world = World(FakeStore(capabilities=UNTRUSTED))
    shown = FakeStore.create

    async def pretending(kind: str, fields: Any) -> Any:
        live = await shown(world.store, kind, fields)
        world.store.edit(live.id, metadata={})
        return live

    world.store.create = pretending  # type: ignore[method-assign]
    report = await world.apply(*(wanted(f"a{number}") for number in range(9)))

    assert sorted(statuses(report).values()) == [FAILED] + [SKIPPED] * 8
    assert (world.store.objects, world.store.count("create"), world.store.count("delete")) == ({}, 1, 1)


async def test_a_server_without_get_is_read_back_by_its_listing() -> None:
    """It cannot do better."""
    world = World(FakeStore(capabilities=replace(UNTRUSTED, missing={"get": "no"})))
    await world.apply(wanted())

    assert (world.store.count("get"), world.store.count("list")) == (0, 3)
    await world.settled(wanted(), objects=1, writes=1)


async def test_a_first_create_that_is_rejected_leaves_the_proof_to_the_next() -> None:
    """Nothing was shown by it."""
    world = World(FakeStore(capabilities=UNTRUSTED))
    world.store.faults["create"].append(Fault(Rejected("bad model")))
    desired = [wanted("a"), wanted("b"), wanted("c")]
    report = await world.apply(*desired)

    assert (statuses(report), world.store.count("get")) == ({"a": FAILED, "b": APPLIED, "c": APPLIED}, 1)
    await world.apply(*desired)
    await world.settled(*desired, objects=3, writes=4)


WRITE_ONCE = replace(CAPABILITIES, metadata=Metadata.WRITE_ONCE)


def write_once() -> World:
    """A server whose updates keep the old metadata."""
    world = World(FakeStore(capabilities=WRITE_ONCE))
    update = FakeStore.update

    async def keeping(kind: str, id: str, fields: Any) -> Any:
        assert "metadata" not in fields
        return await update(world.store, kind, id, fields)

    world.store.update = keeping  # type: ignore[method-assign]
    return world


@pytest.mark.parametrize("after", [False, True])
async def test_where_metadata_is_written_once_updates_send_none(after: bool) -> None:
    """Whether one arrived is told by the fields."""
    world = write_once()
    await world.apply(wanted(temperature=0.2))
    mark = only_mark(world.store.one(GUAGUA).metadata)
    world.store.faults["update"].append(Fault(AnswerLost("lost"), after=after))
    report = await world.apply(wanted(temperature=0.5))

    assert (statuses(report), only_mark(world.store.one(GUAGUA).metadata)) == ({"guagua": APPLIED}, mark)
    await world.settled(wanted(temperature=0.5), objects=1, writes=2 if after else 3)


async def test_where_metadata_is_written_once_a_rewritten_value_is_said_and_not_recorded() -> None:
    """There is nowhere to note it."""
    world = write_once()
    await world.apply(wanted(temperature=0.2))
    world.store.rewrite = lambda fields: {**fields, "temperature": 0.4} if "temperature" in fields else fields
    report = await world.apply(wanted(temperature=0.5))

    assert (statuses(report), report.warnings) == ({"guagua": APPLIED}, (f"{GUAGUA}: local rewrote temperature",))
    assert world.store.writes == 2


# Stopping.


@pytest.mark.parametrize("on_error, made", [(OnError.CONTINUE, 8), (OnError.STOP, 0)])
async def test_after_a_failure_the_rest_goes_on_or_not(on_error: OnError, made: int) -> None:
    """As the user said."""
    world = World(concurrency=1)
    world.store.faults["create"].append(Fault(Rejected("bad model")))
    desired = [wanted(f"a{number}") for number in range(9)]
    report = await world.apply(*desired, on_error=on_error)

    assert len(report.with_status(APPLIED)) == made
    assert {o.detail for o in report.with_status(SKIPPED)} <= {"not begun after assistant.a0 failed"}
    await world.apply(*desired)
    await world.settled(*desired, objects=9, writes=10)


async def test_an_object_that_takes_too_long_is_not_tried_again() -> None:
    """Its time is for all attempts together."""
    world = World()
    await world.apply(wanted(temperature=0.2))
    world.store.latency = 100
    world.store.always["update"] = Fault(ServerFault("500"))
    report = await world.apply(wanted(temperature=0.5))

    assert (statuses(report), world.store.count("update")) == ({"guagua": UNKNOWN}, 2)
    world.store.latency = 0
    world.store.always.clear()
    await world.apply(wanted(temperature=0.5))
    await world.settled(wanted(temperature=0.5), objects=1, writes=4)


async def test_hopeless_uploads_do_not_make_the_rest_wait() -> None:
    """A refused key is refused for all."""
    world = World()
    world.files.always["upload"] = Fault(AuthFailed("the key was refused"))
    desired = [wanted(f"a{number}", code=[SALES]) for number in range(30)]
    report = await world.apply(*desired)

    assert len(report.with_status(FAILED)) <= 8
    assert world.store.writes == 0
    world.files.always.clear()
    await world.apply(*desired)
    await world.settled(*desired, objects=30, writes=30, uploads=30)


async def test_a_stop_while_code_files_are_sent_writes_no_object() -> None:
    """The next apply goes on."""
    world = World()
    stop = asyncio.Event()
    world.files.before = lambda verb, id: stop.set() if verb == "upload" else None
    report = await world.apply(wanted(code=[SALES]), stop=stop)

    assert (statuses(report), world.store.writes) == ({"guagua": SKIPPED}, 0)
    world.files.before = lambda verb, id: None
    await world.apply(wanted(code=[SALES]))
    # without a journal nobody knows the first one
    await world.settled(wanted(code=[SALES]), objects=1, writes=1, uploads=2)


def test_the_time_of_an_object_is_five_minutes() -> None:
    """With all its files."""
    assert Pace().object_timeout == 300


async def test_a_prune_of_code_files_leaves_no_upload() -> None:
    """The assistant goes first."""
    world = World()
    await world.apply(wanted(code=[SALES]), wanted("b"))
    await world.apply(wanted("b"), policy=Policy(prune=True))

    await world.settled(wanted("b"), objects=1, writes=3, uploads=0, policy=Policy(prune=True))
