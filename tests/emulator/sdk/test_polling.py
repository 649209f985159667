"""The helpers of the `openai` package that wait for a run, and what is left on the thread afterwards."""

from typing import Any

import pytest

from tests.emulator.harness import ASK
from tests.emulator.sdk.clients import BETA, done
from tests.emulator.sdk.handlers import answers
from tests.emulator.sdk.script import COURSE, WEATHER

pytestmark = [pytest.mark.anyio, BETA]

# The types of the package say that a run's instructions are a string; the wire shows null where nobody gave any.
_INSTRUCTED: Any = {"model": "gpt-4o", "instructions": "Be brief."}


async def test_create_and_poll_ends_with_the_answer_on_the_thread(echo: Any, sent: list[str]) -> None:
    assistant = await done(echo.beta.assistants.create(**_INSTRUCTED))
    thread = await done(echo.beta.threads.create(messages=[{"role": "user", "content": "周三有什么课?"}]))
    run = await done(echo.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id))
    assert (run.status, run.last_error, run.instructions) == ("completed", None, "Be brief.")
    assert run.usage.total_tokens == run.usage.prompt_tokens + run.usage.completion_tokens > 0
    page = await done(echo.beta.threads.messages.list(thread.id, run_id=run.id))
    (message,) = page.data
    assert (message.role, message.content[0].text.value, message.status) == ("assistant", "周三有什么课?", "completed")
    (step,) = (await done(echo.beta.threads.runs.steps.list(run.id, thread_id=thread.id))).data
    assert step.step_details.message_creation.message_id == message.id
    # A1: the header tells the helper when to look again, so it is quick without being told by its user.
    assert sum(request == f"GET /threads/{thread.id}/runs/{run.id}" for request in sent) < 50


async def test_create_and_run_poll_makes_the_thread(echo: Any) -> None:
    assistant = await done(echo.beta.assistants.create(**_INSTRUCTED))
    run = await done(
        echo.beta.threads.create_and_run_poll(
            assistant_id=assistant.id, thread={"messages": [{"role": "user", "content": "hello"}]}
        )
    )
    assert run.status == "completed"
    messages = (await done(echo.beta.threads.messages.list(run.thread_id, order="asc"))).data
    assert [message.content[0].text.value for message in messages] == ["hello", "hello"]


async def test_a_forced_function_is_answered_and_polled(echo: Any) -> None:
    assistant = await done(echo.beta.assistants.create(**_INSTRUCTED, tools=[ASK]))
    thread = await done(echo.beta.threads.create(messages=[{"role": "user", "content": "SELECT 1"}]))
    run = await done(
        echo.beta.threads.runs.create_and_poll(
            thread_id=thread.id, assistant_id=assistant.id, tool_choice="required", poll_interval_ms=5
        )
    )
    assert run.status == "requires_action"
    (call,) = run.required_action.submit_tool_outputs.tool_calls
    assert (call.type, call.function.name, call.function.arguments) == (
        "function",
        "ask_database",
        '{"query": "SELECT 1"}',
    )
    run = await done(
        echo.beta.threads.runs.submit_tool_outputs_and_poll(
            run_id=run.id, thread_id=thread.id, tool_outputs=[{"tool_call_id": call.id, "output": "one row"}]
        )
    )
    assert (run.status, run.required_action) == ("completed", None)
    newest = (await done(echo.beta.threads.messages.list(thread.id))).data[0]
    assert newest.content[0].text.value == "one row"
    steps = (await done(echo.beta.threads.runs.steps.list(run.id, thread_id=thread.id, order="asc"))).data
    assert [step.type for step in steps] == ["tool_calls", "message_creation"]
    assert steps[0].step_details.tool_calls[0].function.output == "one row"


async def test_parallel_calls_are_answered_as_one_set(script: Any) -> None:
    assistant = await done(script.beta.assistants.create(**_INSTRUCTED, tools=[COURSE, WEATHER]))
    thread = await done(script.beta.threads.create(messages=[{"role": "user", "content": "weather and course?"}]))
    start = {"thread_id": thread.id, "assistant_id": assistant.id}
    run = await done(script.beta.threads.runs.create_and_poll(**start))
    assert [call.function.name for call in run.required_action.submit_tool_outputs.tool_calls] == [
        "weather",
        "course_of",
    ]
    run = await done(
        script.beta.threads.runs.submit_tool_outputs_and_poll(**answers(run, {"weather": "sun", "course_of": "Go"}))
    )
    assert run.status == "completed"
    newest = (await done(script.beta.threads.messages.list(thread.id))).data[0]
    assert newest.content[0].text.value == "You have Go."
    steps = (await done(script.beta.threads.runs.steps.list(run.id, thread_id=thread.id, order="asc"))).data
    assert [call.function.output for call in steps[0].step_details.tool_calls] == ["sun", "Go"]


async def test_a_cancelled_run_is_polled_to_its_end(echo: Any) -> None:
    assistant = await done(echo.beta.assistants.create(**_INSTRUCTED, tools=[ASK]))
    thread = await done(echo.beta.threads.create(messages=[{"role": "user", "content": "hello"}]))
    start = {"thread_id": thread.id, "assistant_id": assistant.id}
    run = await done(echo.beta.threads.runs.create_and_poll(**start, tool_choice="required"))
    assert (await done(echo.beta.threads.runs.cancel(run.id, thread_id=thread.id))).status == "cancelling"
    run = await done(echo.beta.threads.runs.poll(run.id, thread_id=thread.id))
    assert run.status == "cancelled"
    assert run.cancelled_at is not None
    again = await done(echo.beta.threads.runs.create_and_poll(**start))
    assert again.status == "completed"
