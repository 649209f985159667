"""Runs: the state machine, tools, overrides, limits, cancelling, expiry, and what is announced when."""

from typing import Any

import pytest

from asstctl.emulator.replies.values import CutShort, ReplyFailed, ReplyRequest, TextDelta, ToolCall, Usage
from asstctl.emulator.runs.events import Event
from tests.emulator.harness import ASK, Api, Backend, Clock, serving

pytestmark = pytest.mark.anyio

_OTHER = {"type": "function", "function": {"name": "other"}}
_CALL = ToolCall("ask_database", '{"query": "SELECT 1"}')


def _tools_then_text(*calls: ToolCall) -> Any:
    return lambda request: [TextDelta("done")] if request.outputs else list(calls)


async def test_a_run_completes_with_a_message_a_step_and_usage(api: Api) -> None:
    assistant, thread = await api.assistant(instructions="Echo."), await api.thread("你好", "there")
    run = await api.run(thread["id"], assistant["id"])
    assert (run["status"], run["expires_at"], run["required_action"]) == ("completed", None, None)
    assert run["created_at"] <= run["started_at"] <= run["completed_at"]
    message = (await api.get(f"/threads/{thread['id']}/messages"))["data"][0]
    assert (message["role"], message["run_id"], message["status"]) == ("assistant", run["id"], "completed")
    assert message["content"][0]["text"]["value"] == "你好\nthere"
    (step,) = (await api.get(f"/threads/{thread['id']}/runs/{run['id']}/steps"))["data"]
    assert step["step_details"] == {"type": "message_creation", "message_creation": {"message_id": message["id"]}}
    assert (step["type"], step["status"], step["expires_at"]) == ("message_creation", "completed", None)
    assert step == await api.get(f"/threads/{thread['id']}/runs/{run['id']}/steps/{step['id']}")
    assert run["usage"] == step["usage"]
    assert run["usage"] == {
        "prompt_tokens": 6,
        "completion_tokens": 4,
        "total_tokens": 10,
        "prompt_token_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0},
    }


async def test_a_forced_call_ends_in_requires_action_and_goes_on_with_its_output(api: Api) -> None:
    assistant, thread = await api.assistant(tools=[_OTHER, ASK]), await api.thread("hello")
    choice = {"type": "function", "function": {"name": "ask_database"}}
    run = await api.run(thread["id"], assistant["id"], tool_choice=choice)
    assert (run["status"], run["usage"]) == ("requires_action", None)
    (call,) = run["required_action"]["submit_tool_outputs"]["tool_calls"]
    assert call["function"] == {"name": "ask_database", "arguments": '{"query": "hello"}'}
    path = f"/threads/{thread['id']}/runs/{run['id']}"
    (step,) = (await api.get(f"{path}/steps"))["data"]
    assert (step["status"], step["usage"], step["expires_at"]) == ("in_progress", None, run["expires_at"])
    assert step["step_details"]["tool_calls"][0]["function"]["output"] is None

    outputs = [{"tool_call_id": call["id"], "output": "42"}]
    queued = await api.post(f"{path}/submit_tool_outputs", {"tool_outputs": outputs})
    assert (queued["status"], queued["required_action"]) == ("queued", None)
    step = (await api.get(f"{path}/steps", order="asc"))["data"][0]
    assert (step["status"], step["step_details"]["tool_calls"][0]["function"]["output"]) == ("completed", "42")

    run = await api.rest(queued)
    assert (run["status"], await api.reply(run)) == ("completed", "42")
    steps = (await api.get(f"{path}/steps"))["data"]
    assert run["usage"]["total_tokens"] == sum(step["usage"]["total_tokens"] for step in steps)


async def test_polling_without_a_pause_does_not_starve_the_run(api: Api) -> None:
    assistant, thread = await api.assistant(), await api.thread("hello")
    run = await api.post(f"/threads/{thread['id']}/runs", {"assistant_id": assistant["id"]})
    for _ in range(50):
        run = await api.get(f"/threads/{thread['id']}/runs/{run['id']}")
    assert run["status"] == "completed"


