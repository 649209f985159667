"""Streams of runs: framing, the order of events for every way a run can go, and readers who misbehave."""

import asyncio
import gc
import json
import sqlite3
from pathlib import Path
from typing import Any

import httpx2
import pytest

from asstctl.emulator import Emulator, open_emulator
from asstctl.emulator.replies.values import ReplyFailed, ReplyRequest, TextDelta, ToolCall
from asstctl.emulator.runs import leases, streaming
from asstctl.emulator.runs.events import Event
from asstctl.emulator.runs.execution import Execution
from asstctl.emulator.runs.speech import Speech
from asstctl.emulator.runs.streaming import EventStream, _Tail
from asstctl.net.asgi import AsgiTransport
from tests.emulator.harness import ASK, Api, Backend, Clock, serving
from tests.emulator.streams import DONE, Told, names, only, read, reading

pytestmark = pytest.mark.anyio

_CALL = ToolCall("ask_database", '{"query": "SELECT 1"}')
_STARTED = ["run.created", "run.queued", "run.in_progress"]
_STEP = ["run.step.created", "run.step.in_progress"]
_MESSAGE = [*_STEP, "message.created", "message.in_progress"]
_COMPLETED = ["message.completed", "run.step.completed", "run.completed", "done"]


async def _run(api: Api, *texts: str, tools: Any = (), **fields: Any) -> list[Told]:
    path, body = await _asked(api, *texts, tools=tools, **fields)
    return await read(api.emulator, path, body)


async def _asked(api: Api, *texts: str, tools: Any = (), **fields: Any) -> tuple[str, Any]:
    assistant, thread = await api.assistant(tools=list(tools)), await api.thread(*texts or ("hello",))
    return f"/threads/{thread['id']}/runs", {"assistant_id": assistant["id"], **fields}


def _held(*texts: str, after: int = 0) -> Backend:
    backend = Backend(*(TextDelta(text) for text in texts))
    backend.hold_after = after
    backend.gate.clear()
    return backend


async def _until(events: Any, name: str) -> list[Told]:
    told = []
    async for event in events:
        told.append(event)
        if event[0] == f"thread.{name}":
            return told
    raise AssertionError(f"the stream ended without {name}: {names(told)}")


async def _rest(events: Any) -> list[Told]:
    return [event async for event in events]


async def _agrees(api: Api, told: list[Told]) -> None:
    """What was told last of each object is what a read of it says."""
    last = {data["id"]: data for name, data in told if name != "done" and not name.endswith(".delta")}
    run = next(data for data in last.values() if data["object"] == "thread.run")
    path = f"/threads/{run['thread_id']}"
    for data in last.values():
        match data["object"]:
            case "thread.message":
                assert data == await api.get(f"{path}/messages/{data['id']}")
            case "thread.run":
                assert data == await api.get(f"{path}/runs/{data['id']}")
            case "thread.run.step":
                shown = await api.get(f"{path}/runs/{run['id']}/steps/{data['id']}")
                # A step that waits was told empty, and its calls in deltas.
                assert {**data, "step_details": None} == {**shown, "step_details": None}


# Framing


async def test_each_event_is_two_lines_and_a_blank_one_and_done_is_last(api: Api) -> None:
    path, body = await _asked(api, "你好\u2028\u0085!")
    http = httpx2.AsyncClient(transport=AsgiTransport(api.emulator.app), base_url="http://local/v1")
    async with http:
        response = await http.post(path, json={**body, "stream": True})
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert response.headers["x-request-id"].startswith("req_")
    *events, last, nothing = response.content.split(b"\n\n")
    assert (last, nothing) == (b"event: done\ndata: [DONE]", b"")
    for event in events:
        name, data = event.split(b"\n")
        assert name.startswith(b"event: thread.")
        assert data.startswith(b'data: {"id":"')
        assert json.dumps(json.loads(data[6:]), ensure_ascii=False, separators=(",", ":"))
    # Readers that split at any line end of Unicode meet none within an event.
    assert len(response.text.splitlines()) == 3 * (len(events) + 1)
    assert "你好" in response.text


# The order of events


