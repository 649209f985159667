"""What people are told of files, and what is done about those that went wrong before."""

from pathlib import Path

import pytest

from asstctl.core.change import ABSENT, Detail
from asstctl.core.exit_codes import ExitCode
from asstctl.core.outcome import Applied
from asstctl.core.reference import file_reference
from asstctl.engine.planning.resolve import CODE_FILES
from asstctl.render.apply import applied_text
from tests.engine.fakes import wanted, wanted_store
from tests.knowledge.account import BAD, Project, project

pytestmark = pytest.mark.anyio

TOOLS = [{"type": "code_interpreter"}]


async def mended(of: Project) -> None:
    """With a text in its place, nothing of the tries is left."""
    desired = [wanted_store(files=[of.knowledge("docs/a.md", b"Apples are red.")])]
    assert (await of.apply(desired)).exit_code is ExitCode.DONE
    await of.settled(desired)
    assert len(await of.uploads()) == 1


async def test_a_file_that_fails_again_and_again_leaves_one_upload(tmp_path: Path) -> None:
    """Otherwise every nightly apply would leave one more."""
    async with project(tmp_path) as of:
        desired = [wanted_store(files=[of.knowledge("docs/a.md", BAD)])]
        for _ in range(3):
            (outcome,) = (await of.apply(desired)).outcomes
            assert outcome.hint == "mend it or leave it out"
            assert len(await of.uploads()) == 1
        (change,) = (await of.plan(desired))[0].pending
        assert change.files[0].reason.startswith("processing of file-")
        await mended(of)


async def test_a_file_that_fails_leaves_what_is_in_its_place(tmp_path: Path) -> None:
    async with project(tmp_path) as of:
        await of.apply([wanted_store(files=[of.knowledge("docs/a.md", b"Apples.")])])
        (before,) = await of.uploads()
        desired = [wanted_store(files=[of.knowledge("docs/a.md", BAD)])]
        for _ in range(3):
            assert (await of.apply(desired)).exit_code is ExitCode.FAILED
            assert len(await of.uploads()) == 2
        assert before in await of.uploads()
        await mended(of)


async def test_a_list_of_code_files_is_a_set_and_its_changes_are_told_as_one(tmp_path: Path) -> None:
    """Ids in another order are no difference."""
    async with project(tmp_path) as of:
        a, b, c = (of.file(f"data/{name}.csv", name.encode()) for name in "abc")
        await of.apply([wanted(code=[a, b], tools=TOOLS)])
        desired = [wanted(code=[b, c], tools=TOOLS)]
        (change,) = (await of.plan(desired))[0].pending
        ((detail,),) = [field.details for field in change.fields if field.name == CODE_FILES]
        assert (detail.path, detail.after) == ("file_ids", file_reference(c))
        assert (await of.apply(desired)).exit_code is ExitCode.DONE

        (change,) = (await of.plan([wanted(code=[b], tools=TOOLS)]))[0].pending
        ((detail,),) = [field.details for field in change.fields if field.name == CODE_FILES]
        assert isinstance(detail.before, str)
        assert detail == Detail("file_ids", detail.before, ABSENT)
        await of.settled(desired)
        assert len(await of.uploads()) == 2


async def test_an_upload_that_the_files_name_by_its_id_stands_for_no_file(tmp_path: Path) -> None:
    """It would be two things in one list, and the next plan would find one of them missing."""
    async with project(tmp_path) as of:
        sales = of.file("data/sales.csv", b"a,b\n")
        await of.apply([wanted(code=[sales], tools=TOOLS)])
        (id,) = await of.uploads()
        desired = [wanted(code=[sales, id], tools=TOOLS)]
        assert (await of.apply(desired)).exit_code is ExitCode.DONE
        await of.settled(desired)
        assert len(await of.uploads()) == 2

        desired = [wanted(code=[sales], tools=TOOLS)]
        assert (await of.apply(desired)).exit_code is ExitCode.DONE
        await of.settled(desired)
        assert id in await of.uploads()


async def test_what_a_run_that_was_cut_off_did_not_delete_is_said_by_the_next(tmp_path: Path) -> None:
    """Even where that has nothing left to do; and it is left alone."""
    async with project(tmp_path) as of:
        await of.apply([wanted(code=[of.file("data/a.csv", b"1")], tools=TOOLS)])
        (old,) = await of.uploads()
        desired = [wanted(code=[of.file("data/a.csv", b"2")], tools=TOOLS)]
        of.wire.forget()
        died = await of.killed(desired, 6, done=False)
        assert (died, of.wire.asked[5]) == (True, "DELETE files/ID"), of.wire.asked
        report = await of.apply(desired)
        assert (report.outcomes, report.exit_code) == ((), ExitCode.DONE)
        (warning,) = report.warnings
        assert warning == f"{old} (a.csv): may be from a run that was cut off; left alone"
        assert applied_text(Applied((await of.plan(desired))[0], report)).startswith(f"\nwarning: {old} (a.csv): ")
        await of.settled(desired)
        assert len(await of.uploads()) == 2


async def test_uploads_of_a_store_that_somebody_deleted_are_used_for_the_next(tmp_path: Path) -> None:
    async with project(tmp_path) as of:
        desired = [wanted_store(files=[of.knowledge(f"docs/{n}.md", b"Page %d." % n) for n in range(3)])]
        await of.apply(desired)
        before = {*await of.uploads()}
        await of.their.store.delete("vector_store", (await of.one("vector_store")).id)
        of.wire.forget()
        report = await of.apply(desired)
        assert (report.exit_code, report.warnings) == (ExitCode.DONE, ())
        assert of.wire.counted["POST files"] == 0
        assert {*await of.uploads()} == before
        await of.settled(desired)


async def test_files_that_are_no_longer_spoken_of_stay_and_are_noted(tmp_path: Path) -> None:
    """An empty list takes them out."""
    async with project(tmp_path) as of:
        await of.apply([wanted_store(files=[of.knowledge("docs/a.md", b"Apples.")])])
        plan, _ = await of.plan([wanted_store()])
        assert not plan.pending
        said = "vector_store.handbook: it holds 1 file of this project, and no `files` are declared here."
        assert plan.notes == (said,)
        assert (await of.apply([wanted_store(files=[])])).exit_code is ExitCode.DONE
        await of.settled([wanted_store(files=[])])
        assert not await of.uploads()
