"""Streams of sessions, as bytes and as the `openai` package reads them."""

import asyncio
from typing import Any

import openai
import pytest

from asstctl.emulator import Quirks
from asstctl.emulator.replies.values import Part, ReplyFailed, ReplyRequest, RunCode, TextDelta, ToolCall
from tests.emulator.agents.sessions_world import (
    CANCEL,
    HOSTED,
    NONE,
    SESSIONS,
    Sessions,
    asking,
    held,
    message,
    result,
    sessions,
    short,
    streaming,
    until,
)
from tests.emulator.agents.world import ASK, sdk
from tests.emulator.harness import Backend

pytestmark = pytest.mark.anyio

Json = Any

_SPEECH = [
    "turn.item.added",
    "turn.content_part.added",
    "turn.output_text.delta",
    "turn.output_text.done",
    "turn.content_part.done",
    "turn.item.done",
]
_BEGINNING = ["turn.created", "turn.item.added", "in_progress", "turn.in_progress"]
_END = ["turn.completed", "idle"]


def _body(**fields: Json) -> Json:
    agent = {"model": "gpt-5", "tools": [ASK]}
    return {"environment": NONE, "agent": agent, "input": "hello", "stream": True, **fields}


async def _created(world: Sessions, **fields: Json) -> list[Json]:
    async with streaming(world.api.emulator, "POST", SESSIONS, _body(**fields)) as events:
        assert events.status == 201
        return await events.all()


def _listening(world: Sessions, session: Json, query: str = "") -> Any:
    return streaming(world.api.emulator, "GET", f"{SESSIONS}/{session['id']}/events{query}")


async def test_a_plain_turn_is_told_in_the_order_of_the_service() -> None:
    async with sessions(replies=Backend(TextDelta("hi"))) as world:
        told = await _created(world)
    assert [short(event) for event in told] == ["created", *_BEGINNING, *_SPEECH, *_END]
    by_name = {short(event): event for event in told}
    assert by_name["created"]["session"]["status"] == "in_progress"
    assert by_name["turn.completed"]["usage"] is None
    assert by_name["turn.completed"]["turn"]["usage"] is None
    assert by_name["turn.output_text.done"]["text"] == "hi"
    assert [event["output_index"] for event in told if short(event) == "turn.item.added"] == [None, 0]
    assert len({event["event_id"] for event in told}) == len(told)


async def test_a_function_turn_is_told_in_the_order_of_the_service() -> None:
    async with sessions(replies=asking("a", "b")) as world:
        session = await world.opened(None, environment=HOSTED)
        async with _listening(world, session) as events:
            await world.send(session, message("go"))
            asked = await events.until("requires_action")
            assert [short(event) for event in asked] == [
                *_BEGINNING,
                "turn.item.added",
                "turn.item.added",
                "requires_action",
            ]
            actions = asked[-1]["session"]["required_actions"]
            assert [event["item"]["call_id"] for event in asked[-3:-1]] == [each["call_id"] for each in actions]
            assert [event["item"]["status"] for event in asked[-3:-1]] == ["in_progress"] * 2
            await world.send(session, *(result(each, "x") for each in actions))
            answered = await events.until("idle")
        assert [short(event) for event in answered] == [
            *(["turn.item.done", "turn.item.added"] * 2),
            "in_progress",
            "turn.in_progress",
            *_SPEECH,
            *_END,
        ]
        outputs = [event for event in answered if event.get("item", {}).get("type") == "function_call_output"]
        assert [event["output_index"] for event in outputs] == [None, None]
        assert answered[6]["output_index"] == 2


async def test_code_is_told_with_what_it_prints() -> None:
    backend = Backend(answer=lambda request: [TextDelta("ok")] if request.results else [RunCode("print(7)")])
    async with sessions(replies=backend) as world:
        told = await _created(world, environment=HOSTED)
    at = [event["type"] for event in told].index("agent.output.command_execution_output.delta")
    assert [short(event) for event in told[at - 1 : at + 2]] == ["turn.item.added", told[at]["type"], "turn.item.done"]
    assert (told[at]["delta"], told[at + 1]["item"]["output"]) == ("7\n", "7\n")