async def test_required_calls_the_first_function(api: Api) -> None:
    assistant, thread = await api.assistant(tools=[ASK, _OTHER]), await api.thread("hello")
    run = await api.run(thread["id"], assistant["id"], tool_choice="required")
    calls = run["required_action"]["submit_tool_outputs"]["tool_calls"]
    assert [call["function"]["name"] for call in calls] == ["ask_database"]


async def test_none_hides_the_tools_from_the_model() -> None:
    backend = Backend()
    async with serving(replies=backend) as api:
        assistant, thread = await api.assistant(tools=[ASK]), await api.thread("hello")
        await api.run(thread["id"], assistant["id"], tool_choice="none")
    assert backend.asked[0].tools == ()


async def test_only_the_first_turn_is_forced() -> None:
    backend = Backend(answer=_tools_then_text(_CALL))
    async with serving(replies=backend) as api:
        assistant, thread = await api.assistant(tools=[ASK]), await api.thread("hello")
        run = await api.run(thread["id"], assistant["id"], tool_choice="required")
        await api.answer(run, "42")
    assert [request.tool_choice for request in backend.asked] == ["required", "auto"]
    (earlier,) = backend.asked[1].rounds
    assert (earlier.calls[0].function, earlier.calls[0].output) == ("ask_database", "42")
    assert [said.text for said in backend.asked[1].messages] == ["hello"]


async def test_parallel_calls_share_one_step() -> None:
    async with serving(replies=Backend(answer=_tools_then_text(_CALL, _CALL))) as api:
        assistant, thread = await api.assistant(tools=[ASK]), await api.thread("hello")
        run = await api.run(thread["id"], assistant["id"])
        assert len(run["required_action"]["submit_tool_outputs"]["tool_calls"]) == 2
        assert len((await api.get(f"/threads/{thread['id']}/runs/{run['id']}/steps"))["data"]) == 1
        run = await api.answer(run, "1", "2")
        assert run["status"] == "completed"


async def test_without_parallel_calls_a_step_has_one() -> None:
    async with serving(replies=Backend(_CALL, _CALL)) as api:
        assistant, thread = await api.assistant(tools=[ASK]), await api.thread("hello")
        run = await api.run(thread["id"], assistant["id"], parallel_tool_calls=False)
        assert len(run["required_action"]["submit_tool_outputs"]["tool_calls"]) == 1


async def test_text_before_calls_is_a_message_of_its_own() -> None:
    async with serving(replies=Backend(TextDelta("One moment."), _CALL)) as api:
        assistant, thread = await api.assistant(tools=[ASK]), await api.thread("hello")
        run = await api.run(thread["id"], assistant["id"])
        assert (run["status"], await api.reply(run)) == ("requires_action", "One moment.")
        steps = (await api.get(f"/threads/{thread['id']}/runs/{run['id']}/steps", order="asc"))["data"]
        assert [step["type"] for step in steps] == ["message_creation", "tool_calls"]


async def test_overrides_and_additions_reach_the_model_and_the_run() -> None:
    backend = Backend()
    async with serving(replies=backend) as api:
        assistant = await api.assistant(name="g", instructions="Old.", temperature=0.1, top_p=0.2, tools=[ASK])
        thread = await api.thread("hello")
        run = await api.run(
            thread["id"],
            assistant["id"],
            model="other",
            instructions="New.",
            additional_instructions="And more.",
            additional_messages=[{"role": "assistant", "content": "hi"}, {"role": "user", "content": "again"}],
            temperature=0.7,
            tools=[],
            metadata={"k": "v"},
            top_p=None,
        )
        assert (run["model"], run["instructions"], run["metadata"]) == ("other", "New.\nAnd more.", {"k": "v"})
        assert await api.get(f"/assistants/{assistant['id']}") == assistant
    asked = backend.asked[0]
    assert (asked.assistant_name, asked.model, asked.instructions) == ("g", "other", "New.\nAnd more.")
    assert (asked.temperature, asked.top_p, asked.tools) == (0.7, 0.2, ())
    assert [(said.role, said.text) for said in asked.messages] == [
        ("user", "hello"),
        ("assistant", "hi"),
        ("user", "again"),
    ]
    assert asked.turn == 2


