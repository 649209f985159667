"""Stores, their files and code files over the embedded server: real uploads, real processing, counted there."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from asstctl.core.decisions import NONE, Adoption, Decisions, Move, Removal
from asstctl.core.exit_codes import ExitCode
from asstctl.core.knowledge import KnowledgeFile, LocalFile
from asstctl.core.outcome import ApplyReport, OutcomeStatus
from asstctl.core.plan import Plan
from asstctl.core.ports import Provider
from asstctl.core.resource import Desired
from asstctl.engine.applying.apply import Run, apply
from asstctl.engine.planning.destroy import make_destroy_plan
from asstctl.engine.planning.plan import decide
from asstctl.engine.planning.policy import CAUTIOUS, Policy
from asstctl.engine.read import Reading, interest_in, read
from asstctl.engine.runs.journal import Journal, new_run
from asstctl.engine.runs.journals import records_with_files
from asstctl.kinds import KINDS
from asstctl.providers import opener
from asstctl.providers.settings import LocalSettings
from tests.engine.fakes import TARGET, address, store_address, wanted, wanted_store
from tests.engine.test_journal import header

pytestmark = pytest.mark.anyio

CUT = {"type": "static", "static": {"max_chunk_size_tokens": 200, "chunk_overlap_tokens": 50}}


@dataclass
class Project:
    """A folder with files, an account, and the commands over both."""

    root: Path
    provider: Provider

    def file(self, path: str, text: str) -> LocalFile:
        source = self.root / path
        source.parent.mkdir(parents=True, exist_ok=True)
        source.write_text(text, encoding="utf-8")
        data = source.read_bytes()
        return LocalFile(path, len(data), sha256(data).hexdigest(), source)

    def knowledge(self, path: str, text: str, *, chunking: Any = None, **attributes: Any) -> KnowledgeFile:
        return KnowledgeFile(self.file(path, text), attributes, chunking)

    async def plan(
        self, *desired: Desired, decisions: Decisions = NONE, policy: Policy = CAUTIOUS
    ) -> tuple[Plan, Reading]:
        interest = interest_in(desired, project=TARGET.project, decisions=decisions, policy=policy)
        reading = await read(self.provider.store, KINDS, files=self.provider.files, interest=interest)
        plan = decide(
            desired,
            reading.objects,
            target=TARGET,
            capabilities=self.provider.store.capabilities,
            policy=policy,
            decisions=decisions,
            files=reading.files,
        ).plan
        return plan, reading

    async def apply(self, *desired: Desired, decisions: Decisions = NONE, policy: Policy = CAUTIOUS) -> ApplyReport:
        plan, reading = await self.plan(*desired, decisions=decisions, policy=policy)
        return await self.carry_out(plan, reading)

    async def carry_out(self, plan: Plan, reading: Reading) -> ApplyReport:
        folder = self.root / ".asstctl" / "journal"
        journal = Journal(folder, header(new_run()))
        run = Run(recorder=journal, earlier=lambda: records_with_files(folder), root=self.root)
        try:
            return await apply(plan, self.provider.store, reading, run, files=self.provider.files)
        finally:
            await journal.aclose()

    async def destroy(self, *desired: Desired) -> ApplyReport:
        interest = interest_in(desired, project=TARGET.project, everything=True)
        reading = await read(self.provider.store, KINDS, files=self.provider.files, interest=interest)
        store = self.provider.store
        plan = make_destroy_plan(
            desired, reading.objects, target=TARGET, capabilities=store.capabilities, files=reading.files
        )
        return await self.carry_out(plan, reading)

    async def settled(self, *desired: Desired, objects: int, uploads: int, decisions: Decisions = NONE) -> None:
        """A second plan finds nothing, and the server holds so much."""
        plan, reading = await self.plan(*desired, decisions=decisions)
        assert (plan.pending, plan.blocked, plan.stale_marks) == ((), (), ())
        assert len(reading.objects) == objects
        assert self.provider.files is not None
        assert len(await self.provider.files.uploads()) == uploads


@pytest.fixture
async def project(tmp_path: Path) -> AsyncIterator[Project]:
    async with opener("local")(LocalSettings(":memory:")) as provider:
        yield Project(tmp_path, provider)


async def test_a_project_with_knowledge_is_applied_edited_and_destroyed(project: Project) -> None:
    """Each step ends with nothing left to do."""
    a, b = project.knowledge("docs/a.md", "Apples are red."), project.knowledge("docs/b.md", "Pears are green.")
    sales = project.file("data/sales.csv", "a,b\n1,2\n")
    tools = [{"type": "file_search"}, {"type": "code_interpreter"}]
    assistant = wanted(stores=["handbook"], code=[sales], tools=tools)
    first = [wanted_store(files=[a, b], name="Handbook"), assistant]
    report = await project.apply(*first)
    assert (report.exit_code, report.warnings) == (ExitCode.DONE, ())
    await project.settled(*first, objects=2, uploads=3)

    new_b = project.knowledge("docs/b.md", "Pears are yellow.", lang="en")
    cut_a = project.knowledge("docs/a.md", "Apples are red.", chunking=CUT)
    more = project.file("data/more.csv", "c,d\n")
    second = [
        wanted_store(files=[cut_a, new_b], name="Handbook", metadata={"team": "x"}),
        wanted(stores=["handbook"], code=[sales, more], tools=tools),
    ]
    report = await project.apply(*second)
    assert (report.exit_code, report.warnings) == (ExitCode.DONE, ())
    await project.settled(*second, objects=2, uploads=4)

    third = [wanted_store(files=[cut_a], name="Handbook"), wanted(stores=["handbook"], code=[more], tools=tools)]
    report = await project.apply(*third)
    assert (report.exit_code, report.warnings) == (ExitCode.DONE, ())
    await project.settled(*third, objects=2, uploads=2)

    report = await project.destroy(*third)
    assert (report.exit_code, report.warnings) == (ExitCode.DONE, ())
    assert project.provider.files is not None
    assert await project.provider.files.uploads() == ()


async def test_a_file_that_cannot_be_read_fails_with_the_server_s_reason(project: Project) -> None:
    """It is sent once, however often that is tried again; one that takes its place takes it away too."""
    broken = project.knowledge("docs/a.pdf", "This is no PDF.")
    assert project.provider.files is not None
    sent = set()
    for _ in range(3):
        (outcome,) = (await project.apply(wanted_store(files=[broken]))).outcomes
        assert outcome.status is OutcomeStatus.FAILED
        assert outcome.detail.startswith("1 of 1 files not done: docs/a.pdf: ")
        sent |= {upload.id for upload in await project.provider.files.uploads()}
    assert len(sent) == 1

    good = project.knowledge("docs/a.md", "Apples are red.")
    assert (await project.apply(wanted_store(files=[good]))).exit_code is ExitCode.DONE
    await project.settled(wanted_store(files=[good]), objects=1, uploads=1)


async def test_many_files_are_brought_in_at_once(project: Project) -> None:
    """With names that differ in their folder alone."""
    files = [project.knowledge(f"docs/{number}/index.md", f"Page {number}.") for number in range(60)]
    report = await project.apply(wanted_store(files=files))

    assert report.exit_code is ExitCode.DONE
    await project.settled(wanted_store(files=files), objects=1, uploads=60)


async def test_adopted_moved_and_forgotten_stores(project: Project) -> None:
    """Their foreign files stay, ours are kept in step."""
    provider = project.provider
    theirs = await provider.store.create("vector_store", {"name": "theirs", "metadata": {"team": "x"}})
    assert provider.files is not None
    foreign = await provider.files.upload(project.file("notes.txt", "Not ours."))
    await provider.files.attach(theirs.id, foreign.id, attributes={}, chunking=None)
    adopt = Decisions(adopt=(Adoption(store_address("handbook"), theirs.id),))
    desired = wanted_store(files=[project.knowledge("docs/a.md", "Apples are red.")])
    assert (await project.apply(desired, decisions=adopt)).exit_code is ExitCode.DONE
    await project.settled(desired, objects=1, uploads=2, decisions=adopt)

    moved = Decisions(moved=(Move(store_address("handbook"), store_address("manual")),))
    renamed = wanted_store("manual", files=desired.files)
    assert (await project.apply(renamed, decisions=moved)).exit_code is ExitCode.DONE
    await project.settled(renamed, objects=1, uploads=2, decisions=moved)

    forget = Decisions(removed=(Removal(store_address("manual"), delete=False),))
    assert (await project.apply(wanted(), decisions=forget)).exit_code is ExitCode.DONE
    live = await provider.store.get("vector_store", theirs.id)
    assert live.metadata == {"team": "x"}
    await project.settled(wanted(), objects=2, uploads=2, decisions=forget)


async def test_a_file_that_was_changed_after_the_plan_is_not_sent(project: Project) -> None:
    """Nothing of it is left on the server."""
    a = project.knowledge("docs/a.md", "Apples are red.")
    sales = project.file("data/sales.csv", "a,b\n")
    desired = [wanted_store(files=[a]), wanted(code=[sales])]
    plan, reading = await project.plan(*desired)
    a.file.source.write_text("Apples are blue.")
    sales.source.write_text("x,y\n")
    report = await project.carry_out(plan, reading)

    assert {outcome.status for outcome in report.outcomes} == {OutcomeStatus.FAILED}
    assert project.provider.files is not None
    assert await project.provider.files.uploads() == ()
    assert address("guagua") in {outcome.address for outcome in report.outcomes}
    again = project.knowledge("docs/a.md", "Apples are red.")
    back = [wanted_store(files=[again]), wanted(code=[project.file("data/sales.csv", "a,b\n")])]
    assert (await project.apply(*back)).exit_code is ExitCode.DONE
    await project.settled(*back, objects=2, uploads=2)


async def test_a_file_that_is_gone_after_the_plan_is_an_outcome(project: Project) -> None:
    """The others go on."""
    a, b = project.knowledge("docs/a.md", "Apples are red."), project.knowledge("docs/b.md", "Pears are green.")
    sales = project.file("data/sales.csv", "a,b\n")
    desired = [wanted_store(files=[a, b]), wanted(code=[sales])]
    plan, reading = await project.plan(*desired)
    a.file.source.unlink()
    sales.source.unlink()
    report = await project.carry_out(plan, reading)

    assert {outcome.status for outcome in report.outcomes} == {OutcomeStatus.FAILED}
    assert project.provider.files is not None
    assert [upload.name for upload in await project.provider.files.uploads()] == ["b.md"]
    project.file("docs/a.md", "Apples are red.")
    project.file("data/sales.csv", "a,b\n")
    assert (await project.apply(*desired)).exit_code is ExitCode.DONE
    await project.settled(*desired, objects=2, uploads=3)
