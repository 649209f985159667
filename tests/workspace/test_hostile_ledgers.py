"""Ledgers that are damaged, or of somebody who means harm: read or refused, and nothing else goes for them."""

import copy
import json
import os
import resource
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asstctl.core.errors import StoreError
from asstctl.core.ledger import Made
from asstctl.render.gc import swept_text
from asstctl.workspace.conversations.gc import gc
from asstctl.workspace.conversations.ledger import (
    Entry,
    FileLedger,
    dead_ledger,
    ledger_folder,
    ledger_runs,
    read_ledger,
)
from tests.workspace.served import Served
from tests.workspace.test_ledger import RUN, begun, file_of

NASTY: tuple[Any, ...] = (
    *(None, True, -1, 10**400, 1e300, "", ".", "..", "a/../b", "\x1b[31m\n\u202e", "x" * 300, json.loads('"\\ud83d"')),
    *([], {}, [[]], {"a": 1}),
)


def lines(root: Path) -> list[Any]:
    with closing(begun(root)) as ledger:
        first, second = ledger.intend(Made.THREAD, "a"), ledger.intend(Made.FILE, "b.csv")
        ledger.made(first, "thread_1")
        ledger.intend(Made.ASSISTANT, "assistant.guagua~x")
        ledger.kept(first)
        ledger.gone(second)
    return [json.loads(line) for line in file_of(root).read_text().splitlines()]


def paths(found: list[Any]) -> list[tuple[int, str]]:
    return [(number, name) for number, line in enumerate(found) for name in line]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_ledger_is_read_or_refused(tmp_path: Path, data: st.DataObject) -> None:
    """Wherever it is damaged; what is read has the types that it says."""
    found = copy.deepcopy(lines(tmp_path))
    number, name = data.draw(st.sampled_from(paths(found)))
    nasty = data.draw(st.sampled_from(NASTY))
    found[number][name] = nasty
    file_of(tmp_path).write_text("".join(json.dumps(line) + "\n" for line in found))

    try:
        entries = read_ledger(tmp_path, RUN).left
    except StoreError:
        entries = ()
    file_of(tmp_path).unlink()

    for entry in entries:
        assert isinstance(entry.kind, Made)
        assert all(type(one) is str for one in (entry.name, entry.id))
        assert entry.id not in (".", "..")
        assert entry.bytes is None or type(entry.bytes) is int


@pytest.mark.parametrize("numbers", ["1e999", "NaN", "1" * 5000, "[" * 5000, '"' + "\\u0000" * 50 + '"'])
def test_numbers_and_nesting_without_end_are_refused(tmp_path: Path, numbers: str) -> None:
    lines(tmp_path)
    with file_of(tmp_path).open("a") as file:
        file.write(f'{{"line": "intended", "entry": 9, "kind": "thread", "name": "a", "at": {numbers}}}\n')
    with pytest.raises(StoreError, match="a ledger cannot be read"):
        read_ledger(tmp_path, RUN)


@pytest.mark.anyio
@pytest.mark.parametrize("kind", list(Made))
@pytest.mark.parametrize("id", ["../assistants/ID", "..", "ID/../ID", "?x=1", "%2e%2e/assistants/ID", "#", "ID%00"])
async def test_no_ledger_leads_to_something_else(served: Served, kind: Made, id: str) -> None:
    """A path for an id deletes nothing, and is shown as what it is."""
    served.begin()
    deployed = served.call("POST", "/assistants", {"model": "gpt-4o", "name": "theirs"})["id"]
    before = served.counts()
    with closing(FileLedger(served.root, RUN, served.workspace.info)) as ledger:
        ledger.made(ledger.intend(kind, "\x1b]0;evil\x07"), id.replace("ID", deployed))

    found = await gc(served.workspace)

    assert "\x1b" not in swept_text(found)
    assert served.counts() == before


@pytest.mark.anyio
async def test_a_ledger_deletes_no_file_that_something_else_uses(served: Served) -> None:
    """An upload bears no sign of a run: one that stands in an assistant or a store is not a test's own any more."""
    served.begin()
    import httpx2

    with httpx2.Client(trust_env=False) as client:
        sent = client.post(
            f"{served.url}/files", files={"file": ("a.csv", b"a,b\n")}, data={"purpose": "assistants"}
        ).json()["id"]
    resources = {"code_interpreter": {"file_ids": [sent]}}
    tools = [{"type": "code_interpreter"}]
    served.call("POST", "/assistants", {"model": "gpt-4o", "tools": tools, "tool_resources": resources})
    with closing(FileLedger(served.root, RUN, served.workspace.info)) as ledger:
        ledger.made(ledger.intend(Made.FILE, "a.csv"), sent)

    found = await gc(served.workspace)

    assert found.removed == ()
    assert served.counts()["files"] == 1
    assert ledger_runs(served.root) == ()


@pytest.mark.anyio
async def test_a_thread_whose_answer_was_lost_is_said_once(served: Served) -> None:
    served.begin()
    with closing(FileLedger(served.root, RUN, served.workspace.info)) as ledger:
        ledger.intend(Made.THREAD, "guagua/schedule")

    assert [one.name for one in (await gc(served.workspace)).lost] == ["guagua/schedule"]
    assert (await gc(served.workspace)).lost == ()
    assert ledger_runs(served.root) == ()


FULL = """
import resource, signal, sys
from pathlib import Path
from asstctl.core.errors import StoreError
from asstctl.core.ledger import Made
from tests.workspace.test_ledger import begun
ledger = begun(Path(sys.argv[1]))
first = ledger.intend(Made.THREAD, "first")
size = next(Path(sys.argv[1], ".asstctl/ledger").iterdir()).stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 20, resource.RLIM_INFINITY))
try:
    ledger.intend(Made.THREAD, "second")
except StoreError as problem:
    print(problem.summary)
ledger.gone(first)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
ledger.intend(Made.THREAD, "third")
ledger.close()
"""


def test_a_disk_that_is_full_for_a_while_leaves_a_ledger_that_can_be_read(tmp_path: Path) -> None:
    """Half a line would make all that follows unreadable."""
    done = subprocess.run([sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, text=True, check=False)

    assert (done.stdout, done.stderr) == ("the ledger of the run cannot be written\n", "")
    assert [entry.name for entry in read_ledger(tmp_path, RUN).left] == ["first", "third"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_that_nobody_may_write_in_is_said(tmp_path: Path) -> None:
    folder = ledger_folder(tmp_path)
    folder.mkdir(parents=True, mode=0o700)
    folder.chmod(0o500)
    with pytest.raises(StoreError, match="the ledger of the run cannot be written"):
        begun(tmp_path).intend(Made.THREAD, "a")


def test_no_file_stays_of_a_ledger_that_could_not_be_begun(tmp_path: Path) -> None:
    """Its name is taken by a folder, which nothing can be renamed to."""
    path = file_of(tmp_path)
    path.mkdir(parents=True)
    (path / "x").touch()
    with pytest.raises(StoreError):
        begun(tmp_path).intend(Made.THREAD, "a")
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_gone_never_fails(tmp_path: Path) -> None:
    """A sweep goes on where the line about it cannot be written."""
    lines(tmp_path)
    with dead_ledger(tmp_path, RUN) as dead:
        assert dead is not None
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1, before[1]))
        try:
            for entry in dead.left:
                dead.gone(entry.number)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        left: tuple[Entry, ...] = dead.left
        assert left == ()
    assert ledger_runs(tmp_path) == ()
