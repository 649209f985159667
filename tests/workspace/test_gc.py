"""`test gc`: what a run that was killed left is removed, and nothing else."""

import asyncio
import os
import signal
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from time import time
from typing import Any

import httpx2
import pytest

from asstctl.core.errors import ServerFault
from asstctl.core.ledger import Leftover, Made, Swept
from asstctl.core.ports import Provider, ResourceStore
from asstctl.core.resource import Listing
from asstctl.core.thread import run_pair
from asstctl.workspace.conversations.gc import gc
from asstctl.workspace.conversations.ledger import FileLedger, ledger_folder, ledger_runs
from asstctl.workspace.plan import plan
from asstctl.workspace.workspace import Workspace
from tests.workspace.served import Served
from tests.workspace.test_candidates import GUAGUA_ADDRESS, RUN, applied, copied, stores

pytestmark = pytest.mark.anyio

ELSEWHERE = "20261122-120000-zzzz"


def names(those: tuple[Leftover, ...]) -> list[tuple[str, str]]:
    return sorted((one.kind.value, one.name) for one in those)


async def swept(served: Served, *, every: bool = False) -> Swept:
    return await gc(served.workspace, every=every)


def left_by_a_dead_run(served: Served, kind: Made, name: str, id: str = "", *, run: str = RUN) -> None:
    with closing(FileLedger(served.root, run, served.workspace.info)) as ledger:
        entry = ledger.intend(kind, name)
        if id:
            ledger.made(entry, id)


def posted(served: Served, path: str, body: object) -> str:
    return str(served.call("POST", path, body)["id"])


def copy_of(run: str, project: str = "school") -> dict[str, object]:
    marks = {"asstctl_project": project, "asstctl_key": f"assistant.guagua~{run}", "asstctl_base": "1;;n=abcdefgh;"}
    return {"model": "gpt-4o", "name": "Guagua", "metadata": marks}


def uploaded(served: Served, content: bytes, name: str = "sales.csv") -> str:
    with httpx2.Client(trust_env=False) as client:
        sent = client.post(f"{served.url}/files", files={"file": (name, content)}, data={"purpose": "assistants"})
    return str(sent.json()["id"])


async def killed(root: str) -> None:
    """Make copies, and be killed while they are used."""
    async with copied(Served(Path(root), ""), GUAGUA_ADDRESS):
        os.kill(os.getpid(), signal.SIGKILL)


async def test_a_kill_leaves_copies_that_are_removed(served: Served) -> None:
    stores(served)
    await applied(served)
    before = served.counts()
    served.write("docs/b.md", "How to end.")
    program = "import asyncio, sys; from tests.workspace.test_gc import killed; asyncio.run(killed(sys.argv[1]))"
    done = await asyncio.create_subprocess_exec(sys.executable, "-c", program, str(served.root))
    assert await done.wait() == -signal.SIGKILL
    assert served.counts() == {"assistants": 2, "vector_stores": 2, "files": before["files"] + 3}

    found = await swept(served)

    copies = [("assistant", f"assistant.guagua~{RUN}"), ("vector_store", f"vector_store.handbook~{RUN}")]
    assert [one for one in names(found.removed) if one[0] != "file"] == copies
    assert (found.failed, found.lost, found.spared, found.alive) == ((), (), (), ())
    assert served.counts() == before
    assert ledger_runs(served.root) == ()
    assert await swept(served) == Swept(served.workspace.info)
    await applied(served)


async def test_what_a_living_run_uses_is_left_alone(served: Served) -> None:
    served.begin()
    async with copied(served, GUAGUA_ADDRESS):
        found = await swept(served, every=True)
        assert (found.removed, found.alive) == ((), (RUN,))
        assert served.counts()["assistants"] == 1


async def test_a_copy_whose_id_nobody_learned_is_found_by_its_key(served: Served) -> None:
    served.begin()
    left_by_a_dead_run(served, Made.ASSISTANT, f"assistant.guagua~{RUN}")
    posted(served, "/assistants", copy_of(RUN))
    posted(served, "/assistants", {"model": "gpt-4o", "name": "Guagua"})

    assert names((await swept(served)).removed) == [("assistant", f"assistant.guagua~{RUN}")]
    assert served.counts()["assistants"] == 1


async def test_a_store_whose_id_nobody_learned_is_found_by_its_run(served: Served) -> None:
    served.begin()
    left_by_a_dead_run(served, Made.VECTOR_STORE, "guagua/schedule")
    posted(served, "/vector_stores", {"name": "files of a thread", "metadata": run_pair("school", RUN)})

    assert len((await swept(served)).removed) == 1
    assert served.counts()["vector_stores"] == 0


