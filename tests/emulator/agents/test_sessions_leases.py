"""Turns whose server stopped, and servers that share a database: one carries a turn out, and no turn is left behind."""

from pathlib import Path
from typing import Any

import pytest

from asstctl.emulator.replies.values import TextDelta
from asstctl.emulator.runs import leases
from tests.emulator.agents.sessions_world import (
    CANCEL,
    SESSIONS,
    Sessions,
    asking,
    brief,
    held,
    message,
    result,
    sessions,
    short,
    streaming,
    until,
)
from tests.emulator.harness import Backend, Clock

pytestmark = pytest.mark.anyio

Json = Any


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "local.db"


def _lease(world: Sessions) -> Json:
    sql = "SELECT lease_owner, lease_until FROM agent_sessions"
    return world.api.emulator.services.store.connection.execute(sql).fetchone()


def _abandon(world: Sessions) -> None:
    """Leave a turn as a server does that was killed."""
    sql = "UPDATE agent_sessions SET lease_owner = 'server_gone', lease_until = 0"
    world.api.emulator.services.store.connection.execute(sql)


async def test_a_session_at_rest_holds_no_lease() -> None:
    async with sessions(replies=asking("a")) as world:
        session = await world.opened()
        assert _lease(world) == (None, None)
        await world.send(session, result(session["required_actions"][0], "1"))
        await world.rest(session)
        assert _lease(world) == (None, None)


async def test_a_server_that_ends_fails_its_turns(database: Path) -> None:
    backend = held("ok")
    async with sessions(database, replies=backend) as one:
        session = await one.open()
        await one.until_asked(backend)
    async with sessions(database) as two:
        assert (await two.read(session))["status"] == "idle"
        error = (await two.turn(session))["error"]
    assert (error["code"], "stopped before the turn" in error["message"]) == ("internal_error", True)


@pytest.mark.parametrize("touch", ["read", "list", "send"])
async def test_a_turn_whose_server_was_killed_has_failed_for_whoever_looks(database: Path, touch: str) -> None:
    backend = held("ok")
    async with sessions(database, replies=backend) as one:
        session = await one.open()
        await one.until_asked(backend)
        async with sessions(database) as two:
            _abandon(two)
            match touch:
                case "read":
                    assert (await two.read(session))["status"] == "idle"
                case "list":
                    assert (await two.api.get(SESSIONS))["data"][0]["status"] == "idle"
                case _:
                    await two.said(session, "again")
            assert (await two.turns(session))[0]["error"]["code"] == "internal_error"


async def test_a_killed_server_s_turns_have_failed_when_the_next_one_opens(database: Path) -> None:
    backend = held("ok")
    async with sessions(database, replies=backend) as one:
        session = await one.open()
        await one.until_asked(backend)
        _abandon(one)
        async with sessions(database):
            sql = "SELECT status FROM agent_sessions WHERE id = ?"
            found = one.api.emulator.services.store.connection.execute(sql, (session["id"],)).fetchone()
            assert found == ("idle",)


async def test_another_server_leaves_a_turn_with_a_live_lease_alone(database: Path) -> None:
    backend, clock = held("ok"), Clock()
    async with sessions(database, replies=backend, clock=clock) as one:
        session = await one.open()
        await one.until_asked(backend)
        clock.now += leases.DURATION - 1
        async with sessions(database, clock=clock) as two:
            assert (await two.read(session))["status"] == "in_progress"
        backend.gate.set()
        assert (await one.rest(session), len(await one.turns(session)))[1] == 1
        assert (await one.turn(session))["status"] == "completed"


async def test_a_server_does_not_settle_the_turn_that_it_carries_out() -> None:
    backend, clock = held("ok"), Clock()
    async with sessions(replies=backend, clock=clock) as world:
        session = await world.open()
        await world.until_asked(backend)
        clock.now += 10 * leases.DURATION
        assert (await world.read(session))["status"] == "in_progress"
        backend.gate.set()
        await world.rest(session)
        assert (await world.turn(session))["status"] == "completed"


async def test_a_turn_that_waits_outlives_its_server_and_is_resumed_by_another(database: Path) -> None:
    async with sessions(database, replies=asking("a")) as one:
        session = await one.opened()
    async with sessions(database, replies=asking("a")) as two:
        again = await two.read(session)
        assert again["required_actions"] == session["required_actions"]
        await two.send(session, result(session["required_actions"][0], "1"))
        await two.rest(session)
        assert brief(await two.items(session))[-1] == ("assistant", "1")


async def test_a_turn_cancelled_through_another_server_says_no_more(database: Path) -> None:
    backend = held("one", "two", hold_after=1)
    async with sessions(database, replies=backend) as one, sessions(database) as two:
        session = await one.open()
        await one.until_asked(backend)
        await two.send(session, CANCEL)
        backend.gate.set()
        executor = one.api.emulator.services.executor
        await until(lambda: not executor.executes(session["id"]))
        assert (await one.turn(session))["status"] == "cancelled"
        assert brief(await one.items(session)) == [("user", "hello")]


async def test_a_message_through_another_server_steers_the_turn_of_the_first(database: Path) -> None:
    backend = held("ok")
    other = Backend(TextDelta("other"))
    async with sessions(database, replies=backend) as one, sessions(database, replies=other) as two:
        session = await one.open("one")
        await one.until_asked(backend)
        await two.send(session, message("two"))
        backend.gate.set()
        await one.rest(session)
        assert (len(backend.asked), other.asked, len(await two.turns(session))) == (2, [], 1)


async def test_a_stream_learns_how_another_server_ended_its_turn(database: Path) -> None:
    backend = held("ok")
    async with sessions(database, replies=backend) as one, sessions(database) as two:
        session = await one.open()
        await one.until_asked(backend)
        path = f"{SESSIONS}/{session['id']}/events"
        async with streaming(two.api.emulator, "GET", path) as events:
            backend.gate.set()
            told = await events.until("idle")
    assert [short(event) for event in told] == ["turn.completed", "idle"]


async def test_a_session_deleted_while_its_turn_goes_on_elsewhere_ends_that(database: Path) -> None:
    backend = held("ok")
    async with sessions(database, replies=backend) as one, sessions(database) as two:
        session = await one.open()
        await one.until_asked(backend)
        await two.send(session, CANCEL)
        await two.api.delete(f"{SESSIONS}/{session['id']}")
        backend.gate.set()
        executor = one.api.emulator.services.executor
        await until(lambda: not executor.executes(session["id"]))
        assert (await one.api.refused("GET", f"{SESSIONS}/{session['id']}"))[0] == 404
