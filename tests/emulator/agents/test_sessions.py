"""Sessions: what they take a copy of, what is said in them, and how they come to rest."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from asstctl.emulator import Quirks
from asstctl.emulator.replies.values import (
    CodeRan,
    CutShort,
    Part,
    ReplyFailed,
    ReplyRequest,
    RunCode,
    Said,
    TextDelta,
    Usage,
)
from tests.emulator.agents.sessions_world import (
    CANCEL,
    HOSTED,
    SESSIONS,
    Sessions,
    brief,
    held,
    message,
    sessions,
)
from tests.emulator.agents.world import ASK
from tests.emulator.harness import Backend, Clock

pytestmark = pytest.mark.anyio

Json = Any


@pytest.fixture
async def world(anyio_backend: str) -> AsyncIterator[Sessions]:
    """A server that repeats what it hears."""
    async with sessions() as world:
        yield world


# What a session is


async def test_a_session_begins_at_once(world: Sessions) -> None:
    session = await world.open("hello")
    assert session["status"] == "in_progress"
    assert (await world.rest(session))["status"] == "idle"
    assert brief(await world.items(session)) == [("user", "hello"), ("assistant", "hello")]


async def test_a_session_shows_every_member(world: Sessions) -> None:
    session = await world.opened(metadata={"a": "b"}, vault_ids=["vault_1"], spend_control={"limit": 20})
    about = {name: session[name] for name in ("object", "environment", "metadata", "vault_ids", "error")}
    assert about == {
        "object": "agent.session",
        "environment": {"type": "none"},
        "metadata": {"a": "b"},
        "vault_ids": ["vault_1"],
        "error": None,
    }
    assert session["spend_control"] == {"limit": 20, "consumed": 0}
    assert not [name for name in session if name.startswith("_")]
    assert "review" not in session


async def test_a_lifetime_that_is_left_open_is_half_an_hour(world: Sessions) -> None:
    session = await world.opened(prompt_cache_options={})
    assert session["prompt_cache_options"] == {"ttl": "30m"}
    assert (await world.turn(session))["prompt_cache_options"] == {"ttl": "30m"}


async def test_a_session_keeps_the_agent_that_it_began_with(world: Sessions) -> None:
    agent = await world.api.agent(name="Ada", instructions="Be brief.")
    session = await world.opened(agent_id=agent["id"])
    await world.api.post(f"/agents/{agent['id']}", {"instructions": "Be long."})
    await world.api.delete(f"/agents/{agent['id']}")
    kept = (await world.said(session, "again"))["agent"]
    assert (kept["id"], kept["name"], kept["instructions"]) == (agent["id"], "Ada", "Be brief.")
    assert "metadata" not in kept


async def test_what_a_session_says_of_its_agent_replaces_whole_fields(world: Sessions) -> None:
    agent = await world.api.agent(instructions="Be brief.", reasoning={"effort": "low", "summary": "auto"})
    session = await world.open(agent_id=agent["id"], agent={"reasoning": {"effort": "high"}})
    assert session["agent"]["reasoning"] == {"effort": "high", "summary": None}
    assert session["agent"]["instructions"] == "Be brief."


async def test_an_agent_of_one_session_is_no_agent_of_another(world: Sessions) -> None:
    inline = (await world.open())["agent"]["id"]
    body = {"environment": {"type": "none"}, "agent_id": inline, "input": "x"}
    status, error = await world.api.refused("POST", SESSIONS, body)
    assert (status, error["code"], error["param"]) == (400, "agent_not_persisted", "agent_id")


async def test_a_session_shows_no_secret_of_its_tools(world: Sessions) -> None:
    transport = {"type": "http", "server_url": "https://x.example", "headers": {"x-key": "s3cret"}}
    tools = [{"type": "mcp", "server_label": "a", "transport": {**transport, "authorization": "s3cret"}}]
    session = await world.open(agent={"model": "gpt-5", "tools": [*tools, {"type": "tool_search"}]})
    (tool,) = session["agent"]["tools"]
    assert tool["transport"] == {"type": "http", "server_url": "https://x.example"}
    row = world.api.emulator.services.store.connection.execute("SELECT body FROM agent_sessions").fetchone()
    assert "s3cret" not in row[0]


async def test_a_hosted_session_waits_for_its_first_input(world: Sessions) -> None:
    session = await world.open(None, environment=HOSTED)
    assert (session["status"], await world.turns(session)) == ("idle", [])
    assert session["environment"]["network"] == {"access": "enabled", "allowed_domains": []}


# What is said in it


async def test_each_message_to_an_idle_session_is_a_turn(world: Sessions) -> None:
    session = await world.opened("one")
    await world.said(session, "two")
    assert [turn["status"] for turn in await world.turns(session)] == ["completed", "completed"]
    assert [said for _, said in brief(await world.items(session))] == ["one", "one", "two", "two"]


async def test_a_model_hears_the_session_so_far() -> None:
    backend = Backend(TextDelta("ok"))
    async with sessions(replies=backend) as world:
        agent = await world.api.agent(name="Ada", instructions="Be brief.", reasoning={"effort": "low"}, tools=[ASK])
        session = await world.opened("one", agent_id=agent["id"])
        await world.said(session, "two")
    request = backend.asked[-1]
    assert request.messages == (Said("user", "one"), Said("assistant", "ok"), Said("user", "two"))
    assert (request.turn, request.user, request.assistant_name) == (2, "two", "Ada")
    assert (request.instructions, request.reasoning_effort, list(request.functions)) == (
        "Be brief.",
        "low",
        ["ask_database"],
    )
    assert not request.has_tool("code_interpreter")


async def test_a_format_of_the_agent_reaches_the_model() -> None:
    backend, schema = Backend(TextDelta("{}")), {"type": "object"}
    async with sessions(replies=backend) as world:
        text = {"format": {"type": "json_schema", "schema": schema}}
        await world.opened(agent={"model": "gpt-5", "text": text})
    assert backend.asked[0].response_format == {
        "type": "json_schema",
        "json_schema": {"name": "reply", "schema": schema},
    }


async def test_pictures_reach_the_model_and_are_listed() -> None:
    backend = Backend()
    content = [
        {"type": "input_text", "text": "see"},
        {"type": "input_image", "image_url": "data:image/png;base64,AA=="},
    ]
    async with sessions(replies=backend) as world:
        session = await world.opened(None, environment=HOSTED)
        await world.send(session, {"type": message()["type"], "input": [{"role": "user", "content": content}]})
        await world.rest(session)
        assert (await world.items(session))[0]["content"] == content
    assert [image.url for image in backend.asked[0].messages[0].images] == ["data:image/png;base64,AA=="]


async def test_a_message_steers_the_turn_that_goes_on() -> None:
    backend = held("first")
    async with sessions(replies=backend) as world:
        session = await world.open("one")
        await world.until_asked(backend)
        await world.send(session, message("two"))
        backend.gate.set()
        await world.rest(session)
        assert len(await world.turns(session)) == 1
        said = [text for who, text in brief(await world.items(session)) if who == "assistant"]
        assert said == ["first", "first"]
    assert backend.asked[1].messages == (Said("user", "one"), Said("assistant", "first"), Said("user", "two"))


async def test_what_changes_of_a_session_holds_for_its_next_turn() -> None:
    backend = Backend()
    async with sessions(replies=backend) as world:
        session = await world.opened("one")
        changes = {"model": "gpt-6", "reasoning": {"effort": "high"}, "tools": [], "service_tier": "flex"}
        changed = await world.api.post(f"{SESSIONS}/{session['id']}", {"agent": changes, "metadata": {"k": "v"}})
        assert (changed["metadata"], changed["agent"]["service_tier"]) == ({"k": "v"}, "flex")
        await world.said(session, "two")
    assert (backend.asked[1].model, backend.asked[1].reasoning_effort, backend.asked[1].tools) == ("gpt-6", "high", ())


# Code


async def test_code_runs_in_a_hosted_environment() -> None:
    def answer(request: ReplyRequest) -> list[Part]:
        return [TextDelta(request.results[-1].logs)] if request.results else [RunCode("x = 2"), RunCode("print(x + 1)")]

    backend = Backend(answer=answer)  # type: ignore[arg-type]
    async with sessions(replies=backend) as world:
        session = await world.opened(environment=HOSTED)
        items = await world.items(session)
        assert brief(items) == [
            ("user", "hello"),
            ("command_execution", "x = 2"),
            ("command_execution", "print(x + 1)"),
            ("assistant", "3\n"),
        ]
        assert [(item["output"], item["exit_code"], item["status"]) for item in items[1:3]] == [
            ("", 0, "completed"),
            ("3\n", 0, "completed"),
        ]
    assert isinstance(backend.asked[1].results[0], CodeRan)


async def test_code_that_fails_says_so() -> None:
    backend = Backend(answer=lambda request: [TextDelta("ok")] if request.results else [RunCode("1 / 0")])
    async with sessions(replies=backend) as world:
        item = (await world.items(await world.opened(environment=HOSTED)))[1]
    assert (item["status"], item["exit_code"]) == ("failed", 1)
    assert "ZeroDivisionError" in item["output"]


async def test_code_without_an_environment_fails_the_turn() -> None:
    async with sessions(replies=Backend(RunCode("1"))) as world:
        session = await world.opened()
        turn = await world.turn(session)
    assert turn["error"]["code"] == "invalid_request"
    assert "'code_interpreter'" in turn["error"]["message"]


# Ends


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("server_error", "server_error"),
        ("rate_limit_exceeded", "rate_limit_exceeded"),
        ("invalid_prompt", "invalid_request"),
    ],
)
async def test_a_turn_that_fails_leaves_its_session_idle(code: Any, told: str) -> None:
    def answer(request: ReplyRequest) -> list[Part]:
        raise ReplyFailed("no luck", code)

    async with sessions(replies=Backend(answer=answer)) as world:
        session = await world.opened()
        turn = await world.turn(session)
        assert (turn["status"], turn["error"]) == ("failed", {"code": told, "message": "no luck"})
        assert (session["status"], session["error"]) == ("idle", None)


async def test_an_error_of_the_server_fails_the_turn() -> None:
    def answer(request: ReplyRequest) -> list[Part]:
        raise RuntimeError("private")

    async with sessions(replies=Backend(answer=answer)) as world:
        error = (await world.turn(await world.opened()))["error"]
    assert error["code"] == "internal_error"
    assert "private" not in error["message"]


async def test_a_reply_cut_at_its_limit_fails_the_turn_and_is_listed_as_far_as_it_came() -> None:
    async with sessions(replies=Backend(TextDelta("as far"), CutShort())) as world:
        session = await world.opened()
        assert (await world.turn(session))["error"]["code"] == "max_output_tokens"
        last = (await world.items(session))[-1]
        assert (last["status"], brief([last])) == ("incomplete", [("assistant", "as far")])


async def test_a_cancelled_turn_keeps_what_it_had_said() -> None:
    backend = held("one", "two", hold_after=1)
    async with sessions(replies=backend) as world:
        session = await world.open()
        await world.until_asked(backend)
        await world.send(session, CANCEL)
        assert (await world.read(session))["status"] == "idle"
        turn = await world.turn(session)
        assert (turn["status"], turn["error"]) == ("cancelled", None)
        last = (await world.items(session))[-1]
        assert (last["status"], brief([last])) == ("incomplete", [("assistant", "one")])
        backend.gate.set()
        again = await world.said(session, "again")
        assert (again["status"], (await world.turn(session))["status"]) == ("idle", "completed")


async def test_a_cancel_and_a_message_in_one_request_begin_a_new_turn() -> None:
    backend = held("ok")
    async with sessions(replies=backend) as world:
        session = await world.open()
        await world.until_asked(backend)
        await world.send(session, CANCEL, message("rather this"))
        backend.gate.set()
        await world.rest(session)
        assert [turn["status"] for turn in await world.turns(session)] == ["cancelled", "completed"]


async def test_a_cancel_of_nothing_is_taken(world: Sessions) -> None:
    session = await world.opened()
    await world.send(session, CANCEL)
    assert (await world.turn(session))["status"] == "completed"


async def test_no_events_do_nothing(world: Sessions) -> None:
    session = await world.opened()
    await world.send(session)
    assert await world.read(session) == session


# Usage


async def test_tokens_of_turns_add_up() -> None:
    async with sessions(replies=Backend(TextDelta("ok"), Usage(10, 3, 2, 1))) as world:
        session = await world.opened()
        session = await world.said(session, "again")
        used = [turn["usage"] for turn in await world.turns(session)]
    assert (
        used
        == [
            {
                "input_tokens": 10,
                "input_tokens_details": {"cached_tokens": 2},
                "output_tokens": 3,
                "output_tokens_details": {"reasoning_tokens": 1},
                "total_tokens": 13,
            }
        ]
        * 2
    )
    assert (session["usage"]["total_tokens"], session["usage"]["output_tokens_details"]) == (
        26,
        {"reasoning_tokens": 2},
    )


async def test_usage_is_not_known_while_a_turn_goes_on() -> None:
    backend = held("ok")
    async with sessions(replies=backend) as world:
        session = await world.open()
        await world.until_asked(backend)
        assert ((await world.turn(session))["usage"], (await world.read(session))["usage"]) == (None, None)


@pytest.mark.parametrize(("spec", "after", "known"), [("2", 1.9, False), ("2", 2, True), ("never", 1e6, False)])
async def test_usage_can_come_late_or_never(spec: str, after: float, known: bool) -> None:
    clock = Clock()
    async with sessions(clock=clock, quirks=Quirks.parsed([f"late-usage={spec}"])) as world:
        session = await world.opened()
        clock.now += after
        seen = [(await world.read(session))["usage"], (await world.turn(session))["usage"]]
    assert [usage is not None for usage in seen] == [known, known]


# Deletion


async def test_a_deleted_session_is_gone_with_its_turns_and_may_be_deleted_again(world: Sessions) -> None:
    session = await world.opened()
    path = f"{SESSIONS}/{session['id']}"
    for _ in range(2):
        told = {"id": session["id"], "object": "agent.session.deleted", "deleted": True}
        assert await world.api.delete(path) == told
    assert (await world.api.refused("GET", path))[0] == 404
    count = world.api.emulator.services.store.connection.execute("SELECT count(*) FROM agent_items").fetchone()
    assert count == (0,)


async def test_a_busy_session_is_not_deleted() -> None:
    backend = held("ok")
    async with sessions(replies=backend) as world:
        session = await world.open()
        status, error = await world.api.refused("DELETE", f"{SESSIONS}/{session['id']}")
        assert (status, error["code"]) == (409, "conflict_error")
        await world.send(session, CANCEL)
        await world.api.delete(f"{SESSIONS}/{session['id']}")


# Keys


async def test_input_with_one_key_is_taken_once(world: Sessions) -> None:
    session = await world.opened("one")
    for _ in range(2):
        await world.send(session, message("two"), **{"Idempotency-Key": "k"})
        await world.rest(session)
    assert len(await world.turns(session)) == 2
    body = {"events": [message("three")]}
    path = f"{SESSIONS}/{session['id']}/events"
    response = await world.api.send("POST", path, body, headers={"Idempotency-Key": "k"})
    assert (response.status_code, response.json()["error"]["code"]) == (409, "conflict_error")