async def test_create_thread_and_run_is_one_request(api: Api) -> None:
    assistant = await api.assistant(tools=[{"type": "code_interpreter"}])
    body = {
        "assistant_id": assistant["id"],
        "thread": {"messages": [{"role": "user", "content": "hello"}], "metadata": {"k": "v"}},
        "tool_resources": {"code_interpreter": {"file_ids": [(await api.file())["id"]]}},
    }
    run = await api.rest(await api.post("/threads/runs", body))
    assert (run["status"], await api.reply(run)) == ("completed", "hello")
    assert run["tool_resources"] == body["tool_resources"]
    assert (await api.get(f"/threads/{run['thread_id']}"))["metadata"] == {"k": "v"}


async def test_the_model_sees_the_last_messages_when_told() -> None:
    backend = Backend()
    async with serving(replies=backend) as api:
        assistant, thread = await api.assistant(), await api.thread("one", "two", "three")
        strategy = {"type": "last_messages", "last_messages": 2}
        await api.run(thread["id"], assistant["id"], truncation_strategy=strategy)
        await api.run(thread["id"], assistant["id"], max_prompt_tokens=2)
    assert [said.text for said in backend.asked[0].messages] == ["two", "three"]
    assert backend.asked[0].turn == 3
    assert [said.text for said in backend.asked[1].messages] == ["one", "ok"]


async def test_max_completion_tokens_ends_incomplete(api: Api) -> None:
    assistant, thread = await api.assistant(), await api.thread("one two three four five six")
    run = await api.run(thread["id"], assistant["id"], max_completion_tokens=2)
    assert (run["status"], run["incomplete_details"]) == ("incomplete", {"reason": "max_completion_tokens"})
    message = (await api.get(f"/threads/{thread['id']}/messages"))["data"][0]
    assert (message["status"], message["incomplete_details"]) == ("incomplete", {"reason": "max_tokens"})
    assert message["content"][0]["text"]["value"] == "one two "
    (step,) = (await api.get(f"/threads/{thread['id']}/runs/{run['id']}/steps"))["data"]
    assert (step["status"], run["usage"]["completion_tokens"]) == ("completed", 2)


async def test_max_prompt_tokens_without_room_ends_incomplete(api: Api) -> None:
    assistant, thread = await api.assistant(), await api.thread("one two three four")
    run = await api.run(thread["id"], assistant["id"], max_prompt_tokens=1)
    assert (run["status"], run["incomplete_details"]) == ("incomplete", {"reason": "max_prompt_tokens"})
    assert run["usage"]["total_tokens"] == 0


async def test_usage_that_a_backend_counts_is_kept() -> None:
    async with serving(replies=Backend(TextDelta("hi"), Usage(100, 20, 30, 5), CutShort())) as api:
        assistant, thread = await api.assistant(), await api.thread("hello")
        run = await api.run(thread["id"], assistant["id"])
        assert run["status"] == "incomplete"
        assert run["usage"] == {
            "prompt_tokens": 100,
            "completion_tokens": 20,
            "total_tokens": 120,
            "prompt_token_details": {"cached_tokens": 30},
            "completion_tokens_details": {"reasoning_tokens": 5},
        }


@pytest.mark.parametrize(
    ("fault", "code", "text"),
    [
        (ReplyFailed("too many", "rate_limit_exceeded"), "rate_limit_exceeded", "too many"),
        (ZeroDivisionError("secret"), "server_error", "ZeroDivisionError"),
    ],
)
async def test_a_failing_backend_fails_the_run_and_frees_the_thread(fault: Exception, code: str, text: str) -> None:
    def answer(request: ReplyRequest) -> Any:
        raise fault

    backend = Backend(answer=answer)
    async with serving(replies=backend) as api:
        assistant, thread = await api.assistant(), await api.thread("hello")
        run = await api.run(thread["id"], assistant["id"])
        assert (run["status"], run["last_error"]["code"], run["expires_at"]) == ("failed", code, None)
        assert text in run["last_error"]["message"]
        assert "secret" not in run["last_error"]["message"]
        assert run["failed_at"] is not None
        await api.post(f"/threads/{thread['id']}/messages", {"role": "user", "content": "again"})


