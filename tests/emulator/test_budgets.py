"""Budgets of tokens, and what a run has used, however it ends."""

from typing import Any

import pytest

from asstctl.emulator.replies.values import (
    CutShort,
    Part,
    ReplyRequest,
    RunCode,
    TextDelta,
    ToolCall,
    Usage,
)
from asstctl.emulator.runs.states import total_usage
from tests.emulator.harness import ASK, Api, Backend, Clock, serving
from tests.emulator.streams import names, only, read

pytestmark = pytest.mark.anyio

_CODE: Any = {"type": "code_interpreter"}
_CALL = ToolCall("ask_database", '{"query": "SELECT 1"}')
_OF_CALL = 3 + 6
"""Tokens of its name and its arguments, as they are estimated."""


async def _run(api: Api, *texts: str, tools: Any = (), **fields: Any) -> Any:
    assistant, thread = await api.assistant(tools=list(tools)), await api.thread(*texts or ("hello",))
    return await api.run(thread["id"], assistant["id"], **fields)


async def _steps(api: Api, run: Any) -> Any:
    """The steps of a run that is over, whose usage is the run's."""
    path = f"/threads/{run['thread_id']}/runs/{run['id']}/steps"
    steps = (await api.get(path, order="asc"))["data"]
    # A4: run usage = sum over its steps
    assert run["usage"] == total_usage(steps)
    return steps


# max_completion_tokens


@pytest.mark.parametrize(
    ("text", "budget", "cut"),
    [
        ("", _OF_CALL, False),
        ("", _OF_CALL - 1, True),
        ("four", _OF_CALL + 1, False),
        ("four", _OF_CALL, True),
    ],
)
async def test_calls_count_into_the_budget_of_completion_tokens(text: str, budget: int, cut: bool) -> None:
    # A5: token limits: run ends incomplete
    async with serving(replies=Backend(TextDelta(text), _CALL)) as api:
        run = await _run(api, tools=[ASK], max_completion_tokens=budget)
        if not cut:
            assert run["status"] == "requires_action"
            return
        assert (run["status"], run["incomplete_details"]) == ("incomplete", {"reason": "max_completion_tokens"})
        (step,) = await _steps(api, run)
        assert (step["type"], step["status"]) == ("message_creation", "completed")
        assert run["usage"]["completion_tokens"] == budget
        message = (await api.get(f"/threads/{run['thread_id']}/messages"))["data"][0]
        assert (message["status"], message["incomplete_details"]) == ("incomplete", {"reason": "max_tokens"})
        assert await api.reply(run) == text


async def test_a_turn_does_not_start_once_the_budget_is_spent() -> None:
    backend = Backend(answer=lambda request: [TextDelta("done")] if request.outputs else [_CALL])
    async with serving(replies=backend) as api:
        run = await _run(api, tools=[ASK], max_completion_tokens=_OF_CALL)
        run = await api.answer(run, "42")
        assert (run["status"], run["incomplete_details"]) == ("incomplete", {"reason": "max_completion_tokens"})
        assert len(await _steps(api, run)) == 1
    assert [request.max_completion_tokens for request in backend.asked] == [_OF_CALL]


async def test_the_budget_is_what_is_left_of_the_whole_run() -> None:
    backend = Backend(answer=lambda request: [TextDelta("one two three")] if request.outputs else [_CALL])
    async with serving(replies=backend) as api:
        run = await api.answer(await _run(api, tools=[ASK], max_completion_tokens=_OF_CALL + 2), "42")
        assert (run["status"], await api.reply(run)) == ("incomplete", "one two ")
        assert run["usage"]["completion_tokens"] == _OF_CALL + 2
        await _steps(api, run)
    assert [request.max_completion_tokens for request in backend.asked] == [_OF_CALL + 2, 2]


async def test_calls_of_a_backend_that_counts_are_its_own_affair() -> None:
    backend = Backend(_CALL)
    backend.counts_tokens = True
    async with serving(replies=backend) as api:
        run = await _run(api, tools=[ASK], max_completion_tokens=1)
        assert run["status"] == "requires_action"