async def test_a_plain_run_tells_its_whole_life(api: Api) -> None:
    told = await _run(api, "hello")  # A5: plain run
    assert names(told) == [*_STARTED, *_MESSAGE, "message.delta", *_COMPLETED]
    (step,), (message,) = only(told, "run.step.created"), only(told, "message.created")
    assert step["step_details"] == {"type": "message_creation", "message_creation": {"message_id": message["id"]}}
    assert (message["content"], message["status"]) == ([], "in_progress")
    assert only(told, "message.delta") == [
        {
            "id": message["id"],
            "object": "thread.message.delta",
            "delta": {"content": [{"index": 0, "type": "text", "text": {"value": "hello", "annotations": []}}]},
        }
    ]
    (closed,), (run,) = only(told, "run.step.completed"), only(told, "run.completed")
    assert closed["usage"] == run["usage"] != None  # noqa: E711 - both at once
    await _agrees(api, told)


async def test_only_the_first_delta_of_a_part_has_annotations() -> None:
    async with serving(replies=Backend(TextDelta("one "), TextDelta(""), TextDelta("two"))) as api:
        told = await _run(api)
        texts = [delta["delta"]["content"][0]["text"] for delta in only(told, "message.delta")]
        assert texts == [{"value": "one ", "annotations": []}, {"value": "two"}]
        assert only(told, "message.completed")[0]["content"][0]["text"]["value"] == "one two"


async def test_create_thread_and_run_begins_with_the_thread(api: Api) -> None:
    assistant = await api.assistant()
    thread = {"messages": [{"role": "user", "content": "hello"}], "metadata": {"k": "v"}}
    told = await read(api.emulator, "/threads/runs", {"assistant_id": assistant["id"], "thread": thread})
    assert names(told) == ["created", *_STARTED, *_MESSAGE, "message.delta", *_COMPLETED]  # A5: thread-and-run
    assert told[0][1]["metadata"] == {"k": "v"}


async def test_a_function_call_is_told_in_deltas_and_ends_the_stream_waiting(api: Api) -> None:
    told = await _run(api, tools=[ASK], tool_choice="required")  # A5: function call
    assert names(told) == [*_STARTED, *_STEP, *["run.step.delta"] * 5, "run.requires_action", "done"]
    (step,), (run,) = only(told, "run.step.created"), only(told, "run.requires_action")
    assert step["step_details"] == {"type": "tool_calls", "tool_calls": []}
    (call,) = run["required_action"]["submit_tool_outputs"]["tool_calls"]
    empty = {"name": "ask_database", "arguments": "", "output": None}
    first = {"index": 0, "id": call["id"], "type": "function", "function": empty}
    fragments = [
        {"index": 0, "type": "function", "function": {"arguments": text}} for text in ('{"que', 'ry": ', '"hell', 'o"}')
    ]
    assert call["function"]["arguments"] == '{"query": "hello"}'
    assert only(told, "run.step.delta") == [
        {
            "id": step["id"],
            "object": "thread.run.step.delta",
            "delta": {"step_details": {"type": "tool_calls", "tool_calls": [part]}},
        }
        for part in (first, *fragments)
    ]
    assert run["usage"] is None
    await _agrees(api, told)


async def test_submitted_outputs_go_on_in_a_stream_of_their_own(api: Api) -> None:
    told = await _run(api, tools=[ASK], tool_choice="required")
    (run,) = only(told, "run.requires_action")
    told = await read(api.emulator, _submit(run), _outputs(run, "42"))  # A5: submit stream
    queued = ["run.step.completed", "run.queued", "run.in_progress"]
    assert names(told) == [*queued, *_MESSAGE, "message.delta", *_COMPLETED]
    assert told[0][1]["step_details"]["tool_calls"][0]["function"]["output"] == "42"
    assert told[1][1]["required_action"] is None
    await _agrees(api, told)


def _submit(run: Any) -> str:
    return f"/threads/{run['thread_id']}/runs/{run['id']}/submit_tool_outputs"


def _outputs(run: Any, text: str) -> Any:
    calls = run["required_action"]["submit_tool_outputs"]["tool_calls"]
    return {"tool_outputs": [{"tool_call_id": call["id"], "output": text} for call in calls]}


async def test_outputs_can_be_submitted_while_the_first_stream_is_open(api: Api) -> None:
    path, body = await _asked(api, tools=[ASK], tool_choice="required")
    async with reading(api.emulator, path, body) as events:
        run = (await _until(events, "run.requires_action"))[-1][1]
        row = await api.get(f"{path}/{run['id']}")
        assert row == run
        second = await read(api.emulator, _submit(run), _outputs(run, "42"))
        assert names(second)[-2:] == ["run.completed", "done"]
        assert await _rest(events) == [DONE]