async def test_a_run_that_fails_midway_leaves_its_message_incomplete() -> None:
    backend = Backend(TextDelta("half"), ToolCall("nothing", "{}"))
    async with serving(replies=backend) as api:
        assistant, thread = await api.assistant(tools=[ASK]), await api.thread("hello")
        run = await api.run(thread["id"], assistant["id"])
        assert "'nothing'" in run["last_error"]["message"]
        assert "ask_database" in run["last_error"]["message"]
        message = (await api.get(f"/threads/{thread['id']}/messages"))["data"][0]
        assert (message["status"], message["incomplete_details"]) == ("incomplete", {"reason": "run_failed"})
        assert message["content"][0]["text"]["value"] == "half"
        (step,) = (await api.get(f"/threads/{thread['id']}/runs/{run['id']}/steps"))["data"]
        assert (step["status"], step["last_error"]["code"]) == ("failed", "server_error")


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ([TextDelta("no call")], "demands a call"),
        ([ToolCall("ask_database", "{")], "not JSON"),
    ],
)
async def test_a_reply_that_breaks_the_rules_fails_the_run(parts: list[Any], text: str) -> None:
    async with serving(replies=Backend(*parts)) as api:
        assistant, thread = await api.assistant(tools=[ASK]), await api.thread("hello")
        run = await api.run(thread["id"], assistant["id"], tool_choice="required")
        assert run["status"] == "failed"
        assert text in run["last_error"]["message"]


async def test_cancel_while_in_progress_answers_cancelling_then_cancelled() -> None:
    backend = Backend(TextDelta("half"), TextDelta(" and half"))
    backend.hold_after = 1
    backend.gate.clear()
    async with serving(replies=backend) as api:
        assistant, thread = await api.assistant(), await api.thread("hello")
        run = await api.post(f"/threads/{thread['id']}/runs", {"assistant_id": assistant["id"]})
        while len((await api.get(f"/threads/{thread['id']}/messages"))["data"]) < 2:
            await api.until(run, "in_progress")
        path = f"/threads/{thread['id']}/runs/{run['id']}"
        assert (await api.post(f"{path}/cancel"))["status"] == "cancelling"
        run = await api.rest(run)
        assert (run["status"], run["expires_at"]) == ("cancelled", None)
        assert run["cancelled_at"] is not None
        message = (await api.get(f"/threads/{thread['id']}/messages"))["data"][0]
        assert (message["status"], message["incomplete_details"]) == ("incomplete", {"reason": "run_cancelled"})
        assert message["content"][0]["text"]["value"] == "half"
        (step,) = (await api.get(f"{path}/steps"))["data"]
        assert step["status"] == "cancelled"
        status, error = await api.refused("POST", f"{path}/cancel")
        assert (status, error["message"]) == (400, "Cannot cancel run with status 'cancelled'.")


async def test_cancel_works_from_queued_and_requires_action(api: Api) -> None:
    assistant, thread = await api.assistant(tools=[ASK]), await api.thread("hello")
    path = f"/threads/{thread['id']}/runs"
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(api.emulator.services.executor, "start", lambda services, run_id: None)
        run = await api.post(path, {"assistant_id": assistant["id"]})
    assert (await api.get(f"{path}/{run['id']}"))["status"] == "queued"
    assert (await api.post(f"{path}/{run['id']}/cancel"))["status"] == "cancelling"
    assert (await api.rest(run))["status"] == "cancelled"
    assert (await api.refused("POST", f"{path}/{run['id']}/cancel"))[0] == 400
    run = await api.run(thread["id"], assistant["id"], tool_choice="required")
    cancelling = await api.post(f"{path}/{run['id']}/cancel")
    assert (cancelling["status"], cancelling["required_action"]) == ("cancelling", None)
    assert (await api.rest(cancelling))["status"] == "cancelled"
    await api.post(f"/threads/{thread['id']}/messages", {"role": "user", "content": "free again"})