async def test_what_another_project_made_is_never_touched(served: Served) -> None:
    """Two projects may share an account, and the id of a run says nothing of its project."""
    served.begin()
    left_by_a_dead_run(served, Made.VECTOR_STORE, "guagua/schedule")
    posted(served, "/vector_stores", {"name": "of another", "metadata": run_pair("another", RUN)})
    posted(served, "/vector_stores", {"name": "of nobody", "metadata": {"asstctl_run": RUN}})
    posted(served, "/vector_stores", {"name": "of another run", "metadata": run_pair("another", ELSEWHERE)})

    found = await swept(served, every=True)

    assert (found.removed, found.spared) == ((), ())
    assert served.counts()["vector_stores"] == 3


async def test_what_was_kept_on_purpose_goes_only_with_all(served: Served) -> None:
    """What it was kept with stays too, while the same run's leftovers go."""
    served.begin()
    kept, left = posted(served, "/threads", {}), posted(served, "/threads", {})
    pair = run_pair("school", RUN)
    store = posted(served, "/vector_stores", {"name": "files of the thread", "metadata": pair})
    lost = posted(served, "/vector_stores", {"name": "of a thread that was never kept", "metadata": pair})
    with closing(FileLedger(served.root, RUN, served.workspace.info)) as ledger:
        for kind, id in ((Made.THREAD, kept), (Made.VECTOR_STORE, store)):
            ledger.made(entry := ledger.intend(kind, "guagua/schedule"), id)
            ledger.kept(entry)
        ledger.made(ledger.intend(Made.THREAD, "guagua/other"), left)
        ledger.intend(Made.VECTOR_STORE, "guagua/other")

    found = await swept(served)

    assert sorted(one.id for one in found.removed) == sorted([left, lost])
    assert [one.id for one in found.kept] == [kept, store]
    assert [one.id for one in (await swept(served)).kept] == [kept, store]
    every = await swept(served, every=True)
    assert ([one.id for one in every.removed], every.kept) == ([kept, store], ())
    assert ledger_runs(served.root) == ()


async def test_threads_go_by_their_ids_alone(served: Served) -> None:
    served.begin()
    thread = posted(served, "/threads", {})
    left_by_a_dead_run(served, Made.THREAD, "guagua/schedule", thread)
    left_by_a_dead_run(served, Made.THREAD, "guagua/other", run=ELSEWHERE)

    found = await swept(served)

    assert [(one.kind, one.id) for one in found.removed] == [(Made.THREAD, thread)]
    assert names(found.lost) == [("thread", "guagua/other")]
    assert "error" in served.call("GET", f"/threads/{thread}")
    assert ledger_runs(served.root) == ()


async def test_what_is_gone_already_is_only_forgotten(served: Served) -> None:
    served.begin()
    left_by_a_dead_run(served, Made.ASSISTANT, "assistant.guagua~x", "asst_000000000000000000000000")

    assert (await swept(served)).removed == ()
    assert ledger_runs(served.root) == ()


async def test_an_id_that_is_something_else_now_is_not_deleted(served: Served) -> None:
    """A ledger is believed for ids only where the object says the same."""
    served.begin()
    await applied(served)
    (deployed,) = served.listed("assistants")
    left_by_a_dead_run(served, Made.ASSISTANT, f"assistant.guagua~{RUN}", deployed["id"])

    assert (await swept(served)).removed == ()
    assert served.counts()["assistants"] == 1


async def test_uploads_without_an_id_are_told_by_their_likeness_and_stay(served: Served) -> None:
    """ENGINE promise 7. A person decides: they are told until they did."""
    served.begin()
    served.write("sales.csv", "a,b\n")
    left_by_a_dead_run(served, Made.FILE, "sales.csv")
    alike = [uploaded(served, b"a,b\n"), uploaded(served, b"a,b\n")]
    uploaded(served, b"a,b,c\n")
    uploaded(served, b"a,b\n", "other.csv")

    for _ in range(2):
        found = await swept(served, every=True)
        (lost,) = found.lost
        assert (found.removed, lost.name, lost.bytes, sorted(lost.maybe)) == ((), "sales.csv", 4, sorted(alike))
        assert served.counts()["files"] == 4
    for id in alike:
        served.call("DELETE", f"/files/{id}")

    assert [one.maybe for one in (await swept(served)).lost] == [()]
    assert ledger_runs(served.root) == ()


async def test_an_upload_whose_id_stands_in_the_ledger_is_removed(served: Served) -> None:
    served.begin()
    meant = uploaded(served, b"a,b\n")
    uploaded(served, b"a,b\n")
    left_by_a_dead_run(served, Made.FILE, "sales.csv", meant)

    assert [one.id for one in (await swept(served)).removed] == [meant]
    assert served.counts()["files"] == 1


