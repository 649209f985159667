"""The journal of a project's runs: one for each that writes, and what later ones take from it."""

import asyncio
from pathlib import Path
from typing import Any

from asstctl.core.address import Address
from asstctl.core.change import Action
from asstctl.core.plan import TargetInfo
from asstctl.engine.runs.journals import read_run, runs
from asstctl.workspace.apply import Conduct, apply, destroy
from asstctl.workspace.journal import begin_journal, earlier_runs, journal_folder
from asstctl.workspace.workspace import Workspace

STORE = "kind: vector_store\nkey: handbook\nfiles: [/docs/*.md]\n"


def project(root: Path) -> Workspace:
    for path, text in {"assistants/handbook.yaml": STORE, "docs/a.md": "Apples are red.\n"}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return Workspace(root, environ={})


def conduct() -> Conduct:
    return Conduct(approve=lambda plan: True)


def test_a_run_that_writes_leaves_a_journal_and_one_that_does_not_leaves_none(tmp_path: Path) -> None:
    workspace = project(tmp_path)
    asyncio.run(apply(workspace, conduct()))
    (run,) = runs(journal_folder(tmp_path))
    record = read_run(journal_folder(tmp_path), run)

    assert (record.header.command, record.header.target, record.header.project) == ("apply", "local", "local")
    assert [(one.action, (one.file or {}).get("step")) for one in record.begun] == [
        (Action.CREATE, None),
        (Action.CREATE, "upload"),
        (Action.CREATE, "attach"),
    ]
    assert (record.open, record.torn) == ((), False)
    applied = asyncio.run(apply(project(tmp_path), conduct()))
    assert applied.plan.is_empty
    assert runs(journal_folder(tmp_path)) == (run,)


def test_a_destroy_says_that_it_was_one(tmp_path: Path) -> None:
    asyncio.run(apply(project(tmp_path), conduct()))
    asyncio.run(destroy(project(tmp_path), conduct()))
    newest, _ = sorted(
        (read_run(journal_folder(tmp_path), run) for run in runs(journal_folder(tmp_path))),
        key=lambda record: record.header.command,
        reverse=True,
    )

    assert newest.header.command == "destroy"
    assert [(one.file or {}).get("step") for one in newest.begun] == ["delete", None]
    assert asyncio.run(destroy(project(tmp_path), conduct())).plan.is_empty


def test_runs_of_another_project_or_target_are_not_asked(tmp_path: Path) -> None:
    """What they uploaded is somebody else's, or somewhere else."""
    here = TargetInfo("prod", "openai", "assistants-v2", "api.example", "agiclass")
    others = [
        TargetInfo("prod", "openai", "assistants-v2", "api.example", "another"),
        TargetInfo("staging", "openai", "assistants-v2", "other.example", "agiclass"),
    ]

    for target in (here, *others):
        asyncio.run(write(tmp_path, target, file={"step": "upload"}))

    assert [record.header.target for record in earlier_runs(tmp_path, here)] == ["prod"]
    assert len(runs(journal_folder(tmp_path))) == 3


def test_runs_that_touched_no_file_are_not_asked(tmp_path: Path) -> None:
    """They cannot have left an upload, and may be many and long."""
    here = TargetInfo("prod", "openai", "assistants-v2", "api.example", "agiclass")
    asyncio.run(write(tmp_path, here))

    assert list(earlier_runs(tmp_path, here)) == []
    assert len(runs(journal_folder(tmp_path))) == 1


async def write(root: Path, target: TargetInfo, **more: Any) -> None:
    """A journal of one line."""
    journal = begin_journal(root, "apply", target, None)
    await journal.begin(Address("assistant", "guagua"), Action.CREATE, **more)
    await journal.aclose()
