"""What sessions may cost their server: rows found by an index, no more read than a model is given, nothing per word
that grows with the agent."""

import json
from collections import Counter
from typing import Any

import pytest

from asstctl.emulator import Emulator
from asstctl.emulator.replies.values import TextDelta
from asstctl.emulator.runs.history import NEWEST, WINDOW
from tests.emulator.agents.sessions_world import SESSIONS, asking, message, result, sessions
from tests.emulator.harness import Backend
from tests.emulator.query_plans import is_slow, plans_of

pytestmark = pytest.mark.anyio

Json = Any

_FILL = """
INSERT INTO agent_items (id, session_id, turn_id, body)
WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :count)
SELECT 'msg_' || n, :session, :turn, json_object(
  'id', 'msg_' || n, 'type', 'message', 'role', 'user', 'turn_id', :turn, '_round', 0,
  'content', json_array(json_object('type', 'input_text', 'text', 'text ' || n))
) FROM numbers
"""


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (f"{SESSIONS}?agent_id={{agent}}", None),
        (f"{SESSIONS}/{{session}}", None),
        (f"{SESSIONS}/{{session}}/items", None),
        (f"{SESSIONS}/{{session}}/turns", None),
        (f"{SESSIONS}/{{session}}/turns/{{turn}}/items", None),
        (f"{SESSIONS}/{{session}}", {"metadata": {"a": "b"}}),
        (f"{SESSIONS}/{{session}}/events", {"events": [message("more")]}),
    ],
)
async def test_a_request_finds_its_rows_by_an_index(path: str, body: Json) -> None:
    async with sessions() as world:
        agent = await world.api.agent()
        session = await world.opened(agent_id=agent["id"])
        ids = {"agent": agent["id"], "session": session["id"], "turn": (await world.turn(session))["id"]}
        found = await plans_of(world.api, path.format(**ids), body)
        assert found
        assert {each: plan for each, plan in found.items() if any(map(is_slow, plan))} == {}


async def test_a_word_costs_nothing_that_grows_with_the_agent() -> None:
    """What is asked of the database with every word looks into no body."""
    words = 200
    async with sessions(replies=Backend(*[TextDelta("word ")] * words)) as world:
        asked: list[str] = []
        _connection(world.api.emulator).set_trace_callback(asked.append)
        await world.opened()
    often = [statement for statement, times in Counter(asked).items() if times >= words]
    assert len(often) == 1
    assert "body" not in often[0]


async def test_a_model_is_given_the_newest_of_a_long_session() -> None:
    backend = Backend(TextDelta("ok"))
    async with sessions(replies=backend) as world:
        session = await world.opened()
        turn = await world.turn(session)
        _connection(world.api.emulator).execute(_FILL, {"count": 600, "session": session["id"], "turn": turn["id"]})
        await world.said(session, "last")
    texts = [said.text for said in backend.asked[-1].messages]
    assert (len(texts), texts[0], texts[-2:]) == (NEWEST + 1, "text 101", ["text 600", "last"])


async def test_a_model_is_given_as_much_as_its_window_holds() -> None:
    backend = Backend(TextDelta("ok"))
    large = "x" * (4 * WINDOW)
    async with sessions(replies=backend) as world:
        session = await world.opened("first")
        for text in (large, "small", "last"):
            await world.said(session, text)
    assert [said.text for said in backend.asked[-1].messages] == ["ok", "small", "ok", "last"]


async def test_a_turn_is_heard_whole_however_much_was_said_in_it() -> None:
    backend = asking(*map(str, range(3)))
    large = "x" * (4 * WINDOW)
    async with sessions(replies=backend) as world:
        session = await world.opened(large)
        for action in session["required_actions"]:
            await world.send(session, result(action, large))
        await world.rest(session)
    request = backend.asked[-1]
    assert [said.text for said in request.messages] == [large]
    assert [call.output for call in request.outputs] == [large] * 3


async def test_nothing_of_a_deleted_session_is_kept() -> None:
    async with sessions(replies=asking("a")) as world:
        session = await world.opened(spend_control={"limit": 5})
        await world.send(session, result(session["required_actions"][0], json.dumps({"rows": 1})))
        await world.rest(session)
        await world.api.delete(f"{SESSIONS}/{session['id']}")
        tables = ("agent_sessions", "agent_turns", "agent_items")
        counts = [_connection(world.api.emulator).execute(f"SELECT count(*) FROM {each}") for each in tables]
        assert [each.fetchone()[0] for each in counts] == [0, 0, 0]


def _connection(emulator: Emulator) -> Any:
    return emulator.services.store.connection
