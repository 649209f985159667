"""Streams as the `openai` package reads them: its handlers with all their callbacks, its iterators, and raw events."""

from typing import Any

import openai
import pytest

from tests.emulator.sdk.clients import BETA, done
from tests.emulator.sdk.handlers import answering, answers, failing, noting, once
from tests.emulator.sdk.operations import INCLUDE
from tests.emulator.sdk.scene import GUIDE
from tests.emulator.sdk.script import COURSE, WEATHER

pytestmark = [pytest.mark.anyio, BETA]

_ANSWER = "The answer to hello is forty-two, as everybody knows."

# A5: plain run
_PLAIN_RUN = [
    "thread.run.created",
    "thread.run.queued",
    "thread.run.in_progress",
    "thread.run.step.created",
    "thread.run.step.in_progress",
    "thread.message.created",
    "thread.message.in_progress",
    "thread.message.delta",
    "thread.message.completed",
    "thread.run.step.completed",
    "thread.run.completed",
]
# A5: function call, whose step is completed only by the outputs
_FUNCTION_CALL = [
    "thread.run.step.created",
    "thread.run.step.in_progress",
    "thread.run.step.delta",
    "thread.run.requires_action",
]
# A5: submit stream
_SUBMITTED = ["thread.run.step.completed", "thread.run.queued", "thread.run.in_progress", *_PLAIN_RUN[3:]]

# A5: code interpreter and file search, before the message
_SERVER_TOOL = [
    "thread.run.step.created",
    "thread.run.step.in_progress",
    "thread.run.step.delta",
    "thread.run.step.completed",
]

_MESSAGE_CALLBACKS = [
    "on_run_step_created",
    "on_message_created",
    "on_text_created",
    "on_text_delta",
    "on_message_delta",
    "on_text_done",
    "on_message_done",
    "on_run_step_done",
]


async def _started(client: Any, text: str = "hello", **assistant: Any) -> dict[str, str]:
    made = await done(client.beta.assistants.create(model="gpt-4o", instructions="Be brief.", **assistant))
    thread = await done(client.beta.threads.create(messages=[{"role": "user", "content": text}]))
    return {"thread_id": thread.id, "assistant_id": made.id}


async def _played(manager: Any) -> Any:
    """The handler of a stream that was read to its end."""
    if hasattr(manager, "__aenter__"):
        async with manager as stream:
            await stream.until_done()
    else:
        with manager as stream:
            stream.until_done()
    return stream


async def _events(stream: Any) -> list[Any]:
    """What a raw stream holds."""
    stream = await done(stream)
    if hasattr(stream, "__aenter__"):
        async with stream:
            return [event async for event in stream]
    with stream:
        return list(stream)


def _without_repeats(callbacks: list[str]) -> list[str]:
    """Callbacks of a message, with those that come for every delta named at the first only."""
    kept: list[str] = []
    for name in callbacks:
        if name in ("on_text_delta", "on_message_delta") and name in kept[-3:]:
            continue
        kept.append(name)
    return kept


async def test_a_handler_hears_of_a_plain_run_in_order(script: Any, flavour: str) -> None:
    start = await _started(script)
    handler = noting(flavour)
    stream = await _played(script.beta.threads.runs.stream(**start, event_handler=handler))
    notes = handler.notes
    assert once(notes.events) == _PLAIN_RUN
    assert _without_repeats(notes.callbacks) == [*_MESSAGE_CALLBACKS, "on_end"]
    assert "".join(delta.value for delta in notes.given("on_text_delta")) == _ANSWER
    assert [text.value for text in notes.given("on_text_done")] == [_ANSWER]
    run = await done(stream.get_final_run())
    assert run.status == "completed"
    assert run.usage.total_tokens > 0
    (message,) = await done(stream.get_final_messages())
    assert message.content[0].text.value == _ANSWER
    (step,) = await done(stream.get_final_run_steps())
    assert step.step_details.message_creation.message_id == message.id


async def test_a_stream_and_a_reading_agree(script: Any, flavour: str) -> None:
    start = await _started(script)
    handler = noting(flavour)
    stream = await _played(script.beta.threads.runs.stream(**start, event_handler=handler))
    run = await done(stream.get_final_run())
    assert run == await done(script.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id))
    (message,) = handler.notes.given("on_message_done")
    assert message == await done(script.beta.threads.messages.retrieve(message.id, thread_id=run.thread_id))
    (step,) = handler.notes.given("on_run_step_done")
    path = {"thread_id": run.thread_id, "run_id": run.id}
    assert step == await done(script.beta.threads.runs.steps.retrieve(step.id, **path))