async def test_a_run_of_several_steps_alternates(api: Api) -> None:
    backend = Backend(answer=lambda request: [TextDelta("done")] if request.outputs else [TextDelta("wait"), _CALL])
    async with serving(replies=backend) as api:
        told = await _run(api, tools=[ASK])  # A5: multi-step
        closed = ["message.completed", "run.step.completed"]
        deltas = ["run.step.delta"] * 5
        assert names(told) == [
            *_STARTED,
            *_MESSAGE,
            "message.delta",
            *closed,
            *_STEP,
            *deltas,
            "run.requires_action",
            "done",
        ]


async def test_the_indexes_of_parallel_calls_count_from_zero() -> None:
    async with serving(replies=Backend(_CALL, _CALL)) as api:
        told = await _run(api, tools=[ASK])
        parts = [delta["delta"]["step_details"]["tool_calls"][0] for delta in only(told, "run.step.delta")]
        assert [part["index"] for part in parts] == [0] * 5 + [1] * 5
        assert len({part["id"] for part in parts if "id" in part}) == 2


async def test_a_token_limit_ends_message_step_and_run_in_that_order() -> None:
    async with serving(replies=Backend(TextDelta("one two three four five"))) as api:
        told = await _run(api, max_completion_tokens=2)  # A5: max tokens
        ended = ["message.incomplete", "run.step.completed", "run.incomplete", "done"]
        assert names(told) == [*_STARTED, *_MESSAGE, "message.delta", *ended]
        assert only(told, "message.incomplete")[0]["incomplete_details"] == {"reason": "max_tokens"}
        assert only(told, "run.incomplete")[0]["incomplete_details"] == {"reason": "max_completion_tokens"}
        await _agrees(api, told)


async def test_a_prompt_that_is_too_long_ends_incomplete_without_a_step(api: Api) -> None:
    told = await _run(api, "one two three four", max_prompt_tokens=1)
    assert names(told) == [*_STARTED, "run.incomplete", "done"]


async def test_a_failure_midway_ends_step_message_and_run() -> None:
    async with serving(replies=Backend(TextDelta("half"), ToolCall("nothing", "{}"))) as api:
        told = await _run(api, tools=[ASK])  # A5: failure, in the order of a cancel
        ended = ["run.step.failed", "message.incomplete", "run.failed", "done"]
        assert names(told) == [*_STARTED, *_MESSAGE, "message.delta", *ended]
        assert only(told, "message.incomplete")[0]["content"][0]["text"]["value"] == "half"
        await _agrees(api, told)


async def test_a_failure_before_the_first_word_ends_the_run_alone() -> None:
    def answer(request: ReplyRequest) -> Any:
        raise ReplyFailed("too many", "rate_limit_exceeded")

    async with serving(replies=Backend(answer=answer)) as api:
        told = await _run(api)  # A5: failure
        assert names(told) == [*_STARTED, "run.failed", "done"]
        assert only(told, "run.failed")[0]["last_error"] == {"code": "rate_limit_exceeded", "message": "too many"}


async def test_a_cancel_is_told_as_it_takes_hold() -> None:
    async with serving(replies=_held("half", " and half", after=1)) as api:
        path, body = await _asked(api)
        async with reading(api.emulator, path, body) as events:
            told = await _until(events, "message.delta")
            cancelling = await api.post(f"{path}/{told[0][1]['id']}/cancel")
            told = await _rest(events)
        # A5: cancel while streaming
        assert names(told) == ["run.cancelling", "run.step.cancelled", "message.incomplete", "run.cancelled", "done"]
        assert told[0][1] == cancelling
        assert only(told, "message.incomplete")[0]["content"][0]["text"]["value"] == "half"
        await _agrees(api, told)


async def test_a_cancel_while_the_run_waits_is_told_to_nobody(api: Api) -> None:
    told = await _run(api, tools=[ASK], tool_choice="required")
    (run,) = only(told, "run.requires_action")
    await api.post(f"/threads/{run['thread_id']}/runs/{run['id']}/cancel")
    assert (await api.rest({**run, "status": "cancelling"}))["status"] == "cancelled"


async def test_an_expiry_ends_the_stream_even_if_nobody_touches_the_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "KEEP_ALIVE", 0.01)
    clock = Clock()
    async with serving(replies=_held("half", " and half", after=1), clock=clock) as api:
        path, body = await _asked(api)
        async with reading(api.emulator, path, body) as events:
            await _until(events, "message.delta")
            clock.now += 600
            told = [event for event in await _rest(events) if event[0] != ":"]
        # A5: expiry, in the order of a cancel
        assert names(told) == ["run.step.expired", "message.incomplete", "run.expired", "done"]
        assert only(told, "message.incomplete")[0]["incomplete_details"] == {"reason": "run_expired"}
        await _agrees(api, told)


