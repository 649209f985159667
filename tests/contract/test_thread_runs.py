"""What every ThreadHost promises of runs: options, streams, and a thread's past."""

import pytest

from asstctl.core.errors import NotFound, Rejected
from asstctl.core.ports import ThreadHost
from asstctl.core.thread import Need, PastCall, RunOptions, Said, Spoken, ToolOutput
from asstctl.providers.assistants.provider import Provider
from tests.contract.conftest import Needs

pytestmark = pytest.mark.anyio


class Ear(list[str]):
    """Hears pieces of text."""

    @property
    def text(self) -> str:
        return "".join(self)


async def test_overrides_are_of_one_run(threads: ThreadHost, assistant: str, needs: Needs) -> None:
    """The model that answered is named; the next run is the assistant's own again."""
    needs(Need.RUN_OPTIONS)
    thread = (await threads.open(assistant=assistant, messages=[Said("user", "say x")])).thread
    options = RunOptions(overrides={"model": "gpt-4o-mini", "temperature": 0, "additional_instructions": "Be brief."})

    states = [await threads.run(thread, assistant, options), await threads.run(thread, assistant)]

    assert [state.model for state in states] == ["gpt-4o-mini", "gpt-4o"]
    await threads.close(thread)


async def test_an_override_that_the_server_refuses_is_an_error(
    threads: ThreadHost, assistant: str, needs: Needs
) -> None:
    needs(Need.RUN_OPTIONS)
    thread = (await threads.open(assistant=assistant, messages=[Said("user", "say x")])).thread

    with pytest.raises(Rejected, match="temperature"):
        await threads.run(thread, assistant, RunOptions(overrides={"temperature": 9}))
    await threads.close(thread)


async def test_a_streamed_run_is_heard_in_pieces(threads: ThreadHost, assistant: str, needs: Needs) -> None:
    """Its state is that of any run, and says when the first text came."""
    needs(Need.STREAM)
    ear = Ear()
    thread = (await threads.open(assistant=assistant, messages=[Said("user", "say one two three four")])).thread

    state = await threads.run(thread, assistant, RunOptions(stream=True, hear=ear.append))

    assert (state.status, state.reply, ear.text) == ("completed", "one two three four", state.reply)
    assert len(ear) > 1
    assert state.first_token is not None
    assert state.first_token > 0
    assert state.usage is not None
    await threads.close(thread)


async def test_a_streamed_run_stops_for_calls_and_goes_on(threads: ThreadHost, assistant: str, needs: Needs) -> None:
    """Each part of it is streamed, and the reply is all that was said in the run."""
    needs(Need.STREAM)
    first, second = Ear(), Ear()
    thread = (await threads.open(assistant=assistant, messages=[Said("user", "How is the weather?")])).thread

    asked = await threads.run(thread, assistant, RunOptions(stream=True, hear=first.append))
    [call] = asked.calls
    answer = [ToolOutput(call.id, "sunny")]
    done = await threads.outputs(thread, asked.id, answer, RunOptions(stream=True, hear=second.append))

    assert (asked.status, asked.reply, first.text) == ("requires_action", "One moment.", "One moment.")
    assert (done.id, done.status, done.reply) == (asked.id, "completed", "One moment.\nIt is sunny.")
    assert second.text == "It is sunny."
    await threads.close(thread)


async def test_a_run_can_be_streamed_from_its_calls_on(
    threads: ThreadHost, assistant: str, provider: Provider, needs: Needs
) -> None:
    """What was said before by another host is part of the reply, and not heard again."""
    needs(Need.STREAM)
    ear = Ear()
    thread = (await threads.open(assistant=assistant, messages=[Said("user", "How is the weather?")])).thread
    asked = await threads.run(thread, assistant)

    answer = [ToolOutput(asked.calls[0].id, "sunny")]
    options = RunOptions(stream=True, hear=ear.append)
    done = await provider.thread_host().outputs(thread, asked.id, answer, options)

    assert (done.reply, ear.text) == ("One moment.\nIt is sunny.", "It is sunny.")
    await threads.close(thread)


async def test_a_streamed_run_that_fails_says_why(threads: ThreadHost, assistant: str, needs: Needs) -> None:
    needs(Need.STREAM)
    thread = (await threads.open(assistant=assistant, messages=[Said("user", "a mystery")])).thread

    state = await threads.run(thread, assistant, RunOptions(stream=True))

    assert (state.status, state.first_token) == ("failed", None)
    assert "No rule" in state.error
    await threads.close(thread)


async def test_a_stream_that_is_refused_is_an_error(threads: ThreadHost, needs: Needs) -> None:
    needs(Need.STREAM)
    thread = (await threads.open(messages=[Said("user", "say x")])).thread

    with pytest.raises(NotFound, match="assistant"):
        await threads.run(thread, "asst_000000000000000000000000", RunOptions(stream=True))
    await threads.close(thread)


async def test_a_long_thread_is_opened_whole(threads: ThreadHost, assistant: str, needs: Needs) -> None:
    """The wire takes 32 messages at first; the rest is posted, in order."""
    needs(Need.SEED_ASSISTANT_MESSAGE)
    said = [Said("user" if number % 2 else "assistant", f"say {number}") for number in range(40)]
    thread = (await threads.open(assistant=assistant, messages=said)).thread

    past = await threads.history(thread)

    assert [one.user for one in past] == [None, *(f"say {number}" for number in range(1, 40, 2))]
    assert (await threads.run(thread, assistant)).reply == "39"
    await threads.close(thread)


async def test_the_past_of_a_thread_is_told_in_exchanges(threads: ThreadHost, assistant: str) -> None:
    """Each message of the user with the calls and the reply that it brought."""
    said = [Said("user", "How is the weather?")]
    thread = (await threads.open(assistant=assistant, messages=said)).thread
    asked = await threads.run(thread, assistant)
    done = await threads.outputs(thread, asked.id, [ToolOutput(asked.calls[0].id, "sunny")])
    await threads.post(thread, Said("user", "a mystery"))
    await threads.run(thread, assistant)
    await threads.post(thread, Said("user", "say bye"))
    await threads.run(thread, assistant)

    assert await threads.history(thread) == (
        Spoken("How is the weather?", done.reply, (PastCall("get_weather", '{"city": "Oslo"}', "sunny"),)),
        Spoken("a mystery"),
        Spoken("say bye", "bye"),
    )
    await threads.close(thread)


async def test_a_thread_that_is_not_there_has_no_past(threads: ThreadHost) -> None:
    with pytest.raises(NotFound):
        await threads.history("thread_000000000000000000000000")
