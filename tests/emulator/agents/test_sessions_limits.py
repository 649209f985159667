"""Sessions that may cost only so much, on a server where turns cost something."""

from typing import Any

import pytest

from asstctl.emulator import Quirks
from tests.emulator.agents.sessions_world import (
    CANCEL,
    NONE,
    SESSIONS,
    asking,
    brief,
    message,
    result,
    sessions,
    short,
    streaming,
)

pytestmark = pytest.mark.anyio

Json = Any


async def test_the_turn_that_reaches_the_limit_fails_and_the_session_is_paused() -> None:
    """What it said until then is there; sessions without a limit go on, and say what they cost."""
    async with sessions(quirks=Quirks(cost=5)) as world:
        session = await world.opened("one", spend_control={"limit": 10})
        assert (session["status"], session["spend_control"]) == ("idle", {"limit": 10, "consumed": 5})

        session = await world.said(session, "two")
        turns = await world.turns(session)
        free = await world.said(await world.opened("one"), "two")

        assert (session["status"], session["error"]) == ("budget_reached", None)
        assert session["spend_control"] == {"limit": 10, "consumed": 10}
        assert [turn["status"] for turn in turns] == ["completed", "failed"]
        assert turns[1]["error"]["code"] == "session_budget_exceeded"
        assert brief(await world.items(session))[-1] == ("assistant", "two")
        assert (free["status"], free["spend_control"]) == ("idle", {"limit": None, "consumed": 10})


async def test_a_paused_session_takes_nothing_until_its_limit_is_raised() -> None:
    """It can be read and deleted; to cancel what does not go on is no fault."""
    async with sessions(quirks=Quirks(cost=5)) as world:
        session = await world.opened("one", spend_control={"limit": 5})
        path = f"{SESSIONS}/{session['id']}"
        await world.send(session, CANCEL)
        status, error = await world.refused(session, message("two"))
        same = await world.api.post(path, {"spend_control": {"limit": 4}})
        raised = await world.api.post(path, {"spend_control": {"limit": 20}})

        assert (status, error["code"], same["status"]) == (409, "conflict_error", "budget_reached")
        assert (raised["status"], raised["spend_control"]) == ("idle", {"limit": 20, "consumed": 5})
        assert (await world.said(session, "three"))["status"] == "idle"

        paused = await world.opened("one", spend_control={"limit": 5})
        assert (await world.api.delete(f"{SESSIONS}/{paused['id']}"))["deleted"] is True


async def test_a_turn_with_calls_costs_once_and_a_cancelled_one_costs_too() -> None:
    async with sessions(replies=asking("a", "b"), quirks=Quirks(cost=5)) as world:
        session = await world.opened("hello", spend_control={"limit": 20})
        asked = session["required_actions"]
        assert session["spend_control"]["consumed"] == 0
        await world.send(session, *(result(action, "42") for action in asked))
        assert (await world.rest(session))["spend_control"]["consumed"] == 5

        await world.said(session, "again")
        await world.send(session, CANCEL)
        assert (await world.rest(session))["spend_control"]["consumed"] == 10


async def test_a_stream_tells_of_the_limit_in_place_of_rest() -> None:
    """With that the stream ends that the session was created with."""
    body = {"environment": NONE, "agent": {"model": "gpt-5"}, "input": "hello", "stream": True}
    async with sessions(quirks=Quirks(cost=5)) as world:
        body["spend_control"] = {"limit": 5}
        async with streaming(world.api.emulator, "POST", SESSIONS, body) as events:
            told = await events.all()

    assert [short(one) for one in told][-3:] == ["error", "turn.failed", "budget_reached"]
    assert told[-1]["session"]["status"] == "budget_reached"
