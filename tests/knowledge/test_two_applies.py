"""Two applies at once, of a store with its files and an assistant with one for its code: over sockets, held until
both are about to create."""

import asyncio
from collections import Counter
from collections.abc import Callable

import pytest

from asstctl.core.outcome import Applied, OutcomeStatus
from asstctl.emulator.asgi import Asgi, Receive, Scope, Send
from asstctl.workspace.apply import Conduct, apply
from asstctl.workspace.workspace import Workspace
from tests.faults.account import Account, Around, is_post
from tests.faults.conftest import scene
from tests.faults.scene import Scene

__all__ = ["scene"]

pytestmark = pytest.mark.parametrize("scene", ["assistants"], indirect=True)
"""Agents have neither stores nor files for code."""

FILES = 3
MANIFESTS = """\
kind: vector_store
key: handbook
files: [/docs/*.md]
---
kind: assistant
key: tutor
model: gpt-4o
tools: [{type: file_search}, {type: code_interpreter}]
tool_resources:
  file_search: {vector_stores: [handbook]}
  code_interpreter: {files: [/data/sales.csv]}
"""


def first_of_each(count: int, matches: Callable[[Scope], bool]) -> Around:
    """Requests that match wait for each other until there are so many; later ones do not."""
    waiting, complete = [0], asyncio.Event()

    def around(app: Asgi) -> Asgi:
        async def held(scope: Scope, receive: Receive, send: Send) -> None:
            if matches(scope):
                waiting[0] += 1
                if waiting[0] == count:
                    complete.set()
                await complete.wait()
            await app(scope, receive, send)

        return held

    return around


@pytest.fixture
def knowing(scene: Scene) -> Scene:
    """A project with nothing but the manifests above, and their files."""
    scene.count = 0
    scene.write()
    (scene.root / "assistants" / "all.yaml").write_text(MANIFESTS)
    for n in range(FILES):
        path = scene.root / "docs" / f"{n}.md"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"Page {n}.")
    (scene.root / "data").mkdir()
    (scene.root / "data" / "sales.csv").write_text("a,b\n1,2\n")
    return scene


def race(scene: Scene, where: str) -> list[Applied]:
    scene.account.strike(around=first_of_each(2, is_post(to=where)))

    async def both() -> list[Applied]:
        workspaces = Workspace(scene.root), Workspace(scene.root)
        return await asyncio.gather(*(apply(one, Conduct(approve=lambda _: True)) for one in workspaces))

    return asyncio.run(both())


def uploads(account: Account) -> Counter[str]:
    return Counter(one["filename"] for one in account.everything("/files"))


WHOLE = Counter({f"{n}.md": 1 for n in range(FILES)} | {"sales.csv": 1})


def test_two_applies_at_once_leave_one_store_and_one_assistant_with_each_file_once(knowing: Scene) -> None:
    """The loser deletes its own store again and sends nothing for it; it exits with 1, the winner with 0."""
    account = knowing.account
    reports = [applied.report for applied in race(knowing, "/vector_stores")]
    account.strike()

    assert sorted(int(report.exit_code) for report in reports if report) == [0, 1]
    assert account.marked("/vector_stores") == {"vector_store.handbook": 1}
    assert account.marked() == {"assistant.tutor": 1}
    assert uploads(account) == WHOLE
    (lost,) = [report for report in reports if report and report.exit_code]
    assert {outcome.status for outcome in lost.outcomes} == {OutcomeStatus.FAILED, OutcomeStatus.SKIPPED}
    ran = knowing.apply()
    assert (ran.code, ran.writes) == (0, 0)
    assert uploads(account) == WHOLE


def test_two_applies_that_create_one_assistant_at_once_leave_no_upload_of_the_loser(knowing: Scene) -> None:
    """The store is there already; each uploads the code file before it creates its assistant."""
    account = knowing.account
    assert knowing.apply("--only", "vector_store.handbook").code == 0
    reports = [applied.report for applied in race(knowing, "/assistants")]
    account.strike()

    assert sorted(int(report.exit_code) for report in reports if report) == [0, 1]
    assert account.marked() == {"assistant.tutor": 1}
    assert uploads(account) == WHOLE
    ran = knowing.apply()
    assert (ran.code, ran.writes) == (0, 0)
    assert uploads(account) == WHOLE


def test_two_applies_that_bring_in_the_same_files_at_once_end_with_each_once(knowing: Scene) -> None:
    """Both may bring a file in: the next plan finds the second one by its path and takes it away."""
    account = knowing.account
    assert knowing.apply().code == 0
    for n in range(FILES):
        (knowing.root / "docs" / f"{n}.md").write_text(f"Page {n}, again.")
    race(knowing, "/files")
    account.strike()
    following, last = knowing.apply(), knowing.apply()

    assert (following.code, last.code, last.writes) == (0, 0, 0)
    assert uploads(account) == WHOLE
    (store,) = account.everything("/vector_stores")
    assert len(account.everything(f"/vector_stores/{store['id']}/files")) == FILES