async def test_a_failed_turn_is_told_with_its_error() -> None:
    def answer(request: ReplyRequest) -> list[Part]:
        raise ReplyFailed("no luck")

    async with sessions(replies=Backend(answer=answer)) as world:
        told = await _created(world)
    assert [short(event) for event in told[-3:]] == ["error", "turn.failed", "idle"]
    assert told[-2]["turn"]["error"] == {"code": "server_error", "message": "no luck"}


async def test_a_cancel_in_the_middle_of_a_message_closes_it_first() -> None:
    backend = held("one", "two", hold_after=1)
    async with sessions(replies=backend) as world:
        session = await world.opened(None, environment=HOSTED)
        async with _listening(world, session) as events:
            await world.send(session, message("go"))
            await events.until("turn.output_text.delta")
            await world.send(session, CANCEL)
            told = await events.until("idle")
    assert [short(event) for event in told] == [
        "turn.output_text.done",
        "turn.content_part.done",
        "turn.item.done",
        "turn.cancelled",
        "idle",
    ]
    assert told[2]["item"]["status"] == "incomplete"


async def test_a_stream_of_a_create_stays_open_while_an_action_is_required() -> None:
    async with (
        sessions(replies=asking("a")) as world,
        streaming(world.api.emulator, "POST", SESSIONS, _body()) as events,
    ):
        asked = (await events.until("requires_action"))[-1]["session"]
        await world.send(asked, result(asked["required_actions"][0], "1"))
        assert short((await events.all())[-1]) == "idle"


async def test_a_stream_of_events_stays_open_across_turns() -> None:
    async with sessions() as world:
        session = await world.opened(None, environment=HOSTED)
        async with _listening(world, session) as events:
            for text in ("one", "two"):
                await world.send(session, message(text))
                told = await events.until("idle")
                assert (short(told[0]), told[1]["item"]["content"][0]["text"]) == ("turn.created", text)


async def test_a_stream_ends_with_its_session() -> None:
    async with sessions() as world:
        session = await world.opened()
        async with _listening(world, session) as events:
            await world.api.delete(f"{SESSIONS}/{session['id']}")
            assert await events.all() == []


async def test_a_stream_ends_with_its_server_after_it_told_of_the_turn() -> None:
    backend = held("ok")
    async with sessions(replies=backend) as world:
        session = await world.open()
        await world.until_asked(backend)
        async with _listening(world, session) as events:
            reading = asyncio.create_task(events.all())
            await asyncio.sleep(0)
            await world.api.emulator.aclose()
            told = await reading
    assert [short(event) for event in told] == ["error", "turn.failed", "idle"]
    assert told[1]["turn"]["error"]["code"] == "internal_error"


async def test_a_server_that_is_about_to_end_lets_go_of_streams_once_nothing_goes_on() -> None:
    backend = held("ok")
    async with sessions(replies=backend) as world:
        working = await world.open()
        await world.until_asked(backend)
        idle = await world.open(None, environment=HOSTED)
        async with _listening(world, idle) as quiet, _listening(world, working) as busy:
            world.api.emulator.services.executor.wind_up()
            assert await quiet.all() == []
            backend.gate.set()
            assert short((await busy.all())[-1]) == "idle"


async def test_nobody_listens_once_readers_have_gone() -> None:
    async with sessions() as world:
        session = await world.opened()
        async with _listening(world, session):
            pass
        listeners = world.api.emulator.services.executor.announcements._listeners
        await until(lambda: not listeners)


@pytest.mark.parametrize(("query", "padded"), [("", True), ("?include_obfuscation=false", False)])
async def test_events_are_padded_unless_that_is_not_wanted(query: str, padded: bool) -> None:
    async with sessions() as world:
        session = await world.opened()
        async with _listening(world, session, query) as events:
            await world.send(session, message("go"))
            told = await events.until("idle")
    assert {"obfuscation" in event for event in told} == {padded}


async def test_a_create_can_leave_the_padding_out() -> None:
    async with sessions() as world:
        told = await _created(world, stream_options={"include_obfuscation": False})
    assert not any("obfuscation" in event for event in told)


# The package


async def _lookup(arguments: dict[str, Any]) -> str:
    return f"rows of {arguments['query']}"


