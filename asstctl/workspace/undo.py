"""Use cases: list the runs that a project's journals know, and take one of them back.

A journal may be brought along (an artifact of CI), and is trusted for neither URLs nor credentials: it names a
target of the project file, and what that says holds.
"""

from dataclasses import replace
from pathlib import Path

from asstctl.core.errors import Refused, StoreError
from asstctl.core.journal import Header, Record
from asstctl.core.mark import Mark, read_mark
from asstctl.core.outcome import Applied
from asstctl.core.runs import Runs
from asstctl.engine.planning.approval import approved_of, digest
from asstctl.engine.read import Interest, read
from asstctl.engine.runs.history import pairs_of, summary
from asstctl.engine.runs.journals import find, read_file, read_run
from asstctl.engine.runs.journals import runs as run_ids
from asstctl.engine.runs.undo import make_undo_plan
from asstctl.kinds import KINDS
from asstctl.workspace.apply import Conduct, carry_out_plan
from asstctl.workspace.choices import DEFAULT, Choices, max_deletes
from asstctl.workspace.journal import journal_folder
from asstctl.workspace.veil import veiled
from asstctl.workspace.workspace import Workspace


def runs(workspace: Workspace) -> Runs:
    """Every run that left a journal here, newest first."""
    folder, found, unreadable = journal_folder(workspace.project.root), [], []
    for run in run_ids(folder):
        try:
            found.append(summary(read_run(folder, run)))
        except StoreError:
            unreadable.append(run)
    return Runs(tuple(found), tuple(unreadable))


def record_of(workspace: Workspace, run: str | None, journal: Path | None) -> Record:
    """The journal that is meant: of a run here, or a file. Raises WrongUsage and StoreError."""
    if journal is not None:
        return read_file(journal)
    folder = journal_folder(workspace.project.root)
    return read_run(folder, find(folder, run or ""))


def workspace_for(workspace: Workspace, header: Header) -> Workspace:
    """The workspace on the run's target. Raises Refused where project or place are not those of the run."""
    if workspace.target_name not in (None, header.target):
        raise Refused(
            f"run {header.run} was on {header.target}",
            detail=f"--target says {workspace.target_name}",
            hint="leave --target out",
        )
    if header.target not in workspace.project.targets:
        raise Refused(
            f"run {header.run} was on {header.target}, and the project has no such target",
            detail="what a journal says of a target is not taken for one",
            hint="declare the target in asstctl.yaml",
        )
    there = replace(workspace, target_name=header.target)
    info = there.info
    held = {"project": (header.project, info.project), "provider": (header.provider, info.provider)}
    if not info.local:
        held["place"] = (header.place, info.place)
    for name, (then, now) in held.items():
        if then != now:
            raise Refused(
                f"run {header.run} was on another {name}",
                detail=f"{then} then, {now} now, for target {header.target}",
                hint="choose a run of this project and target: asstctl undo",
            )
    return there


async def undo(
    workspace: Workspace, record: Record, conduct: Conduct, choices: Choices = DEFAULT, *, named: str = ""
) -> Applied:
    """Plan the way back on the run's target (see `workspace_for`), ask, and carry it out. `named` is how the run was
    named where that was not by its id; of the choices the bound of deletes counts."""
    header = record.header
    stores = frozenset(id for one in record.begun if (id := _store_of(one.file)) is not None)
    async with workspace.open() as provider:
        interest = Interest(kinds=frozenset({"assistant"}), project=header.project, addresses=None, ids=stores)
        reading = await read(provider.store, KINDS, files=provider.files, interest=interest)
        plan = make_undo_plan(
            record,
            reading.objects,
            target=workspace.info,
            capabilities=provider.store.capabilities,
            files=reading.files,
            max_deletes=max_deletes(workspace, choices),
            named=named,
        )
        plan = veiled(plan, workspace.project.secrets)
        plan = replace(plan, digest=digest(approved_of(plan)))
        return await carry_out_plan(workspace, plan, reading, provider, conduct, "undo")


def way_on(record: Record) -> tuple[str, ...]:
    """What is left to do in git: the files still say what the run deployed."""
    header = record.header
    said = f"The files still say what run {header.run} deployed"
    if header.revision is None:
        return (f"{said}: change them too, or the next apply brings it back.",)
    before = {mark.revision for one in record.begun if isinstance(mark := read_mark(pairs_of(one.before)), Mark)}
    one = before.pop() if len(before) == 1 else ""
    reverted = f"{one}..{header.revision}" if one and one != header.revision else header.revision
    return (
        f"{said} (git {header.revision}): the next apply brings it back.",
        f"To take it back there too: git revert {reverted}",
    )


def _store_of(file: object) -> str | None:
    store = file.get("store") if isinstance(file, dict) else None
    return store if isinstance(store, str) and store else None