async def test_text_deltas_are_iterated(echo: Any, flavour: str) -> None:
    text = "An answer of more than one word comes in more than one piece."
    start = await _started(echo, text)
    if flavour == "sync":
        with echo.beta.threads.runs.stream(**start) as stream:
            heard = list(stream.text_deltas)
    else:
        async with echo.beta.threads.runs.stream(**start) as stream:
            heard = [text async for text in stream.text_deltas]
    assert "".join(heard) == text
    assert len(heard) > 1


async def test_create_and_run_stream_begins_with_the_thread(script: Any, flavour: str) -> None:
    assistant = (await _started(script))["assistant_id"]
    handler = noting(flavour)
    thread: Any = {"messages": [{"role": "user", "content": "hello"}], "metadata": {"k": "v"}}
    manager = script.beta.threads.create_and_run_stream(assistant_id=assistant, thread=thread, event_handler=handler)
    run = await done((await _played(manager)).get_final_run())
    assert once(handler.notes.events) == ["thread.created", *_PLAIN_RUN]
    (made,) = [event.data for event in handler.notes.given("on_event") if event.event == "thread.created"]
    assert (made.id, made.metadata) == (run.thread_id, {"k": "v"})


async def test_raw_events_are_iterated(script: Any) -> None:
    start = await _started(script)
    events = await _events(script.beta.threads.runs.create(**start, stream=True))
    assert once(event.event for event in events) == _PLAIN_RUN


async def test_raw_events_of_a_thread_and_run_and_of_outputs_are_iterated(script: Any) -> None:
    assistant = (await _started(script, tools=[COURSE]))["assistant_id"]
    thread: Any = {"messages": [{"role": "user", "content": "Which course?"}]}
    events = await _events(script.beta.threads.create_and_run(assistant_id=assistant, thread=thread, stream=True))
    names = once(event.event for event in events)
    assert names == ["thread.created", *_PLAIN_RUN[:-1], *_FUNCTION_CALL]
    outputs = answers(events[-1].data, {"course_of": "Robotics"})
    events = await _events(script.beta.threads.runs.submit_tool_outputs(**outputs, stream=True))
    assert once(event.event for event in events) == _SUBMITTED


async def test_a_handler_hears_of_a_call_piece_by_piece(script: Any, flavour: str) -> None:
    start = await _started(script, "Which course?", tools=[COURSE])
    handler = noting(flavour)
    stream = await _played(script.beta.threads.runs.stream(**start, event_handler=handler))
    notes = handler.notes
    assert once(notes.events) == [*_PLAIN_RUN[:-1], *_FUNCTION_CALL]
    (created,) = notes.given("on_tool_call_created")
    assert (created.function.name, created.id[:5]) == ("course_of", "call_")
    pieces = "".join(delta.function.arguments for delta in notes.given("on_tool_call_delta"))
    run = await done(stream.get_final_run())
    (call,) = run.required_action.submit_tool_outputs.tool_calls
    assert (call.id, call.function.arguments) == (created.id, pieces)
    assert notes.given("on_tool_call_done")[-1].function.arguments == pieces == '{"day": "Wednesday"}'
    assert run.status == "requires_action"
    first, waiting = await done(stream.get_final_run_steps())
    assert (first.type, waiting.type) == ("message_creation", "tool_calls")


async def test_parallel_calls_come_one_after_the_other_in_one_step(script: Any, flavour: str) -> None:
    start = await _started(script, "weather and course?", tools=[COURSE, WEATHER])
    handler = noting(flavour)
    await _played(script.beta.threads.runs.stream(**start, event_handler=handler))
    created = handler.notes.given("on_tool_call_created")
    assert [(call.function.name, call.index) for call in created] == [("weather", 0), ("course_of", 1)]
    assert len(handler.notes.given("on_run_step_created")) == 1


async def test_outputs_are_submitted_from_inside_the_handler(script: Any, flavour: str) -> None:
    start = await _started(script, "Which course?", tools=[COURSE])
    handler = answering(flavour, script, {"course_of": "Robotics"})
    await _played(script.beta.threads.runs.stream(**start, event_handler=handler))
    assert once(handler.notes.events) == [*_PLAIN_RUN[:-1], *_FUNCTION_CALL, *_SUBMITTED]
    assert [text.value for text in handler.notes.given("on_text_done")] == ["One moment.", "You have Robotics."]
    page = await done(script.beta.threads.messages.list(start["thread_id"], order="asc"))
    assert [message.content[0].text.value for message in page.data][1:] == ["One moment.", "You have Robotics."]


async def test_outputs_are_submitted_as_a_stream_of_their_own(script: Any, flavour: str) -> None:
    start = await _started(script, "Which course?", tools=[COURSE])
    run = await done(script.beta.threads.runs.create_and_poll(**start))
    handler = noting(flavour)
    outputs = answers(run, {"course_of": "Robotics"})
    stream = await _played(script.beta.threads.runs.submit_tool_outputs_stream(**outputs, event_handler=handler))
    assert once(handler.notes.events) == _SUBMITTED
    assert (await done(stream.get_final_run())).status == "completed"
    (first, _) = handler.notes.given("on_run_step_done")
    assert first.step_details.tool_calls[0].function.output == "Robotics"