@pytest.mark.parametrize("quirks", [Quirks(), Quirks(pending_calls=0.05), Quirks(late_usage=60)])
async def test_the_helper_of_the_package_plays_a_turn_with_its_handlers(quirks: Quirks) -> None:
    async with sdk(replies=asking("a", "b", before="Let me see."), quirks=quirks) as client:
        agent = await client.beta.agents.create(model="gpt-5", tools=[ASK])  # type: ignore[list-item]
        made = client.beta.agents.sessions
        session = await made.create(environment={"type": "openai_hosted"}, agent_id=agent.id)
        for _ in range(2):
            handlers: Any = {"ask_database": _lookup}
            async with made.stream(session.id, input="go", tool_handlers=handlers) as stream:
                found = await stream.get_final_result()
            assert (found.output_text, found.turn.status) == ("rows of a rows of b", "completed")


async def test_the_package_collects_the_result_of_a_create() -> None:
    async with sdk(replies=asking("a")) as client:
        handlers: Any = {"ask_database": _lookup}
        agent: Any = {"model": "gpt-5", "tools": [ASK]}
        stream = await client.beta.agents.sessions.create(
            environment={"type": "none"}, agent=agent, input="go", stream=True, tool_handlers=handlers
        )
        assert (await stream.get_final_result()).output_text == "rows of a"


async def test_the_package_raises_for_a_turn_that_fails() -> None:
    def answer(request: ReplyRequest) -> list[Part]:
        raise ReplyFailed("no luck")

    async with sdk(replies=Backend(answer=answer)) as client:
        made = client.beta.agents.sessions
        session = await made.create(environment={"type": "openai_hosted"}, agent={"model": "gpt-5"})
        async with made.stream(session.id, input="go") as stream:
            with pytest.raises(openai.OpenAIError, match="failed"):
                await stream.get_final_result()


async def test_the_package_reads_every_answer_about_a_session() -> None:
    rounds: list[list[Part]] = [[RunCode("1")], [ToolCall("ask_database", "{}")], [TextDelta("ok")]]
    backend = Backend(answer=lambda request: rounds[len(request.rounds)])
    async with sdk(replies=backend) as client:
        made = client.beta.agents.sessions
        agent: Any = {"model": "gpt-5", "tools": [ASK]}
        session = await made.create(
            environment={"type": "openai_hosted"},
            agent=agent,
            input="go",
            metadata={"k": "v"},
            spend_control={"limit": 5},
            review="auto_review",
            prompt_cache_options={"ttl": "30m"},
        )
        assert (session.review, session.spend_control and session.spend_control.limit) == ("auto_review", 5)
        async with asyncio.timeout(5):
            while session.status == "in_progress":
                await asyncio.sleep(0.001)
                session = await made.retrieve(session.id)
        (action,) = session.required_actions
        assert action.type == "function_call"
        event: Any = result({"turn_id": action.turn_id, "call_id": action.call_id}, "1")
        await made.events.create(session.id, events=[event], idempotency_key="k")
        async with asyncio.timeout(5):
            while session.status != "idle":
                await asyncio.sleep(0.001)
                session = await made.retrieve(session.id)
        (turn,) = [turn async for turn in made.turns.list(session.id)]
        assert await made.turns.retrieve(turn.id, session_id=session.id) == turn
        kinds = ["message", "command_execution", "function_call", "function_call_output", "message"]
        listed = [item async for item in made.items.list(session.id, order="asc", limit=2)]
        assert [item.type for item in listed] == kinds
        of_turn = [item async for item in made.turns.items.list(turn.id, session_id=session.id, order="asc", limit=2)]
        assert of_turn == listed
        changed = await made.update(session.id, metadata={"k": "w"}, spend_control=None, review="none")
        assert (changed.metadata, changed.review) == ({"k": "w"}, None)
        assert [each.id async for each in made.list(metadata={"k": "w"}, agent_id=session.agent.id)] == [session.id]
        assert [each async for each in made.artifacts.list(session.id)] == []
        assert [each async for each in made.subagents.list(session.id)] == []
        assert (await made.delete(session.id)).deleted
        with pytest.raises(openai.NotFoundError):
            await made.retrieve(session.id)
