"""What every ThreadHost promises (core.ports), over every way to reach a server."""

import asyncio
import json

import pytest

from asstctl.core.errors import NotFound, Rejected
from asstctl.core.ports import ThreadHost
from asstctl.core.thread import Need, Said, ToolOutput
from asstctl.providers.assistants.provider import Provider
from tests.contract.conftest import Needs

pytestmark = pytest.mark.anyio


async def said_in(threads: ThreadHost, thread: str, assistant: str) -> None:
    """Something more: some wires are told of it once the thread is run."""
    await threads.post(thread, Said("user", "say x"))
    await threads.run(thread, assistant)


async def test_a_turn_is_answered(threads: ThreadHost, assistant: str, needs: Needs) -> None:
    """A posted message is answered by a completed run with its text, and tokens where they are counted."""
    needs(Need.ASSISTANT_SPEAKS_FIRST)
    thread = (await threads.open(assistant=assistant)).thread

    await threads.post(thread, Said("user", "say 你好"))
    state = await threads.run(thread, assistant)

    assert (state.status, state.reply, state.calls, state.error) == ("completed", "你好", (), "")
    assert state.id.startswith("run_")
    await threads.close(thread)


async def test_a_limit_of_cost_keeps_nothing_from_its_answer(threads: ThreadHost, assistant: str) -> None:
    """Whether the wire holds the thread to it or takes no notice."""
    thread = (await threads.open(assistant=assistant, messages=[Said("user", "say x")], max_cost=0.01)).thread
    state = await threads.run(thread, assistant)

    assert (state.status, state.reply, state.cost_limited) == ("completed", "x", False)
    await threads.close(thread)


async def test_a_later_turn_is_answered(threads: ThreadHost, assistant: str) -> None:
    """So is one that is posted once the thread was run."""
    thread = (await threads.open(assistant=assistant, messages=[Said("user", "say x")])).thread
    first = await threads.run(thread, assistant)

    await threads.post(thread, Said("user", "say 你好"))
    state = await threads.run(thread, assistant)

    assert (state.status, state.reply, state.calls, state.error) == ("completed", "你好", (), "")
    assert first.id not in ("", state.id)
    assert state.usage is not None
    await threads.close(thread)


async def test_first_messages_and_metadata_open_a_thread(threads: ThreadHost, assistant: str, needs: Needs) -> None:
    """A thread can begin with messages of both roles; the last of the user's is what a run answers."""
    needs(Need.SEED_ASSISTANT_MESSAGE)
    said = [Said("user", "say one"), Said("assistant", "one"), Said("user", "say two")]
    thread = (await threads.open(assistant=assistant, messages=said, metadata={"case": "7"})).thread

    state = await threads.run(thread, assistant)

    assert state.reply == "two"
    await threads.close(thread)


async def test_the_reply_is_of_this_run_alone(threads: ThreadHost, assistant: str) -> None:
    """What earlier runs of the thread said is not part of the reply."""
    thread = (await threads.open(assistant=assistant, messages=[Said("user", "say first")])).thread
    await threads.run(thread, assistant)
    await threads.post(thread, Said("user", "say second"))

    state = await threads.run(thread, assistant)

    assert state.reply == "second"
    await threads.close(thread)


async def test_a_call_is_answered_by_outputs(threads: ThreadHost, assistant: str) -> None:
    """A run stops for a call, says what it said until then, and goes on with the output. Some wires have what is said
    beside a call for no part of the reply."""
    thread = (await threads.open(assistant=assistant, messages=[Said("user", "How is the weather?")])).thread

    asked = await threads.run(thread, assistant)

    assert asked.status == "requires_action"
    assert asked.reply in ("One moment.", "")
    [call] = asked.calls
    assert (call.name, json.loads(call.arguments)) == ("get_weather", {"city": "Oslo"})

    done = await threads.outputs(thread, asked.id, [ToolOutput(call.id, "sunny")])

    assert (done.id, done.status, done.calls) == (asked.id, "completed", ())
    assert done.reply.split("\n") == [*filter(None, [asked.reply]), "It is sunny."]
    await threads.close(thread)