@pytest.mark.parametrize("how", ["in a store", "of an assistant", "of another ledger"])
async def test_an_upload_that_is_known_to_be_something_else_is_not_named(served: Served, how: str) -> None:
    served.begin()
    served.write("sales.csv", "a,b\n")
    left_by_a_dead_run(served, Made.FILE, "sales.csv")
    ids = [uploaded(served, b"a,b\n")]
    if how == "in a store":
        store = posted(served, "/vector_stores", {"name": "mine"})
        served.call("POST", f"/vector_stores/{store}/files", {"file_id": ids[0]})
    elif how == "of an assistant":
        tool = {"code_interpreter": {"file_ids": ids}}
        posted(served, "/assistants", {"model": "m", "tools": [{"type": "code_interpreter"}], "tool_resources": tool})
    elif how == "of another ledger":
        other = FileLedger(served.root, ELSEWHERE, served.workspace.info)
        other.made(other.intend(Made.FILE, "sales.csv"), ids[0])

    found = await swept(served)

    assert names(found.lost) == [("file", "sales.csv")]
    assert found.lost[0].maybe == ()
    assert served.counts()["files"] == len(ids)
    if how == "of another ledger":
        other.close()


async def test_a_young_copy_of_another_machine_is_spared_unless_all_are_meant(served: Served) -> None:
    served.begin()
    posted(served, "/assistants", copy_of(ELSEWHERE))
    posted(served, "/assistants", copy_of(ELSEWHERE, project="another"))

    found = await swept(served)
    copy = [("assistant", f"assistant.guagua~{ELSEWHERE}")]
    assert (found.removed, names(found.spared)) == ((), copy)
    assert names((await swept(served, every=True)).removed) == copy
    assert served.counts()["assistants"] == 1


async def test_an_old_copy_of_another_machine_is_removed(served: Served) -> None:
    served.begin()
    posted(served, "/assistants", copy_of(ELSEWHERE))

    found = await gc(served.workspace, clock=lambda: time() + 25 * 3600)
    assert names(found.removed) == [("assistant", f"assistant.guagua~{ELSEWHERE}")]


async def test_a_ledger_of_another_target_is_left_to_it(served: Served) -> None:
    served.begin()
    await applied(served)
    elsewhere = replace(served.workspace.info, place="127.0.0.1:1")
    with closing(FileLedger(served.root, RUN, elsewhere)) as ledger:
        ledger.intend(Made.THREAD, "guagua/schedule")

    assert (await swept(served)).lost == ()
    assert ledger_runs(served.root) == (RUN,)


async def test_a_ledger_that_cannot_be_read_is_said_and_left(served: Served) -> None:
    served.begin()
    left_by_a_dead_run(served, Made.THREAD, "a")
    (ledger_folder(served.root) / f"{RUN}.jsonl").write_text("nonsense\n")

    found = await swept(served)
    assert (found.unreadable, found.exit_code) == ((RUN,), 1)
    assert ledger_runs(served.root) == (RUN,)


async def test_what_was_swept_leaves_the_plan_empty(served: Served) -> None:
    served.begin()
    await applied(served)
    async with copied(served, GUAGUA_ADDRESS):
        pass
    await swept(served)
    assert (await plan(served.workspace)).is_empty


async def test_a_dead_run_on_a_local_target_is_swept_from_wherever_one_stands(served: Served) -> None:
    """Its database is the same one, however its path is typed."""
    served.begin()
    local = replace(served.workspace, target_name="local")
    async with local.open() as provider:
        host = provider.thread_host()
        thread = (await host.open()).thread
        await host.aclose()
    elsewhere = replace(local.info, place="../somewhere/.asstctl/local.db")
    with closing(FileLedger(served.root, RUN, elsewhere)) as ledger:
        ledger.made(ledger.intend(Made.THREAD, "guagua/schedule"), thread)

    found = await gc(local)

    assert [one.id for one in found.removed] == [thread]
    assert ledger_runs(served.root) == ()


class Unlistable:
    """A store that lists nothing any more."""

    def __init__(self, store: ResourceStore) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def list(self, kind: str) -> Listing:
        raise ServerFault("the server failed", detail=f"GET {kind}")


class Failing(Workspace):
    """A project on a server whose listings fail."""

    def open(self) -> Provider:
        provider = super().open()
        provider.store = Unlistable(provider.store)
        return provider


async def test_what_was_removed_before_a_listing_failed_is_told(served: Served) -> None:
    served.begin()
    thread = posted(served, "/threads", {})
    left_by_a_dead_run(served, Made.THREAD, "guagua/schedule", thread)

    found = await gc(Failing(served.root))

    assert [one.id for one in found.removed] == [thread]
    assert (str(found.error), found.exit_code) == ("the server failed: GET assistant", 3)


async def test_what_a_killed_look_at_a_revision_left_goes_once_it_is_old(served: Served) -> None:
    served.begin()
    ours = served.root / ".asstctl"
    old, young, elsewhere = ours / "before-old", ours / "before-young", served.root / "elsewhere"
    for folder in (old / "docs", young, elsewhere):
        folder.mkdir(parents=True)
    (ours / "before-link").symlink_to(elsewhere)
    day_ago = time() - 24 * 3600
    os.utime(old, (day_ago, day_ago))
    os.utime(ours / "before-link", (day_ago, day_ago), follow_symlinks=False)

    await swept(served)

    assert not old.exists()
    assert young.exists()
    assert elsewhere.exists()
