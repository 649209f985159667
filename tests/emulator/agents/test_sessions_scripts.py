"""Sessions whose replies come from a rules file, as those of runs do, and one whose server is killed."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest

from tests.emulator.agents.sessions_world import HOSTED, Sessions, brief, message, result, sessions
from tests.emulator.agents.world import ASK
from tests.emulator.process import Server
from tests.emulator.scripts import write

pytestmark = pytest.mark.anyio

Json = Any

_RULES = """\
rules:
  - assistant: Ada
    user: add 2 and 3
    code: "print(2 + 3)"
  - tool: code_interpreter
    say: "It is {{ output }}."
  - user: how many
    call: {ask_database: {query: SELECT count(*)}}
  - tool: ask_database
    say: "There are {{ output }}."
"""


@pytest.fixture
def rules(tmp_path: Path) -> Json:
    return {"script": write(tmp_path, _RULES)}


async def _said(world: Sessions, session: Json) -> str:
    return str(brief(await world.items(session))[-1][1])


async def test_a_rule_runs_code_and_says_what_came_of_it(rules: Json) -> None:
    async with sessions(replies=rules) as world:
        agent = await world.api.agent(name="Ada")
        session = await world.opened("Please add 2 and 3", agent_id=agent["id"], environment=HOSTED)
        assert await _said(world, session) == "It is 5."


async def test_a_rule_calls_a_function_turn_by_turn(rules: Json) -> None:
    async with sessions(replies=rules) as world:
        session = await world.opened("how many?")
        for count in ("1", "2"):
            (action,) = session["required_actions"]
            assert action["arguments"] == {"query": "SELECT count(*)"}
            await world.send(session, result(action, count))
            await world.rest(session)
            assert await _said(world, session) == f"There are {count}."
            session = await world.said(session, "and how many now?")


async def test_what_no_rule_answers_fails_the_turn_with_a_rule_to_paste(rules: Json) -> None:
    async with sessions(replies=rules) as world:
        session = await world.opened("something else")
        error = (await world.turn(session))["error"]
    assert error["code"] == "invalid_request"
    assert "A rule that would" in error["message"]


async def test_a_search_is_no_tool_of_an_agent(tmp_path: Path) -> None:
    rules = {"script": write(tmp_path, "rules:\n  - user: find\n    search: refunds\n")}
    async with sessions(replies=rules) as world:
        error = (await world.turn(await world.opened("find", environment=HOSTED)))["error"]
    assert "file_search" in error["message"]


@contextmanager
def _client(url: str) -> Iterator[openai.OpenAI]:
    strict: Any = {"_strict_response_validation": True}
    with openai.OpenAI(base_url=url, api_key="any", max_retries=0, **strict) as client:
        yield client


@pytest.mark.slow
def test_the_package_plays_a_turn_through_a_socket(tmp_path: Path) -> None:
    rules = write(tmp_path, _RULES)
    server = Server(tmp_path / "local.db", "--api", "agents", "--replies", str(rules))
    try:
        with _client(server.url) as client:
            made = client.beta.agents.sessions
            agent: Any = {"model": "gpt-5", "tools": [ASK]}
            session = made.create(environment={"type": "openai_hosted"}, agent=agent)
            handlers: Any = {"ask_database": lambda arguments: str(len(arguments))}
            with made.stream(session.id, input="how many?", tool_handlers=handlers) as stream:
                assert stream.get_final_result().output_text == "There are 1."
            assert made.delete(session.id).deleted
    finally:
        assert server.stop()[0] == 0


@pytest.mark.slow
def test_a_turn_whose_server_is_killed_fails_once_its_lease_runs_out(tmp_path: Path) -> None:
    database, options = tmp_path / "local.db", ("--api", "agents")
    first = Server(database, *options, "--reply-delay", "60", hasty=True)
    headers = {"openai-beta": "agents=v1"}
    body = {"environment": HOSTED, "agent": {"model": "gpt-5"}, "input": "hello"}
    path = "/agents/sessions"
    session = httpx2.post(f"{first.url}{path}", json=body, headers=headers).json()
    first.kill()
    first.stop()
    second = Server(database, *options, hasty=True)
    try:
        path = f"{second.url}{path}/{session['id']}"
        deadline = time.monotonic() + 20
        while httpx2.get(path, headers=headers).json()["status"] != "idle":
            assert time.monotonic() < deadline
            time.sleep(0.05)
        (turn,) = httpx2.get(f"{path}/turns", headers=headers).json()["data"]
        assert (turn["status"], turn["error"]["code"]) == ("failed", "internal_error")
        assert httpx2.post(f"{path}/events", json={"events": [message("x")]}, headers=headers).status_code == 202
    finally:
        assert second.stop()[0] == 0
