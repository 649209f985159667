"""Taking a run back: what it made goes, what it changed returns, and what others did since stays."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from asstctl.core.change import Action
from asstctl.core.decisions import Adoption, Decisions, Move, Removal
from asstctl.core.errors import AnswerLost, ServerFault, StoreError
from asstctl.core.journal import Begun, Header, Record
from asstctl.core.mark import BASE, Mark
from asstctl.core.outcome import ApplyReport
from asstctl.core.plan import Plan
from asstctl.core.resource import Desired
from asstctl.engine.planning.policy import MAX_DELETES, Policy
from asstctl.engine.runs.history import history, summary
from asstctl.engine.runs.journal import Journal, new_run
from asstctl.engine.runs.journals import read_run
from asstctl.engine.runs.undo import make_undo_plan
from asstctl.render.plan import plan_text
from tests.engine.fake_files import knowledge
from tests.engine.fakes import Fault, World, address, knowing, store_address, user_pairs, wanted, wanted_store
from tests.engine.worlds import field_states

pytestmark = pytest.mark.anyio

PRUNE = Policy(prune=True, max_deletes=9)
OVERWRITE = Policy(overwrite_drift=frozenset({"all"}))
GUAGUA = "assistant.guagua"


@dataclass
class Journalled:
    """A world whose applies are written down."""

    world: World
    folder: Path

    async def apply(self, *desired: Desired, **options: Any) -> Record:
        """Apply; returns the journal of it."""
        return (await self.attempt(*desired, **options))[0]

    async def attempt(self, *desired: Desired, **options: Any) -> tuple[Record, ApplyReport]:
        journal = self.journal("apply")
        report = await self.world.apply(*desired, recorder=journal, **options)
        await journal.aclose()
        return read_run(self.folder, journal.run), report

    def journal(self, command: str) -> Journal:
        header = Header(new_run(), command, "local", "agiclass", "local", "memory", "1a2b3c4", "2026-11-22", "0")
        return Journal(self.folder, header)

    async def plan(self, record: Record, *, max_deletes: int = MAX_DELETES) -> tuple[Plan, Any]:
        reading = await self.world.read()
        store = self.world.store
        plan = make_undo_plan(
            record,
            reading.objects,
            target=self.world.target,
            capabilities=store.capabilities,
            files=reading.files,
            max_deletes=max_deletes,
        )
        return plan, reading

    async def undo(self, record: Record, **options: int) -> Plan:
        """Take it back, all of which must work; the same undo again finds nothing to do. Returns the plan."""
        plan, reading = await self.plan(record, **options)
        journal = self.journal("undo")
        report = await self.world.carry_out(plan, reading, recorder=journal)
        await journal.aclose()
        assert report.exit_code == 0, report
        again, _ = await self.plan(record)
        assert (again.pending, again.blocked) == ((), ())
        return plan


@pytest.fixture
def made(tmp_path: Path) -> Callable[..., Journalled]:
    return lambda world=None: Journalled(world or knowing(), tmp_path / "journal")


def actions(plan: Plan) -> dict[str, str]:
    return {
        str(change.address): f"blocked:{change.block.code}" if change.block else change.action.value
        for change in plan.changes
        if change.action is not Action.KEEP
    }


async def test_what_was_created_is_deleted(made: Callable[..., Journalled]) -> None:
    here = made()
    record = await here.apply(*(wanted(f"a{number}") for number in range(5)))
    plan = await here.undo(record, max_deletes=5)

    assert actions(plan) == {f"assistant.a{number}": "delete" for number in range(5)}
    assert (here.world.store.objects, here.world.store.writes) == ({}, 10)


async def test_more_deletes_than_allowed_take_nothing_back(made: Callable[..., Journalled]) -> None:
    """The way on names the run and the number; what is left alone anyway is not counted."""
    here = made()
    record = await here.apply(*(wanted(f"a{number}") for number in range(5)))
    here.world.store.edit(here.world.store.one("assistant.a0").id, model="gpt-5")
    plan, reading = await here.plan(record)
    report = await here.world.carry_out(plan, reading)

    assert plan.counts == {"blocked:changed-since": 1, "blocked:max-deletes": 4}
    (way,) = plan.blocked[-1].block.ways  # type: ignore[union-attr]
    assert way.command == f"asstctl undo {record.header.run} --max-deletes 4"
    assert (report.exit_code, len(here.world.store.objects), here.world.store.count("delete")) == (1, 5, 0)
    allowed, _ = await here.plan(record, max_deletes=4)
    assert allowed.counts == {"blocked:changed-since": 1, "delete": 4}
    assert allowed.flags == ("--max-deletes 4", f"undo {record.header.run}")


async def test_a_create_whose_answer_was_lost_is_found_by_its_nonce(made: Callable[..., Journalled]) -> None:
    here = made()
    here.world.store.faults["create"].append(Fault(AnswerLost("dropped"), after=True, late=30))
    record = await here.apply(wanted())
    assert len(record.begun) == 1
    here.world.clock.time += 60
    await here.undo(record)

    assert here.world.store.objects == {}


async def test_a_create_of_which_nothing_came_is_said(made: Callable[..., Journalled]) -> None:
    here = made()
    here.world.store.faults["create"].append(Fault(ServerFault("500")))
    record = await here.apply(wanted())
    plan = await here.undo(record)

    assert (actions(plan), here.world.store.count("delete")) == ({}, 0)
    assert record.begun[0].nonce in plan.notes[0]


async def test_what_was_created_and_changed_since_is_left_alone(made: Callable[..., Journalled]) -> None:
    here = made()
    record = await here.apply(wanted(instructions="Be kind."))
    here.world.store.edit(here.world.store.one(GUAGUA).id, instructions="Be kinder.")
    plan, _ = await here.plan(record)

    assert actions(plan) == {GUAGUA: "blocked:changed-since"}
    (field,) = plan.blocked[0].fields
    assert (field.state, field.before, field.left) == ("since", "Be kinder.", "Be kind.")
    assert "instructions changed on local since run" in plan.blocked[0].block.reason  # type: ignore[union-attr]


async def test_what_was_created_protected_stays(made: Callable[..., Journalled]) -> None:
    here = made()
    plan, _ = await here.plan(await here.apply(wanted(protect=True)))

    assert actions(plan) == {GUAGUA: "blocked:protected"}


async def test_an_object_with_another_nonce_is_left_alone(made: Callable[..., Journalled]) -> None:
    """A journal may name any id; what is deleted bears the nonce of that create."""
    here = made()
    record = await here.apply(wanted())
    forged = replace(record.begun[0], nonce="Zzzzzzzz")
    plan, _ = await here.plan(replace(record, begun=(forged,)))

    assert (actions(plan), len(plan.notes)) == ({}, 1)


async def test_what_was_updated_goes_back_and_the_files_still_want_theirs(made: Callable[..., Journalled]) -> None:
    """The next plan calls the difference ours: nobody edited anything in a dashboard."""
    here = made()
    old = wanted(instructions="Be kind.", temperature=0.2)
    new = wanted(instructions="Be short.", temperature=0.2, description="A bot", metadata={"team": "x"})
    await here.apply(old)
    before = here.world.store.one(GUAGUA)
    record = await here.apply(new)
    await here.undo(record)

    after = here.world.store.one(GUAGUA)
    assert after.fields == before.fields
    assert after.metadata == before.metadata
    await here.world.settled(old, objects=1, writes=3)
    plan = await here.world.plan(new)
    assert field_states(plan) == dict.fromkeys(("instructions", "description", "metadata"), "ours")


async def test_a_field_that_is_back_already_is_not_written(made: Callable[..., Journalled]) -> None:
    here = made()
    await here.apply(wanted(temperature=0.2))
    record = await here.apply(wanted(temperature=0.5))
    await here.world.apply(wanted(temperature=0.2))
    writes = here.world.store.writes
    plan = await here.undo(record)

    assert (actions(plan), here.world.store.writes) == ({}, writes)


async def test_an_update_with_a_field_that_changed_since_is_blocked(made: Callable[..., Journalled]) -> None:
    here = made()
    await here.apply(wanted(temperature=0.2, instructions="Be kind."))
    record = await here.apply(wanted(temperature=0.5, instructions="Be short."))
    here.world.store.edit(here.world.store.one(GUAGUA).id, temperature=0.9)
    plan, _ = await here.plan(record)

    assert actions(plan) == {GUAGUA: "blocked:changed-since"}
    assert field_states(plan) == {"instructions": "ours", "temperature": "since"}
    (block,) = [change.block for change in plan.blocked]
    assert block is not None
    assert [way.text for way in block.ways] == [
        "see what is there now",
        "keep what is there now",
        "go back all the same",
    ]
    text = " ".join(plan_text(plan).split())
    assert "! temperature: live 0.9, the run left 0.5, before it 0.2" in text
    assert "assistant.guagua was changed since that run" in text
    assert ("last applied" in text, "manifest" in text, "outside of git" in text) == (False, False, False)


async def test_a_field_that_the_run_did_not_send_may_have_changed_since(made: Callable[..., Journalled]) -> None:
    """A later run of another field is kept, mark and all."""
    here = made()
    await here.apply(wanted(temperature=0.2))
    record = await here.apply(wanted(temperature=0.5))
    await here.apply(wanted(temperature=0.5, instructions="New."))
    await here.undo(record)

    await here.world.settled(wanted(temperature=0.2, instructions="New."), objects=1, writes=4)


async def test_drift_that_was_written_over_comes_back(made: Callable[..., Journalled]) -> None:
    """And is no drift any more: the next plan says what the files want."""
    here = made()
    await here.apply(wanted(temperature=0.2))
    here.world.store.edit(here.world.store.one(GUAGUA).id, temperature=0.9)
    record = await here.apply(wanted(temperature=0.2), policy=OVERWRITE)
    await here.undo(record)

    assert here.world.store.one(GUAGUA).fields["temperature"] == 0.9
    assert field_states(await here.world.plan(wanted(temperature=0.2))) == {"temperature": "ours"}


async def test_a_value_that_the_provider_rewrote_is_what_the_run_left(made: Callable[..., Journalled]) -> None:
    here = made()
    here.world.store.rewrite = lambda fields: (
        {**fields, "temperature": 0.25} if fields.get("temperature") == 0.2 else fields
    )
    await here.apply(wanted(temperature=0.5))
    record = await here.apply(wanted(temperature=0.2))
    await here.undo(record)

    await here.world.settled(wanted(temperature=0.5), objects=1, writes=4)


async def test_protection_that_a_run_turned_on_is_taken_off_visibly(made: Callable[..., Journalled]) -> None:
    here = made()
    await here.apply(wanted())
    plan = await here.undo(await here.apply(wanted(protect=True)))

    assert [(field.before, field.after) for field in plan.changes[0].fields] == [(True, False)]
    await here.world.settled(wanted(), objects=1, writes=3)


async def test_what_was_deleted_is_made_again_with_a_new_id(made: Callable[..., Journalled]) -> None:
    """Its undeclared values too, and its pairs."""
    here = made()
    desired = wanted(instructions="Be kind.", metadata={"team": "x"})
    await here.apply(desired, wanted("other"))
    here.world.store.edit(here.world.store.one(GUAGUA).id, top_p=0.3)
    record = await here.apply(wanted("other"), policy=PRUNE)
    plan = await here.undo(record)

    live = here.world.store.one(GUAGUA)
    assert (actions(plan), live.id) == ({GUAGUA: "create"}, "asst_3")
    assert plan.changes[0].reason.endswith("it gets a new id")
    assert (live.fields["top_p"], user_pairs(live)) == (0.3, {"team": "x"})
    await here.world.settled(desired, wanted("other"), objects=2, writes=4)


async def test_an_address_that_is_taken_again_is_not_made_twice(made: Callable[..., Journalled]) -> None:
    here = made()
    await here.apply(wanted(), wanted("other"))
    record = await here.apply(wanted("other"), policy=PRUNE)
    await here.apply(wanted(), wanted("other"))
    plan, _ = await here.plan(record)

    assert (actions(plan), len(plan.notes)) == ({}, 1)


async def test_adopted_is_forgotten_with_its_fields(made: Callable[..., Journalled]) -> None:
    here = made()
    before = here.world.store.put(name="Theirs", instructions="Old.", metadata={"a": "1"})
    decisions = Decisions(adopt=(Adoption(address("guagua"), before.id),))
    record = await here.apply(wanted(instructions="New."), decisions=decisions)
    plan = await here.undo(record)

    assert actions(plan) == {GUAGUA: "forget"}
    assert here.world.store.lives == [before]


async def test_moved_is_moved_back(made: Callable[..., Journalled]) -> None:
    here = made()
    await here.apply(wanted("old", temperature=0.2))
    decisions = Decisions(moved=(Move(address("old"), address("guagua")),))
    record = await here.apply(wanted(temperature=0.5), decisions=decisions)
    plan = await here.undo(record)

    assert actions(plan) == {"assistant.old": "move"}
    await here.world.settled(wanted("old", temperature=0.2), objects=1, writes=3)


async def test_forgotten_is_adopted_back(made: Callable[..., Journalled]) -> None:
    here = made()
    await here.apply(wanted(temperature=0.2))
    before = here.world.store.lives
    record = await here.apply(decisions=Decisions(removed=(Removal(address("guagua"), delete=False),)))
    assert BASE not in here.world.store.lives[0].metadata
    plan = await here.undo(record)

    assert actions(plan) == {GUAGUA: "adopt"}
    assert here.world.store.lives == before
    await here.world.settled(wanted(temperature=0.2), objects=1, writes=3)


async def test_an_undo_can_be_undone(made: Callable[..., Journalled]) -> None:
    here = made()
    await here.apply(wanted(temperature=0.2))
    record = await here.apply(wanted(temperature=0.5))
    plan, reading = await here.plan(record)
    journal = here.journal("undo")
    await here.world.carry_out(plan, reading, recorder=journal)
    await journal.aclose()
    await here.undo(read_run(here.folder, journal.run))

    await here.world.settled(wanted(temperature=0.5), objects=1, writes=4)


async def test_a_store_and_what_uses_it_go_in_their_order(made: Callable[..., Journalled]) -> None:
    here = made()
    store = wanted_store(files=[knowledge("a.md"), knowledge("b.md", "two")])
    record = await here.apply(store, wanted(stores=["handbook"]))
    plan = await here.undo(record)

    assert [str(change.address) for change in plan.changes] == [GUAGUA, "vector_store.handbook"]
    assert (here.world.store.objects, here.world.files.uploaded) == ({}, {})


async def test_a_store_that_something_else_uses_by_now_stays(made: Callable[..., Journalled]) -> None:
    here = made()
    record = await here.apply(wanted_store())
    await here.world.apply(wanted_store(), wanted(stores=["handbook"]))
    plan, _ = await here.plan(record)

    assert actions(plan) == {"vector_store.handbook": "blocked:dependency"}


async def test_files_that_were_added_go_and_those_that_went_are_said(made: Callable[..., Journalled]) -> None:
    here = made()
    old = [knowledge("gone.md"), knowledge("same.md", "1"), knowledge("new.md", "old")]
    new = [knowledge("added.md"), knowledge("same.md", "1"), knowledge("new.md", "changed")]
    await here.apply(wanted_store(files=old))
    plan = await here.undo(await here.apply(wanted_store(files=new)))

    assert [change.path for change in plan.changes[0].files] == ["added.md"]
    assert [note.partition(" cannot")[0] for note in plan.notes] == [
        "vector_store.handbook: what gone.md, new.md held before"
    ]
    store = here.world.store.one("vector_store.handbook").id
    assert set(here.world.files.held(store)) == {"same.md", "new.md"}


async def test_a_deleted_store_and_its_assistant_are_made_again_without_files(made: Callable[..., Journalled]) -> None:
    """The assistant refers to the new id."""
    here = made()
    store, assistant = wanted_store(files=[knowledge("a.md")]), wanted(stores=["handbook"])
    await here.apply(store, assistant, wanted("other"))
    record = await here.apply(wanted("other"), policy=PRUNE)
    plan = await here.undo(record)

    assert actions(plan) == {"vector_store.handbook": "create", GUAGUA: "create"}
    new = here.world.store.one("vector_store.handbook").id
    uses = here.world.store.one(GUAGUA).fields["tool_resources.file_search"]
    assert uses == {"vector_store_ids": [new]}
    assert "gone from the provider; git has them" in plan.notes[0]
    again = await here.world.plan(store, assistant, wanted("other"))
    assert {str(change.address) for change in again.pending} == {"vector_store.handbook"}


async def test_code_files_that_were_deleted_are_said_and_the_rest_goes_back(made: Callable[..., Journalled]) -> None:
    here = made()
    old, new = knowledge("a.csv", "1").file, knowledge("a.csv", "2").file
    await here.apply(wanted(code=[old], temperature=0.2))
    plan = await here.undo(await here.apply(wanted(code=[new], temperature=0.5)))

    assert [field.name for field in plan.changes[0].fields] == ["temperature"]
    assert "what was deleted of its code files (1) cannot be brought back" in plan.notes[0]
    await here.world.settled(wanted(code=[new], temperature=0.2), objects=1, writes=3, uploads=1)


async def test_code_files_that_were_added_go(made: Callable[..., Journalled]) -> None:
    here = made()
    await here.apply(wanted(temperature=0.2))
    await here.undo(await here.apply(wanted(code=[knowledge("a.csv").file], temperature=0.2)))

    assert here.world.files.uploaded == {}
    await here.world.settled(wanted(temperature=0.2), objects=1, writes=3)


async def test_a_journal_with_a_field_that_no_kind_has_is_refused(made: Callable[..., Journalled]) -> None:
    here = made()
    record = await here.apply(wanted())
    strange = Begun(2, address("guagua"), Action.UPDATE, "asst_1", {"api_base": "x"}, {"api_base": "y"})

    with pytest.raises(StoreError, match="api_base is no field of assistant"):
        history(replace(record, begun=(*record.begun, strange)), ())


async def test_a_list_of_runs_counts_objects_uploads_and_what_went_wrong(made: Callable[..., Journalled]) -> None:
    here = made()
    here.world.store.faults["create"].extend([Fault(ServerFault("500")), None])
    record, _ = await here.attempt(wanted_store(files=[knowledge("a.md")]), wanted())
    said = summary(record)

    assert (said.done, said.uploads, said.failed, said.unknown) == ({Action.CREATE: 1}, 1, 0, 1)
    assert {begun.address for begun in record.begun} == {address("guagua"), store_address("handbook")}


def test_runs_of_one_second_sort_by_time() -> None:
    """The newest run is the first of the list, however quickly it followed."""
    now = datetime(2026, 11, 22, 17, 30, tzinfo=UTC)

    assert new_run(now) < new_run(now + timedelta(milliseconds=2)) < new_run(now + timedelta(milliseconds=999))


@pytest.mark.parametrize("project", [None, "another"])
async def test_a_journal_that_names_an_object_of_others_changes_nothing(
    made: Callable[..., Journalled], project: str | None
) -> None:
    """Whatever it says of the past: foreign objects and those of other projects are never written to."""
    here = made()
    metadata = Mark(project, address("guagua"), nonce="aaaaaaaa").metadata() if project else {}
    theirs = here.world.store.put(instructions="Theirs.", metadata=metadata)
    record = await here.apply(wanted("b"))
    forged = Begun(
        2,
        address("guagua"),
        Action.UPDATE,
        theirs.id,
        {"instructions": "Forged.", "metadata": metadata},
        {"instructions": "Theirs.", "metadata": metadata},
    )
    plan = await here.undo(replace(record, begun=(forged,)))

    assert (actions(plan), len(plan.notes)) == ({}, 1)
    assert here.world.store.objects[theirs.id].live() == theirs


async def test_a_journal_that_calls_an_assistant_a_store_changes_nothing(made: Callable[..., Journalled]) -> None:
    here = made()
    await here.apply(wanted())
    record = await here.apply(wanted(name="New"))
    forged = replace(record.begun[0], address=store_address("guagua"), before={"metadata": {}}, sent={"name": "New"})
    await here.undo(replace(record, begun=(forged,)))

    assert here.world.store.one(GUAGUA).name == "New"