async def test_a_turn_cut_before_its_first_word_is_told_as_any_that_is_cut() -> None:
    async with serving(replies=Backend(Usage(10, 5, 0, 5), CutShort())) as api:
        assistant, thread = await api.assistant(), await api.thread("hello")
        told = await read(api.emulator, f"/threads/{thread['id']}/runs", {"assistant_id": assistant["id"]})
        # A5: max tokens: message.incomplete, step.completed, then the run's final event
        assert names(told)[-5:] == [
            "message.delta",
            "message.incomplete",
            "run.step.completed",
            "run.incomplete",
            "done",
        ]
        (message,), (run,) = only(told, "message.incomplete"), only(told, "run.incomplete")
        assert message["content"] == [{"type": "text", "text": {"value": "", "annotations": []}}]
        assert run["usage"]["completion_tokens_details"] == {"reasoning_tokens": 5}
        await _steps(api, run)


# max_prompt_tokens


async def test_the_budget_of_prompt_tokens_is_over_the_course_of_the_run() -> None:
    def answer(request: ReplyRequest) -> list[Part]:
        return [RunCode("x")] if len(request.rounds) < 3 else [TextDelta("done")]

    backend = Backend(answer=answer)
    async with serving(replies=backend) as api:
        whole = await _run(api, "one two three", tools=[_CODE])
        spent = [step["usage"]["prompt_tokens"] for step in await _steps(api, whole)]
        assert len(spent) == 4
        run = await _run(api, "one two three", tools=[_CODE], max_prompt_tokens=sum(spent))
        assert run["status"] == "completed"
        run = await _run(api, "one two three", tools=[_CODE], max_prompt_tokens=sum(spent) - 1)
        # A5: token limits
        assert (run["status"], run["incomplete_details"]) == ("incomplete", {"reason": "max_prompt_tokens"})
        assert [step["usage"]["prompt_tokens"] for step in await _steps(api, run)] == spent[:3]


# What a run used that ended early


@pytest.mark.parametrize(
    ("parts", "used"),
    [
        ([TextDelta("half"), ToolCall("nothing", "{}")], (2, 1)),  # estimated of "hello" and "half"
        ([Usage(100, 20), TextDelta("half"), ToolCall("nothing", "{}")], (100, 20)),
    ],
)
async def test_a_run_that_fails_in_mid_text_keeps_what_it_used(parts: list[Part], used: tuple[int, int]) -> None:
    async with serving(replies=Backend(*parts)) as api:
        run = await _run(api, tools=[ASK])
        (step,) = await _steps(api, run)
        assert (run["status"], step["status"]) == ("failed", "failed")
        assert (run["usage"]["prompt_tokens"], run["usage"]["completion_tokens"]) == used


@pytest.mark.parametrize("how", ["cancelled", "expired", "failed"])
async def test_a_message_cut_off_keeps_what_it_used(how: str) -> None:
    backend, clock = Backend(TextDelta("half"), TextDelta(" and half")), Clock()
    backend.hold_after = 1
    backend.gate.clear()

    async with serving(replies=backend, clock=clock) as api:
        assistant, thread = await api.assistant(), await api.thread("hello")
        path = f"/threads/{thread['id']}"
        run = await api.post(f"{path}/runs", {"assistant_id": assistant["id"]})
        await api.until_at(f"{path}/messages", lambda page: len(page["data"]) == 2)
        match how:
            case "cancelled":
                await api.post(f"{path}/runs/{run['id']}/cancel")
            case "expired":
                clock.now += 600
            case "failed":
                backend.parts[1] = ToolCall("nothing", "{}")
                backend.gate.set()
        run = await api.until(run, how)
        (step,) = await _steps(api, run)
        assert step["status"] == how
        assert (step["usage"]["prompt_tokens"], step["usage"]["completion_tokens"]) == (2, 1)