async def test_a_run_expires_by_itself_when_its_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("asstctl.emulator.runs.creation.LIFETIME", 1)
    almost = Clock(1_800_000_000.98)
    async with serving(replies=_held("half", after=1), clock=almost) as api:
        told = await _run(api)  # A5: expiry
        assert names(told)[-4:] == ["run.step.expired", "message.incomplete", "run.expired", "done"]


async def test_a_run_whose_end_cannot_be_written_ends_in_an_error_event(monkeypatch: pytest.MonkeyPatch) -> None:
    async def play(execution: Execution) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(Execution, "play", play)
    async with serving() as api:
        told = await _run(api)  # A5: error event, its members at the top and below `error`
    assert names(told) == ["run.created", "run.queued", "error", "done"]
    data = told[-2][1]
    error = data.pop("error")
    assert data == error
    assert (error["type"], error["param"], error["code"]) == ("server_error", None, None)


# Errors before the stream


@pytest.mark.parametrize(
    ("texts", "fields", "status", "text"),
    [
        ((), {}, 400, "Run creation requires a Thread with a user message"),  # A1: also for stream=true
        (("hello",), {"assistant_id": "asst_x"}, 404, "No assistant found with id 'asst_x'."),
        (("hello",), {"tool_choice": {"type": "file_search"}}, 400, "Invalid value: 'file_search'."),
        (("hello",), {"temperature": 3}, 400, "Invalid 'temperature'"),
    ],
)
async def test_errors_before_the_stream_are_plain_json(
    api: Api, texts: tuple[str, ...], fields: Any, status: int, text: str
) -> None:
    assistant, thread = await api.assistant(), await api.thread(*texts)
    body = {"assistant_id": assistant["id"], "stream": True, **fields}
    response = await api.send("POST", f"/threads/{thread['id']}/runs", body)
    assert (response.status_code, response.headers["content-type"]) == (status, "application/json")
    assert response.json()["error"]["message"].startswith(text)


async def test_outputs_that_nobody_waits_for_are_refused_in_plain_json(api: Api) -> None:
    assistant, thread = await api.assistant(), await api.thread("hello")
    run = await api.run(thread["id"], assistant["id"])
    status, error = await api.refused("POST", _submit(run), {"tool_outputs": [], "stream": True})
    assert (status, error["message"]) == (400, 'Runs in status "completed" do not accept tool outputs.')


# Readers


async def test_a_quiet_stream_says_that_it_is_still_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "KEEP_ALIVE", 0.005)
    backend = _held("late")
    async with serving(replies=backend) as api:
        path, body = await _asked(api)
        async with reading(api.emulator, path, body) as events:
            told = []
            async for event in events:
                told.append(event)
                if [name for name, _ in told].count(":") == 3:
                    backend.gate.set()
        assert names(told)[-2:] == ["run.completed", "done"]
        assert (":", ": keep-alive") in told


async def test_a_run_goes_on_without_its_reader() -> None:
    backend = _held("one", "two", after=1)
    async with serving(replies=backend) as api:
        path, body = await _asked(api)
        async with reading(api.emulator, path, body) as events:  # A5: a disconnect does not cancel
            run = (await _until(events, "message.delta"))[0][1]
        await _nobody_listens(api, run["id"])
        backend.gate.set()
        run = await api.rest(run)
        assert (run["status"], await api.reply(run)) == ("completed", "onetwo")


async def _nobody_listens(api: Api, run_id: str) -> None:
    heard = api.emulator.services.executor.announcements._listeners
    async with asyncio.timeout(5):
        while run_id in heard:
            await api.get("/assistants")


async def test_streams_that_are_over_leave_nothing_behind() -> None:
    def left() -> list[object]:
        gc.collect()
        return [each for each in gc.get_objects() if isinstance(each, (EventStream, _Tail, Execution, Speech, Event))]

    before = len(left())
    backend = _held("one", "two", after=1)
    async with serving(replies=backend) as api:
        executor = api.emulator.services.executor
        for how in ("left", "cancelled", "deleted", *["read"] * 20):
            path, body = await _asked(api)
            if how == "read":
                backend.gate.set()
            async with reading(api.emulator, path, body) as events:
                run = (await _until(events, "message.delta"))[0][1]
                if how == "cancelled":
                    await api.post(f"{path}/{run['id']}/cancel")
                elif how == "deleted":
                    await api.delete(f"/threads/{run['thread_id']}")
                if how != "left":
                    await _rest(events)
            await _nobody_listens(api, run["id"])
        async with asyncio.timeout(5):
            while executor._playing or executor._finishing:
                await api.get("/assistants")
        assert executor.announcements._listeners == {}
        assert len(left()) == before


