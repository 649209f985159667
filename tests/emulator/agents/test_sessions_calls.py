"""Function calls of a turn: how they are asked for, answered, answered again and given up."""

import json
from typing import Any

import pytest

from asstctl.emulator import Quirks
from asstctl.emulator.replies.values import Part, ReplyRequest, RunCode, TextDelta, ToolCall
from tests.emulator.agents.sessions_world import (
    CANCEL,
    HOSTED,
    SESSIONS,
    Sessions,
    asking,
    brief,
    message,
    result,
    sessions,
)
from tests.emulator.harness import Backend, Clock

pytestmark = pytest.mark.anyio

Json = Any


async def test_a_call_is_asked_for_and_its_result_resumes_the_turn() -> None:
    async with sessions(replies=asking("SELECT 1")) as world:
        session = await world.opened()
        assert (session["status"], (await world.turn(session))["status"]) == ("requires_action", "waiting")
        (action,) = session["required_actions"]
        assert (action["type"], action["name"], action["arguments"]) == (
            "function_call",
            "ask_database",
            {"query": "SELECT 1"},
        )
        assert action["turn_id"] == (await world.turn(session))["id"]
        await world.send(session, result(action, "one"))
        session = await world.rest(session)
        assert (session["status"], session["required_actions"]) == ("idle", [])
        assert brief(await world.items(session)) == [
            ("user", "hello"),
            ("function_call", {"query": "SELECT 1"}),
            ("function_call_output", "one"),
            ("assistant", "one"),
        ]


async def test_a_call_that_waits_is_no_item_yet() -> None:
    async with sessions(replies=asking("SELECT 1")) as world:
        assert brief(await world.items(await world.opened())) == [("user", "hello")]


async def test_calls_of_one_round_are_pending_together_and_answered_in_any_order() -> None:
    async with sessions(replies=asking("a", "b", "c")) as world:
        session = await world.opened()
        first, second, third = session["required_actions"]
        await world.send(session, result(third, "3"))
        waiting = await world.read(session)
        assert (waiting["status"], waiting["required_actions"]) == ("requires_action", [first, second])
        await world.send(session, result(first, "1"), result(second, "2"))
        assert (await world.rest(session))["status"] == "idle"
        assert brief(await world.items(session))[-1] == ("assistant", "3 1 2")


async def test_what_is_said_before_a_call_is_commentary() -> None:
    async with sessions(replies=asking("a", before="Let me see.")) as world:
        session = await world.opened()
        await world.send(session, result(session["required_actions"][0], "1"))
        await world.rest(session)
        said = [item for item in await world.items(session) if item["type"] == "message"]
        assert [(item["phase"], brief([item])[0][1]) for item in said] == [
            (None, "hello"),
            ("commentary", "Let me see."),
            ("final_answer", "1"),
        ]


@pytest.mark.parametrize(
    ("said", "heard", "status"),
    [
        ({"success": True, "output": "text"}, "text", "completed"),
        ({"success": True, "output": [{"type": "input_text", "text": t} for t in "ab"]}, "a\nb", "completed"),
        ({"success": True}, "", "completed"),
        ({"success": True, "output": None, "error": None}, "", "completed"),
        ({"success": False, "error": "it broke"}, "it broke", "failed"),
        ({"success": False}, "The call failed.", "failed"),
    ],
)
async def test_a_model_hears_what_became_of_its_call(said: Json, heard: str, status: str) -> None:
    backend = asking("a")
    async with sessions(replies=backend) as world:
        session = await world.opened()
        await world.send(session, result(session["required_actions"][0], **said))
        await world.rest(session)
        output = next(item for item in await world.items(session) if item["type"] == "function_call_output")
    assert (output["status"], output["error"]) == (status, said.get("error"))
    assert [call.output for call in backend.asked[1].outputs] == [heard]
    assert [call.arguments for call in backend.asked[1].outputs] == ['{"query": "a"}']


async def test_rounds_of_a_turn_are_heard_in_their_order() -> None:
    def answer(request: ReplyRequest) -> list[Part]:
        if len(request.rounds) == 2:
            return [TextDelta("done")]
        return [ToolCall("ask_database", "{}"), RunCode("print(1)")]

    backend = Backend(answer=answer)
    async with sessions(replies=backend) as world:
        session = await world.opened(environment=HOSTED)
        for output in "xy":
            await world.send(session, result(session["required_actions"][0], output))
            session = await world.rest(session)
        assert session["status"] == "idle"
    heard = [[type(call).__name__ for call in each.calls] for each in backend.asked[-1].rounds]
    assert heard == [["CodeRan", "CallMade"]] * 2
    assert [call.output for call in backend.asked[-1].outputs] == ["y"]


async def test_a_message_to_a_turn_that_waits_is_heard_when_it_is_resumed() -> None:
    backend = asking("a")
    async with sessions(replies=backend) as world:
        session = await world.opened("one")
        await world.send(session, message("two"))
        assert (await world.read(session))["status"] == "requires_action"
        await world.send(session, result(session["required_actions"][0], "1"))
        await world.rest(session)
        assert len(await world.turns(session)) == 1
    assert [said.text for said in backend.asked[1].messages] == ["one", "two"]
    assert len(backend.asked) == 2