@pytest.mark.parametrize("touch", ["get run", "get thread", "list", "post message", "submit"])
async def test_pending_outputs_expire_on_any_touch_of_the_thread(touch: str) -> None:
    clock = Clock()
    async with serving(clock=clock) as api:
        assistant, thread = await api.assistant(tools=[ASK]), await api.thread("hello")
        run = await api.run(thread["id"], assistant["id"], tool_choice="required")
        path, base = f"/threads/{thread['id']}", f"/threads/{thread['id']}/runs/{run['id']}"
        clock.now += 599
        assert (await api.get(base))["status"] == "requires_action"
        clock.now += 1
        match touch:
            case "get run":
                await api.get(base)
            case "get thread":
                await api.get(path)
            case "list":
                await api.get(f"{path}/messages")
            case "post message":
                await api.post(f"{path}/messages", {"role": "user", "content": "more"})
            case "submit":
                status, error = await api.refused("POST", f"{base}/submit_tool_outputs", {"tool_outputs": []})
                assert (status, error["message"]) == (400, 'Runs in status "expired" do not accept tool outputs.')
        row = api.emulator.services.store.connection.execute("SELECT status FROM runs").fetchone()
        assert row == ("expired",)
        (step,) = (await api.get(f"{base}/steps"))["data"]
        assert (step["status"], step["expired_at"]) == ("expired", int(clock.now))


async def test_a_run_in_progress_expires_too_and_its_text_is_kept() -> None:
    clock = Clock()
    backend = Backend(TextDelta("half"), TextDelta(" and half"))
    backend.hold_after = 1
    backend.gate.clear()
    async with serving(replies=backend, clock=clock) as api:
        assistant, thread = await api.assistant(), await api.thread("hello")
        run = await api.post(f"/threads/{thread['id']}/runs", {"assistant_id": assistant["id"]})
        while len((await api.get(f"/threads/{thread['id']}/messages"))["data"]) < 2:
            await api.until(run, "in_progress")
        clock.now += 600
        message = (await api.get(f"/threads/{thread['id']}/messages"))["data"][0]
        assert (message["status"], message["incomplete_details"]) == ("incomplete", {"reason": "run_expired"})
        assert message["content"][0]["text"]["value"] == "half"
        assert (await api.rest(run))["status"] == "expired"


async def test_deleting_a_thread_stops_its_run() -> None:
    backend = Backend()
    backend.gate.clear()
    async with serving(replies=backend) as api:
        assistant, thread = await api.assistant(), await api.thread("hello")
        run = await api.post(f"/threads/{thread['id']}/runs", {"assistant_id": assistant["id"]})
        await api.until(run, "in_progress")
        await api.delete(f"/threads/{thread['id']}")
        assert not api.emulator.services.executor.executes(run["id"])


async def test_deleting_the_assistant_lets_its_run_end() -> None:
    backend = Backend(answer=_tools_then_text(_CALL))
    async with serving(replies=backend) as api:
        assistant, thread = await api.assistant(name="g", tools=[ASK]), await api.thread("hello")
        run = await api.run(thread["id"], assistant["id"])
        await api.delete(f"/assistants/{assistant['id']}")
        assert (await api.answer(run, "1"))["status"] == "completed"
    assert backend.asked[1].assistant_name == "g"


async def test_an_active_run_tells_when_to_poll_again(api: Api) -> None:
    assistant, thread = await api.assistant(), await api.thread("hello")
    response = await api.send("POST", f"/threads/{thread['id']}/runs", {"assistant_id": assistant["id"]})
    assert response.headers["openai-poll-after-ms"] == "10"
    run = await api.rest(response.json())
    response = await api.send("GET", f"/threads/{thread['id']}/runs/{run['id']}")
    assert "openai-poll-after-ms" not in response.headers


async def test_events_follow_the_order_of_the_wire_and_the_commit() -> None:
    backend = Backend(answer=_tools_then_text(_CALL))
    async with serving(replies=backend) as api:
        store = api.emulator.services.store
        told: list[str] = []

        def listen(event: Event) -> None:
            told.append(event.name.removeprefix("thread."))
            assert not store.connection.in_transaction
            if event.name.startswith("thread.run.") and not event.name.startswith("thread.run.step"):
                row = store.connection.execute("SELECT status FROM runs").fetchone()
                assert row == (event.data["status"],)

        assistant, thread = await api.assistant(tools=[ASK]), await api.thread("hello")
        run = await api.run(thread["id"], assistant["id"])
        with api.emulator.services.executor.announcements.listening(run["id"], listen):
            await api.answer(run, "42")
        assert told == [
            "run.step.completed",
            "run.queued",
            "run.in_progress",
            "run.step.created",
            "run.step.in_progress",
            "message.created",
            "message.in_progress",
            "message.delta",
            "message.completed",
            "run.step.completed",
            "run.completed",
        ]
