"""An apply that dies at any of its requests: the next one ends it, with the uploads that were made already.

Here it dies in this process, at each request in turn; in `test_killed_processes.py` it is a process and SIGKILL.
"""

from collections.abc import Sequence
from pathlib import Path

import pytest

from asstctl.core.exit_codes import ExitCode
from asstctl.core.resource import Desired
from asstctl.engine.planning.resolve import CODE_FILES, CODE_KEY, items_of
from tests.engine.fakes import wanted, wanted_store
from tests.knowledge.account import CUT, Project, project

pytestmark = pytest.mark.anyio

TOOLS = [{"type": "file_search"}, {"type": "code_interpreter"}]
FILES, CODE = 6, 2
STEPS = {"before it is carried out": False, "once it is carried out": True}


def first(of: Project) -> list[Desired]:
    """Six files in a store, and an assistant that searches it and has two files for its code."""
    files = [of.knowledge(f"docs/{n}.md", b"Page %d." % n) for n in range(FILES)]
    code = [of.file(f"data/{n}.csv", b"a,b\n%d,0\n" % n) for n in range(CODE)]
    return [wanted_store(files=files), wanted(stores=["handbook"], code=code, tools=TOOLS)]


def second(of: Project) -> list[Desired]:
    """Two files changed, one cut otherwise, one with other attributes, one gone and one new; one code file changed."""
    files = [
        of.knowledge("docs/0.md", b"Page nought."),
        of.knowledge("docs/1.md", b"Page one."),
        of.knowledge("docs/2.md", b"Page 2.", chunking=CUT),
        of.knowledge("docs/3.md", b"Page 3.", lang="en"),
        of.knowledge("docs/4.md", b"Page 4."),
        of.knowledge("docs/6.md", b"Page 6."),
    ]
    code = [of.file("data/0.csv", b"a,b\n9,9\n"), of.file("data/1.csv", b"a,b\n1,0\n")]
    return [wanted_store(files=files), wanted(stores=["handbook"], code=code, tools=TOOLS)]


async def is_right(of: Project, desired: Sequence[Desired]) -> set[str]:
    """The account holds what is declared, each once and whole; the ids of its uploads."""
    store, assistant = await of.one("vector_store"), await of.one("assistant")
    ours = {file.path: file for file in await of.stored(store.id) if file.path}
    declared = {one.file.path: one for one in desired[0].files or ()}
    assert len([file for file in await of.stored(store.id) if file.path]) == len(ours)
    assert ours.keys() == declared.keys()
    for path, file in ours.items():
        assert file.status == "completed"
        assert await of.content(file.id) == declared[path].file.source.read_bytes()
    code = [str(id) for id in items_of(assistant.fields[CODE_FILES], CODE_KEY)]
    assert len(code) == CODE
    assert {await of.content(id) for id in code} == {path.read_bytes() for path in (of.root / "data").iterdir()}
    return {*code, *(file.id for file in ours.values())}


async def dies_and_goes_on(root: Path, request: int, *, done: bool, edited: bool, concurrency: int) -> bool:
    """One apply that dies at this request, and the next; whether it came to that."""
    async with project(root) as of:
        of.concurrency = concurrency
        desired = first(of)
        theirs = {await of.put_upload("0.md", b"Page 0."), await of.put_upload()}
        uploads = FILES + CODE
        if edited:
            await of.apply(desired)
            theirs.add(await of.put((await of.one("vector_store")).id))
            desired = second(of)
            uploads = 4
        died = await of.killed(desired, request, done=done)
        sent = of.wire.counted["POST files"]
        # of the last requests nobody knows whether they took effect: with one at a time it is one
        before = {*await of.uploads()}
        of.wire.forget()
        report = await of.apply(desired)

        assert report.exit_code is ExitCode.DONE, report
        used = await is_right(of, desired)
        there = {*await of.uploads()}
        assert theirs <= there
        lost = there - used - theirs
        # what is left over was sent when it died, and is said; all else that was sent is used
        assert len(lost) <= concurrency
        assert not lost or any(id in warning for id in lost for warning in report.warnings)
        assert lost <= before
        again = of.wire.counted["POST files"]
        assert uploads <= sent + again <= uploads + concurrency
        if not edited and concurrency == 1:
            assert len(there) == len(theirs) + FILES + CODE + len(lost)
        await of.settled(desired)
        assert {*await of.uploads()} == there
        return died


async def at_each_request(
    tmp_path: Path, *, done: bool, edited: bool, concurrency: int, start: int = 1, every: int = 1
) -> None:
    request, died = start, True
    while died:
        root = tmp_path / str(request)
        root.mkdir()
        died = await dies_and_goes_on(root, request, done=done, edited=edited, concurrency=concurrency)
        request += every
    assert request > 20


EDITED = {"all of it is new": False, "much of it has changed": True}


@pytest.mark.parametrize("start, concurrency", [(2, 1), (5, 8)], ids=["one by one", "many at once"])
@pytest.mark.parametrize("edited", EDITED.values(), ids=EDITED)
@pytest.mark.parametrize("done", STEPS.values(), ids=STEPS)
async def test_an_apply_may_die_at_some_of_its_requests(
    tmp_path: Path, *, done: bool, edited: bool, start: int, concurrency: int
) -> None:
    await at_each_request(tmp_path, done=done, edited=edited, concurrency=concurrency, start=start, every=7)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("concurrency", [1, 8], ids=["one by one", "many at once"])
@pytest.mark.parametrize("edited", EDITED.values(), ids=EDITED)
@pytest.mark.parametrize("done", STEPS.values(), ids=STEPS)
async def test_an_apply_may_die_at_each_of_its_requests(
    tmp_path: Path, *, done: bool, edited: bool, concurrency: int
) -> None:
    await at_each_request(tmp_path, done=done, edited=edited, concurrency=concurrency)
