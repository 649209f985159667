"""Runs that are cut off at any of their writes: the next one finishes what they began, and nothing is there twice."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from asstctl.core.exit_codes import ExitCode
from asstctl.core.resource import Desired
from asstctl.engine.runs.journal import Journal, new_run
from asstctl.engine.runs.journals import records_with_files
from tests.engine.fake_files import knowledge, local_file
from tests.engine.fakes import World, knowing, wanted, wanted_store
from tests.engine.test_journal import header

pytestmark = pytest.mark.anyio

A, B, NEW_A = knowledge("docs/a.md", "alpha"), knowledge("docs/b.md", "beta!"), knowledge("docs/a.md", "alpha, newer")
SALES, NEW_SALES = local_file("data/sales.csv", "a,b"), local_file("data/sales.csv", "a,b,c")


def desired(*files: Any, code: Any) -> list[Desired]:
    return [wanted_store(files=files, name="Handbook"), wanted(stores=["handbook"], code=[code])]


BEFORE = desired(A, B, code=SALES)
AFTER = desired(NEW_A, code=NEW_SALES)


async def attempt(world: World, folder: Path, wanted: list[Desired], *, cut_off_at: int = 0) -> int:
    """Apply, cut off while the write of this number is sent (it takes effect). Returns how many were sent."""
    sent = 0

    def count(verb: str, id: str | None) -> None:
        nonlocal sent
        sent += verb in world.store.writing | world.files.writing
        if 0 < sent == cut_off_at and not task.cancelling():
            task.cancel()

    journal = Journal(folder, header(new_run()))
    world.store.before = world.files.before = count
    work = world.apply(*wanted, recorder=journal, earlier=lambda: records_with_files(folder))
    task = asyncio.create_task(work)
    with suppress(asyncio.CancelledError):
        report = await task
        assert report.exit_code is ExitCode.DONE, report
    world.store.before = world.files.before = lambda verb, id: None
    await journal.aclose()
    return sent


async def made(folder: Path) -> World:
    world = knowing(concurrency=1)
    await attempt(world, folder, BEFORE)
    return world


@pytest.mark.parametrize("number", range(1, 9))
async def test_a_create_that_is_cut_off_is_finished_by_the_next(tmp_path: Path, number: int) -> None:
    """No upload is sent twice: the journal knows each of them."""
    world = knowing(concurrency=1)
    await attempt(world, tmp_path, BEFORE, cut_off_at=number)
    await attempt(world, tmp_path, BEFORE)

    assert world.files.count("upload") == 3
    await world.settled(*BEFORE, objects=2, writes=2, uploads=3)


@pytest.mark.parametrize("number", range(1, 12))
async def test_an_update_that_is_cut_off_is_finished_by_the_next(tmp_path: Path, number: int) -> None:
    """A code file that the assistant holds no more may be left over."""
    world = await made(tmp_path)
    await attempt(world, tmp_path, AFTER, cut_off_at=number)
    await attempt(world, tmp_path, AFTER)

    left = set(world.files.uploaded) - set(world.files.held("vs_1").values())
    left -= set(world.store.one("assistant.guagua").fields["tool_resources.code_interpreter"]["file_ids"])  # type: ignore[index,call-overload,arg-type]
    assert len(left) <= 1
    await world.settled(*AFTER, objects=2, writes=3, uploads=2 + len(left))


@pytest.mark.parametrize("number", range(1, 6))
async def test_a_destroy_that_is_cut_off_is_finished_by_the_next(tmp_path: Path, number: int) -> None:
    """A code file may be left over where its assistant was gone already."""
    world = await made(tmp_path)
    sent = 0
    plan, reading = await world.plan_destroy()

    def count(verb: str, id: str | None) -> None:
        nonlocal sent
        sent += verb in world.store.writing | world.files.writing
        if sent == number and not task.cancelling():
            task.cancel()

    world.store.before = world.files.before = count
    task = asyncio.create_task(world.carry_out(plan, reading))
    with suppress(asyncio.CancelledError):
        await task
    world.store.before = world.files.before = lambda verb, id: None
    await world.destroy()

    assert world.store.objects == {}
    assert {upload.name for upload in world.files.uploaded.values()} <= {"sales.csv"}
    assert (await world.plan_destroy())[0].is_empty