async def test_all_pending_calls_are_answered_at_once(threads: ThreadHost, assistant: str) -> None:
    """Two calls of one step come together and are answered together."""
    thread = (await threads.open(assistant=assistant, messages=[Said("user", "two towns")])).thread
    asked = await threads.run(thread, assistant)
    assert [call.name for call in asked.calls] == ["get_weather", "get_time"]

    done = await threads.outputs(thread, asked.id, [ToolOutput(call.id, "fine") for call in asked.calls])

    assert done.reply == "It is fine."
    await threads.close(thread)


@pytest.mark.parametrize("provider", ["in-process", "socket"], indirect=True)
async def test_one_of_two_calls_is_not_answered_alone_over_the_assistants_wire(
    threads: ThreadHost, assistant: str
) -> None:
    """Such an answer is refused, and both can be answered still."""
    thread = (await threads.open(assistant=assistant, messages=[Said("user", "two towns")])).thread
    asked = await threads.run(thread, assistant)

    with pytest.raises(Rejected, match="Expected tool outputs"):
        await threads.outputs(thread, asked.id, [ToolOutput(asked.calls[0].id, "sunny")])
    done = await threads.outputs(thread, asked.id, [ToolOutput(call.id, "fine") for call in asked.calls])

    assert done.reply == "It is fine."
    await threads.close(thread)


async def test_a_failed_run_says_why(threads: ThreadHost, assistant: str) -> None:
    """A run that fails is a state with the provider's reason, not an error."""
    thread = (await threads.open(assistant=assistant, messages=[Said("user", "a mystery")])).thread

    state = await threads.run(thread, assistant)

    assert state.status == "failed"
    assert "No rule" in state.error
    await threads.close(thread)


async def test_a_closed_thread_is_gone(threads: ThreadHost, assistant: str) -> None:
    """Closing deletes the thread; closing again is no error; what is said in it is NotFound, sooner or later."""
    thread = (await threads.open(assistant=assistant, messages=[Said("user", "say x")])).thread
    await threads.close(thread)

    await threads.close(thread)
    with pytest.raises(NotFound):
        await said_in(threads, thread, assistant)


async def test_threads_are_found_by_what_they_bear_where_that_is_possible(threads: ThreadHost, assistant: str) -> None:
    said = [Said("user", "say x")]
    ours = {"asstctl_run": "school/1"}
    thread = (await threads.open(assistant=assistant, messages=said, metadata=ours)).thread
    other = (await threads.open(assistant=assistant, messages=said, metadata={"asstctl_run": "school/2"})).thread

    assert await threads.bearing(ours) in (None, (thread,))
    await threads.close(thread)
    assert await threads.bearing(ours) in (None, ())
    await threads.close(other)


async def test_closing_ends_an_active_run(provider: Provider, threads: ThreadHost, assistant: str) -> None:
    """A thread whose run waits for outputs can be closed."""
    thread = (await threads.open(assistant=assistant, messages=[Said("user", "How is the weather?")])).thread
    asked = await threads.run(thread, assistant)
    assert asked.status == "requires_action"

    await threads.close(thread)

    with pytest.raises(NotFound):
        await said_in(provider.thread_host(), thread, assistant)


async def test_an_unknown_assistant_is_not_found(threads: ThreadHost) -> None:
    """Be it when its thread is opened or when it is run."""
    nobody = "asst_000000000000000000000000"

    async def asked() -> None:
        thread = (await threads.open(assistant=nobody, messages=[Said("user", "say x")])).thread
        await threads.run(thread, nobody)

    with pytest.raises(NotFound):
        await asked()


async def test_one_host_carries_many_threads(threads: ThreadHost, assistant: str) -> None:
    """Threads of one host run at the same time and do not mix."""

    async def converse(number: int) -> str:
        thread = (await threads.open(assistant=assistant, messages=[Said("user", f"say {number}")])).thread
        state = await threads.run(thread, assistant)
        await threads.close(thread)
        return state.reply

    assert await asyncio.gather(*(converse(n) for n in range(20))) == [str(n) for n in range(20)]