async def test_arguments_that_no_answer_could_carry_are_told_as_text() -> None:
    text = '{"a": NaN}'
    backend = Backend(answer=lambda request: [] if request.outputs else [ToolCall("ask_database", text)])
    async with sessions(replies=backend) as world:
        assert (await world.opened())["required_actions"][0]["arguments"] == text


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (ToolCall("nowhere", "{}"), "does not declare (declared: ask_database)"),
        (ToolCall("ask_database", "{"), "arguments that are not JSON"),
    ],
)
async def test_a_call_that_cannot_be_made_fails_the_turn(call: ToolCall, why: str) -> None:
    async with sessions(replies=Backend(call)) as world:
        error = (await world.turn(await world.opened()))["error"]
    assert error["code"] == "invalid_request"
    assert why in error["message"]


# Results that are not awaited


async def _answered(world: Sessions) -> tuple[Json, Json]:
    session = await world.opened()
    (action,) = session["required_actions"]
    await world.send(session, result(action, "one"))
    return await world.rest(session), action


async def test_the_same_result_twice_is_taken() -> None:
    async with sessions(replies=asking("a")) as world:
        session, action = await _answered(world)
        await world.send(session, result(action, "one"))
        assert len(await world.items(session)) == 4


@pytest.mark.parametrize(
    ("said", "status", "message"),
    [
        ({"success": True, "output": "two"}, 409, "already has another result"),
        ({"success": False, "error": "one"}, 409, "already has another result"),
    ],
)
async def test_another_result_is_a_conflict(said: Json, status: int, message: str) -> None:
    async with sessions(replies=asking("a")) as world:
        session, action = await _answered(world)
        found, error = await world.refused(session, result(action, **said))
    assert (found, error["code"], message in error["message"]) == (status, "conflict_error", True)


async def test_a_result_after_a_cancel_is_a_conflict() -> None:
    async with sessions(replies=asking("a")) as world:
        session = await world.opened()
        (action,) = session["required_actions"]
        await world.send(session, CANCEL)
        assert (await world.read(session))["required_actions"] == []
        status, error = await world.refused(session, result(action, "late"))
        assert (status, error["code"]) == (409, "conflict_error")
        assert [item["status"] for item in await world.items(session)] == ["completed", "incomplete"]


@pytest.mark.parametrize("answered", [False, True])
async def test_a_result_for_another_turn_is_refused(answered: bool) -> None:
    async with sessions(replies=asking("a")) as world:
        session = await world.opened()
        (action,) = session["required_actions"]
        if answered:
            await world.send(session, result(action, "one"))
            await world.rest(session)
        status, error = await world.refused(session, result({**action, "turn_id": "turn_other"}, "one"))
        assert (status, error["code"]) == (400, "invalid_request_error")


async def test_a_result_of_no_call_is_refused_in_the_words_that_clients_know() -> None:
    async with sessions(replies=asking("a")) as world:
        session = await world.opened()
        action = {**session["required_actions"][0], "call_id": "call_x"}
        status, error = await world.refused(session, result(action, "one"))
    assert (status, error["code"], error["message"]) == (
        400,
        "invalid_request_error",
        "Unknown pending tool call: call_x",
    )


async def test_a_refused_event_undoes_the_others_of_its_request() -> None:
    async with sessions(replies=asking("a", "b")) as world:
        session = await world.opened()
        first, second = session["required_actions"]
        await world.refused(session, result(first, "1"), result({**second, "call_id": "call_x"}, "2"))
        assert (await world.read(session))["required_actions"] == [first, second]


async def test_a_call_can_take_a_while_to_be_registered() -> None:
    clock = Clock()
    async with sessions(replies=asking("a"), clock=clock, quirks=Quirks(pending_calls=0.3)) as world:
        session = await world.opened()
        (action,) = session["required_actions"]
        status, error = await world.refused(session, result(action, "one"))
        assert (status, error["message"]) == (400, f"Unknown pending tool call: {action['call_id']}")
        clock.now += 0.3
        await world.send(session, result(action, "one"))
        assert (await world.rest(session))["status"] == "idle"


async def test_a_key_of_a_refused_request_is_still_good() -> None:
    clock = Clock()
    async with sessions(replies=asking("a"), clock=clock, quirks=Quirks(pending_calls=0.3)) as world:
        session = await world.opened()
        event = result(session["required_actions"][0], "one")
        headers, path = {"Idempotency-Key": "k"}, f"{SESSIONS}/{session['id']}/events"
        statuses = []
        for _ in range(3):
            statuses.append((await world.api.send("POST", path, {"events": [event]}, headers=headers)).status_code)
            clock.now += 0.3
        assert statuses == [400, 202, 202]
        assert json.dumps(await world.items(session)).count("function_call_output") == 1