async def test_code_that_runs_is_streamed_and_its_pieces_add_up(script: Any, flavour: str) -> None:
    start = await _started(script, "Please add up", tools=[{"type": "code_interpreter"}])
    handler = noting(flavour)
    stream = await _played(script.beta.threads.runs.stream(**start, event_handler=handler))
    assert once(handler.notes.events) == [*_PLAIN_RUN[:3], *_SERVER_TOOL, *_PLAIN_RUN[3:]]
    (created,) = handler.notes.given("on_tool_call_created")
    assert (created.type, created.index) == ("code_interpreter", 0)
    added_up, _ = await done(stream.get_final_run_steps())
    run = await done(stream.get_final_run())
    path = {"thread_id": run.thread_id, "run_id": run.id}
    read = await done(script.beta.threads.runs.steps.retrieve(added_up.id, **path))
    (call,), (stored,) = added_up.step_details.tool_calls, read.step_details.tool_calls
    assert call.id == stored.id
    assert call.code_interpreter.input == stored.code_interpreter.input
    assert call.code_interpreter.input.startswith("total = sum([1, 2, 39])\n")
    for outputs in (call.code_interpreter.outputs, stored.code_interpreter.outputs):
        assert [(output.type, output.logs.strip()) for output in outputs] == [("logs", "total 42")]
    assert [text.value.strip() for text in handler.notes.given("on_text_done")] == ["It says: total 42"]


async def test_code_that_fails_says_so_in_its_step_and_the_run_goes_on(script: Any, flavour: str) -> None:
    start = await _started(script, "Please fail at adding", tools=[{"type": "code_interpreter"}])
    stream = await _played(script.beta.threads.runs.stream(**start, event_handler=noting(flavour)))
    assert (await done(stream.get_final_run())).status == "completed"
    step = (await done(stream.get_final_run_steps()))[0]
    (output,) = step.step_details.tool_calls[0].code_interpreter.outputs
    assert "ZeroDivisionError" in output.logs


async def test_a_search_in_files_is_streamed_and_the_answer_cites_it(script: Any, flavour: str) -> None:
    store = await done(script.vector_stores.create(name="guides"))
    sent = ("guide.txt", GUIDE.encode())
    file = await done(script.vector_stores.files.upload_and_poll(vector_store_id=store.id, file=sent))
    resources = {"file_search": {"vector_store_ids": [store.id]}}
    tools = [{"type": "file_search"}]
    start = await _started(script, "When is the lab?", tools=tools, tool_resources=resources)
    handler = noting(flavour)
    stream = await _played(script.beta.threads.runs.stream(**start, event_handler=handler))
    assert once(handler.notes.events) == [*_PLAIN_RUN[:3], *_SERVER_TOOL, *_PLAIN_RUN[3:]]
    (text,) = handler.notes.given("on_text_done")
    (annotation,) = text.annotations
    assert text.value == f"On Wednesday{annotation.text}."
    assert text.value[annotation.start_index : annotation.end_index] == annotation.text
    assert (annotation.type, annotation.file_citation.file_id) == ("file_citation", file.id)
    run = await done(stream.get_final_run())
    step = handler.notes.given("on_run_step_done")[0]
    path: Any = {"thread_id": run.thread_id, "run_id": run.id}
    for include, shown in (([], False), (INCLUDE, True)):
        read = await done(script.beta.threads.runs.steps.retrieve(step.id, **path, include=include))
        (result, *_) = read.step_details.tool_calls[0].file_search.results
        assert (result.file_id, result.file_name) == (file.id, "guide.txt")
        assert 0 <= result.score <= 1
        assert bool(result.content) is shown
    assert result.content[0].text == GUIDE


async def test_a_mistake_in_a_handler_reaches_on_exception_and_the_caller(script: Any, flavour: str) -> None:
    start = await _started(script)
    handler = failing(flavour)
    with pytest.raises(LookupError):
        await _played(script.beta.threads.runs.stream(**start, event_handler=handler))
    (error,) = handler.notes.given("on_exception")
    assert isinstance(error, LookupError)
    assert handler.notes.callbacks[-1] == "on_end"
    # A5: a client that goes away does not stop the run
    (run,) = (await done(script.beta.threads.runs.list(start["thread_id"]))).data
    assert (await done(script.beta.threads.runs.poll(run.id, thread_id=run.thread_id))).status == "completed"


async def test_a_refused_stream_is_an_ordinary_error(script: Any, flavour: str) -> None:
    start = await _started(script)
    with pytest.raises(openai.NotFoundError, match="No assistant found with id 'asst_gone'"):
        await _played(script.beta.threads.runs.stream(thread_id=start["thread_id"], assistant_id="asst_gone"))
