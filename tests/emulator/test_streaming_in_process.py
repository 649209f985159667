"""The `openai` package reading streams of an emulator in its own process, without a socket."""

import sqlite3
from typing import Any

import httpx2
import openai
import pytest
from openai import AsyncAssistantEventHandler

from asstctl.emulator.replies.values import Part, RunCode, SearchFiles, TextDelta, ToolCall
from asstctl.emulator.runs.execution import Execution
from asstctl.net.asgi import AsgiTransport
from tests.emulator.harness import ASK, Api, Backend, serving

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.filterwarnings("ignore:(The Assistants API is )?deprecated:DeprecationWarning"),
]


def _client(api: Api) -> openai.AsyncOpenAI:
    http = httpx2.AsyncClient(transport=AsgiTransport(api.emulator.app))
    return openai.AsyncOpenAI(api_key="any", base_url="http://local/v1", http_client=http, max_retries=0)


class _Answering(AsyncAssistantEventHandler):
    """Submits outputs from inside its callback, as the package's guide shows."""

    def __init__(self, client: openai.AsyncOpenAI) -> None:
        super().__init__()
        self.client = client
        self.texts: list[str] = []
        self.events: list[str] = []

    async def on_event(self, event: Any) -> None:
        self.events.append(event.event)
        if event.event == "thread.run.requires_action":
            calls = event.data.required_action.submit_tool_outputs.tool_calls
            inner = _Answering(self.client)
            async with self.client.beta.threads.runs.submit_tool_outputs_stream(
                thread_id=event.data.thread_id,
                run_id=event.data.id,
                tool_outputs=[{"tool_call_id": call.id, "output": "forty-two"} for call in calls],
                event_handler=inner,
            ) as stream:
                await stream.until_done()
            self.texts += inner.texts

    async def on_text_done(self, text: Any) -> None:
        self.texts.append(text.value)


async def test_a_handler_submits_outputs_while_its_stream_is_open(api: Api) -> None:
    assistant, thread = await api.assistant(tools=[ASK]), await api.thread("hello")
    async with (
        _client(api) as client,
        client.beta.threads.runs.stream(
            thread_id=thread["id"],
            assistant_id=assistant["id"],
            tool_choice="required",
            event_handler=_Answering(client),
        ) as stream,
    ):
        await stream.until_done()
        (call,) = (await stream.get_final_run_steps())[0].step_details.tool_calls  # type: ignore[union-attr]
        assert call.function.arguments == '{"query": "hello"}'  # type: ignore[union-attr]
    assert stream.texts == ["forty-two"]
    assert stream.events[-1] == "thread.run.requires_action"


async def test_a_raw_stream_ends_by_itself(api: Api) -> None:
    assistant, thread = await api.assistant(), await api.thread("hello")
    async with _client(api) as client:
        events = await client.beta.threads.runs.create(thread["id"], assistant_id=assistant["id"], stream=True)
        seen = [event.event async for event in events]
    assert (seen[0], seen[-1]) == ("thread.run.created", "thread.run.completed")


async def test_an_error_event_is_raised(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def play(execution: Execution) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(Execution, "play", play)
    assistant, thread = await api.assistant(), await api.thread("hello")
    async with _client(api) as client:
        events = await client.beta.threads.runs.create(thread["id"], assistant_id=assistant["id"], stream=True)
        with pytest.raises(openai.APIError, match="could not write the end of this run"):
            async for _ in events:
                pass


class _OfCalls(AsyncAssistantEventHandler):
    """Notes what the package says of calls while their step is open."""

    def __init__(self) -> None:
        super().__init__()
        self.created: list[tuple[int, str]] = []
        self.done: list[tuple[str, list[str]]] = []
        self.open = True

    async def on_run_step_done(self, run_step: Any) -> None:
        self.open = False

    async def on_tool_call_created(self, tool_call: Any) -> None:
        self.created.append((tool_call.index, tool_call.id))

    async def on_tool_call_done(self, tool_call: Any) -> None:
        # Afterwards the package repeats the last one at the end of every step and of the run.
        if self.open:
            of_code = tool_call.type == "code_interpreter"
            self.done.append(
                (tool_call.id, [out.logs for out in tool_call.code_interpreter.outputs] if of_code else [])
            )


_CODE, _SEARCH = {"type": "code_interpreter"}, {"type": "file_search"}
_FUNCTION = ToolCall("ask_database", '{"query": "SELECT 1"}')


@pytest.mark.parametrize(
    ("parts", "kinds", "printed"),
    [
        ([RunCode("print(1)"), RunCode("print(2)")], ["code_interpreter"] * 2, [["1\n"], ["2\n"]]),
        (
            [RunCode("print(1)"), SearchFiles("a"), RunCode("print(2)")],
            ["code_interpreter", "file_search", "code_interpreter"],
            [["1\n"], [], ["2\n"]],
        ),
        (
            [_FUNCTION, RunCode("print(1)"), _FUNCTION, RunCode("print(2)")],
            ["code_interpreter", "code_interpreter", "function", "function"],
            [["1\n"], ["2\n"], [], []],
        ),
    ],
)
async def test_each_call_of_a_turn_is_created_once_and_done_once_with_its_output(
    parts: list[Part], kinds: list[str], printed: list[list[str]]
) -> None:
    """A5: the package takes a call for done as soon as it is told of another."""
    backend = Backend(answer=lambda request: [TextDelta("done")] if request.results else parts)
    async with serving(replies=backend) as api, _client(api) as client:
        assistant, thread = await api.assistant(tools=[_CODE, _SEARCH, ASK]), await api.thread("hello")
        ids = {"thread_id": thread["id"], "assistant_id": assistant["id"]}
        async with client.beta.threads.runs.stream(**ids, event_handler=_OfCalls()) as stream:
            await stream.until_done()
            told = (await stream.get_final_run_steps())[0].step_details.tool_calls  # type: ignore[union-attr]
        run = await stream.get_final_run()
        step = (await api.get(f"/threads/{thread['id']}/runs/{run.id}/steps", order="asc"))["data"][0]
    calls = step["step_details"]["tool_calls"]
    assert [call["type"] for call in calls] == kinds
    assert stream.created == [(index, call["id"]) for index, call in enumerate(calls)]
    assert stream.done == [(call["id"], logs) for call, logs in zip(calls, printed, strict=True)]
    for call, shown in zip(told, calls, strict=True):
        if call.type == "code_interpreter":
            assert call.code_interpreter.input == shown["code_interpreter"]["input"]
        elif call.type == "function":
            assert call.function.arguments == shown["function"]["arguments"]