async def test_a_slow_reader_holds_up_nobody(api: Api) -> None:
    long = Backend(*[TextDelta("x" * 1000)] * 500)
    async with serving(replies=long) as api:
        path, body = await _asked(api)
        async with reading(api.emulator, path, body) as events:
            run = (await anext(events))[1]
            assert (await api.rest(run))["status"] == "completed"
            told = await _rest(events)
        assert sum(len(each["delta"]["content"][0]["text"]["value"]) for each in only(told, "message.delta")) == 500_000


async def test_any_number_may_listen_to_one_run() -> None:
    backend = _held("late")
    async with serving(replies=backend) as api:
        path, body = await _asked(api)
        heard: list[Event] = []
        async with reading(api.emulator, path, body) as events:
            run = (await anext(events))[1]
            with api.emulator.services.executor.announcements.listening(run["id"], heard.append):
                backend.gate.set()
                told = await _rest(events)
        assert [event.name for event in heard][-1] == told[-2][0] == "thread.run.completed"


async def test_a_deleted_thread_ends_its_stream_in_an_error() -> None:
    async with serving(replies=_held("never")) as api:
        path, body = await _asked(api)
        async with reading(api.emulator, path, body) as events:
            run = (await _until(events, "run.in_progress"))[-1][1]
            await api.delete(f"/threads/{run['thread_id']}")
            told = await _rest(events)
        assert names(told) == ["error", "done"]
        assert "deleted" in told[0][1]["message"]


async def test_closing_the_server_ends_its_streams_with_their_runs(tmp_path: Path) -> None:
    emulator = open_emulator(tmp_path / "local.db", replies=_held("half", " and half", after=1))
    api = Api(emulator)
    path, body = await _asked(api)
    async with reading(emulator, path, body) as events:
        await _until(events, "message.delta")
        await emulator.aclose()
        told = await _rest(events)
    assert names(told) == ["run.step.failed", "message.incomplete", "run.failed", "done"]
    await api.http.aclose()


# Two servers on one database


async def _streamed_while(one: Api, act: Any) -> list[Told]:
    path, body = await _asked(one)
    async with reading(one.emulator, path, body) as events:
        run = (await _until(events, "message.delta"))[0][1]
        await act(run)
        return [event for event in await _rest(events) if event[0] != ":"]


@pytest.mark.parametrize("how", ["by its heartbeat", "by looking"])
async def test_a_cancel_through_another_server_ends_the_stream(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    if how == "by looking":
        monkeypatch.setattr(streaming, "KEEP_ALIVE", 0.01)
    else:
        monkeypatch.setattr(leases, "DURATION", 1.5)
    database = tmp_path / "local.db"
    async with serving(database, replies=_held("half", " more", after=1)) as one, serving(database) as two:

        async def cancel(run: Any) -> None:
            await two.post(f"/threads/{run['thread_id']}/runs/{run['id']}/cancel")

        told = await _streamed_while(one, cancel)
        assert names(told)[-4:] == ["run.step.cancelled", "message.incomplete", "run.cancelled", "done"]
        await _agrees(two, told)


async def test_a_lease_that_goes_stale_while_streaming_ends_the_stream(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "KEEP_ALIVE", 0.01)
    clock, database = Clock(), tmp_path / "local.db"
    backend = _held("half", " more", after=1)
    async with serving(database, replies=backend, clock=clock) as one, serving(database, clock=clock) as two:

        async def settle(run: Any) -> None:
            clock.now += leases.DURATION
            assert (await two.get(f"/threads/{run['thread_id']}/runs/{run['id']}"))["status"] == "failed"

        told = await _streamed_while(one, settle)
        assert names(told) == ["run.step.failed", "message.incomplete", "run.failed", "done"]
        await _agrees(two, told)


async def test_closing_ends_a_stream_whose_run_is_in_other_hands(tmp_path: Path) -> None:
    database = tmp_path / "local.db"
    emulator = open_emulator(database, replies=_held("half", " more", after=1))
    api = Api(emulator)
    path, body = await _asked(api)
    async with reading(emulator, path, body) as events:
        await _until(events, "message.delta")
        _take_lease(emulator)
        await emulator.aclose()
        told = await _rest(events)
    assert names(told) == ["error", "done"]
    await api.http.aclose()


def _take_lease(emulator: Emulator) -> None:
    emulator.services.store.connection.execute("UPDATE runs SET lease_owner = 'another'")
