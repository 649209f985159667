"""Leases: recovery touches the runs of servers that stopped, and of no other."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from asstctl.emulator import open_emulator
from asstctl.emulator.replies.values import TextDelta
from asstctl.emulator.runs import execution, leases
from asstctl.emulator.runs.history import History, read_history
from asstctl.emulator.runs.settling import STOPPED
from asstctl.emulator.services import Services
from tests.emulator.harness import ASK, Api, Backend, Clock, serving
from tests.emulator.streams import names, read

pytestmark = pytest.mark.anyio


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "local.db"


def _held(*texts: str) -> Backend:
    backend = Backend(*(TextDelta(text) for text in texts))
    backend.gate.clear()
    return backend


async def _running(api: Api) -> Any:
    assistant, thread = await api.assistant(), await api.thread("hello")
    run = await api.post(f"/threads/{thread['id']}/runs", {"assistant_id": assistant["id"]})
    return await api.until(run, "in_progress")


def _lease(api: Api) -> Any:
    sql = "SELECT lease_owner, lease_until FROM runs"
    return api.emulator.services.store.connection.execute(sql).fetchone()


async def test_a_run_at_rest_holds_no_lease(api: Api) -> None:
    assistant, thread = await api.assistant(tools=[ASK]), await api.thread("hello")
    run = await api.run(thread["id"], assistant["id"], tool_choice="required")
    assert _lease(api) == (None, None)
    await api.answer(run, "1")
    assert _lease(api) == (None, None)


async def test_another_server_leaves_a_run_with_a_live_lease_alone(database: Path) -> None:
    backend, clock = _held("ok"), Clock()
    async with serving(database, replies=backend, clock=clock) as one:
        run = await _running(one)
        clock.now += leases.DURATION - 1
        async with serving(database, clock=clock) as two:
            path = f"/threads/{run['thread_id']}/runs/{run['id']}"
            assert (await two.get(path))["status"] == "in_progress"
            status, error = await two.refused("POST", f"/threads/{run['thread_id']}/runs", _of(run))
            assert (status, "already has an active run" in error["message"]) == (400, True)
        backend.gate.set()
        assert (await one.rest(run))["status"] == "completed"


def _of(run: Any) -> Any:
    return {"assistant_id": run["assistant_id"]}


@pytest.mark.parametrize("when", ["at open", "on touch"])
async def test_a_stale_lease_fails_the_run_and_frees_the_thread(database: Path, when: str) -> None:
    backend, clock = _held("ok"), Clock()
    emulator = open_emulator(database, replies=backend, clock=clock)
    one = Api(emulator)
    run = await _running(one)
    # A server that stops without a word: its task is gone, its lease is there.
    emulator.services.executor.drop(emulator.services, run["id"])
    if when == "at open":
        clock.now += leases.DURATION
    async with serving(database, clock=clock) as two:
        clock.now += leases.DURATION if when == "on touch" else 0
        if when == "at open":
            assert _lease(two) == (None, None)
        after = await two.get(f"/threads/{run['thread_id']}/runs/{run['id']}")
        assert (after["status"], after["last_error"]["code"]) == ("failed", "server_error")
        assert "The server that ran this stopped" in after["last_error"]["message"]
        again = await two.run(run["thread_id"], run["assistant_id"])
        assert again["status"] == "completed"
    await one.http.aclose()
    await emulator.aclose()


async def test_a_server_whose_loop_was_held_up_keeps_its_run() -> None:
    backend, clock = _held("ok"), Clock()
    async with serving(replies=backend, clock=clock) as api:
        run = await _running(api)
        clock.now += 4 * leases.DURATION
        assert (await api.get(f"/threads/{run['thread_id']}/runs/{run['id']}"))["status"] == "in_progress"
        backend.gate.set()
        assert (await api.rest(run))["status"] == "completed"


async def test_a_heartbeat_renews_the_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "DURATION", 0.03)
    backend = _held("ok")
    async with serving(replies=backend) as api:
        run = await _running(api)
        _, first = _lease(api)
        async with serving() as clockwork:
            while _lease(api)[1] <= first:
                await clockwork.get("/assistants")
        backend.gate.set()
        assert (await api.rest(run))["status"] == "completed"


async def test_a_run_whose_lease_was_taken_writes_nothing_more(database: Path) -> None:
    backend, clock = _held("late"), Clock()
    async with serving(database, replies=backend, clock=clock) as one:
        run = await _running(one)
        clock.now += leases.DURATION
        async with serving(database, clock=clock) as two:
            path = f"/threads/{run['thread_id']}/runs/{run['id']}"
            assert (await two.get(path))["status"] == "failed"
        backend.gate.set()
        while one.emulator.services.executor.executes(run["id"]):
            await one.get(path)
        assert len((await one.get(f"/threads/{run['thread_id']}/messages"))["data"]) == 1


@pytest.mark.parametrize("how", ["cancelled", "deleted"])
async def test_a_model_is_not_asked_for_a_run_that_was_taken_while_its_thread_was_read(
    database: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, how: str
) -> None:
    backend = Backend()
    async with serving(database, replies=backend) as one, serving(database) as two:

        async def slowly(services: Services, run: Any) -> History:
            path = f"/threads/{run['thread_id']}"
            if how == "deleted":
                await two.delete(path)
            else:
                await two.post(f"{path}/runs/{run['id']}/cancel")
            return await read_history(services, run)

        monkeypatch.setattr(execution, "read_history", slowly)
        assistant, thread = await one.assistant(), await one.thread("hello")
        run = await one.post(f"/threads/{thread['id']}/runs", {"assistant_id": assistant["id"]})
        stopped = asyncio.Event()
        one.emulator.services.executor.when_stopped(run["id"], stopped.set)
        await asyncio.wait_for(stopped.wait(), 5)
    assert (backend.asked, caplog.records) == ([], [])


async def test_a_run_can_be_cancelled_through_another_server(database: Path) -> None:
    backend = _held("late")
    async with serving(database, replies=backend) as one, serving(database) as two:
        run = await _running(one)
        path = f"/threads/{run['thread_id']}/runs/{run['id']}"
        assert (await two.post(f"{path}/cancel"))["status"] == "cancelling"
        assert (await two.rest(run))["status"] == "cancelled"
        backend.gate.set()
        while one.emulator.services.executor.executes(run["id"]):
            await one.get(path)
        assert (await one.get(path))["status"] == "cancelled"


async def test_a_cancel_whose_server_stopped_is_finished_by_another(database: Path) -> None:
    clock = Clock()
    async with serving(database, replies=_held("late"), clock=clock) as one:
        run = await _running(one)
        sql = "UPDATE runs SET status = 'cancelling', body = json_set(body, '$.status', 'cancelling')"
        one.emulator.services.store.connection.execute(sql)
        one.emulator.services.executor.drop(one.emulator.services, run["id"])
        clock.now += leases.DURATION
        async with serving(database, clock=clock) as two:
            after = await two.get(f"/threads/{run['thread_id']}/runs/{run['id']}")
            assert after["status"] == "cancelled"


@pytest.mark.parametrize("started", [True, False])
async def test_closing_fails_the_runs_that_are_left(database: Path, started: bool) -> None:
    emulator = open_emulator(database, replies=_held("never"))
    api = Api(emulator)
    if started:
        run = await _running(api)
    else:
        assistant, thread = await api.assistant(), await api.thread("hello")
        run = await api.post(f"/threads/{thread['id']}/runs", _of({"assistant_id": assistant["id"]}))
    await api.http.aclose()
    await emulator.aclose()
    async with serving(database) as again:
        after = await again.get(f"/threads/{run['thread_id']}/runs/{run['id']}")
        assert (after["status"], after["last_error"]["code"]) == ("failed", "server_error")
        assert _lease(again) == (None, None)


async def test_closing_with_grace_lets_runs_end(database: Path) -> None:
    emulator = open_emulator(database, reply_delay=0.02)
    api = Api(emulator)
    run = await _running(api)
    await api.http.aclose()
    await emulator.aclose(grace=5)
    async with serving(database) as again:
        assert (await again.get(f"/threads/{run['thread_id']}/runs/{run['id']}"))["status"] == "completed"


async def test_closing_with_grace_lets_runs_end_that_a_late_request_starts(database: Path) -> None:
    backend = _held("ok")
    emulator = open_emulator(database, replies=backend)
    api, executor = Api(emulator), emulator.services.executor
    early = await _running(api)
    closing = asyncio.create_task(emulator.aclose(grace=5))
    await asyncio.sleep(0)
    late = await _running(api)
    executor.drop(emulator.services, early["id"])
    for _ in range(10):
        await asyncio.sleep(0)
    assert executor.executes(late["id"])
    assert not executor.executes(early["id"])
    backend.gate.set()
    await closing
    await api.http.aclose()
    async with serving(database) as again:
        assert (await again.get(f"/threads/{late['thread_id']}/runs/{late['id']}"))["status"] == "completed"


async def test_a_run_that_a_request_starts_after_the_end_fails_at_once() -> None:
    backend = Backend()
    async with serving(replies=backend) as api:
        executor = api.emulator.services.executor
        await executor.aclose()
        assistant, thread = await api.assistant(), await api.thread("hello")
        told = await read(api.emulator, f"/threads/{thread['id']}/runs", {"assistant_id": assistant["id"]})
        assert names(told) == ["run.created", "run.queued", "run.failed", "done"]
        assert told[-2][1]["last_error"] == STOPPED
        assert (_lease(api), backend.asked, executor._heartbeat) == ((None, None), [], None)


async def test_closing_finishes_a_cancel(database: Path) -> None:
    emulator = open_emulator(database, replies=_held("never"))
    api = Api(emulator)
    run = await _running(api)
    await api.post(f"/threads/{run['thread_id']}/runs/{run['id']}/cancel")
    await api.http.aclose()
    await emulator.aclose()
    async with serving(database) as again:
        assert (await again.get(f"/threads/{run['thread_id']}/runs/{run['id']}"))["status"] == "cancelled"
