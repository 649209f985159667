"""What streams were told of a message is what reads say of it, also when another server ends the run.

A7: persist before emitting; poll and stream agree.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from asstctl.emulator.replies.values import Part, ReplyFailed, ReplyRequest, TextDelta
from asstctl.emulator.runs import leases, speech, streaming
from tests.emulator.harness import Api, Backend, Clock, serving
from tests.emulator.streams import Told, names, only, reading

pytestmark = pytest.mark.anyio


_FAILURE = "(fails)"


class _Dictated:
    """Says each text when it is told to, or fails."""

    counts_tokens = False

    def __init__(self) -> None:
        self.texts: asyncio.Queue[str] = asyncio.Queue()

    def dictate(self, *texts: str) -> None:
        for text in texts:
            self.texts.put_nowait(text)

    async def reply(self, request: ReplyRequest) -> AsyncGenerator[Part, None]:
        while (text := await self.texts.get()) != _FAILURE:
            yield TextDelta(text)
        raise ReplyFailed("no more")

    async def aclose(self) -> None:
        """Nothing is held."""


class _Streamed:
    """A run that one server streams and another server sees."""

    def __init__(self, one: Api, two: Api, model: _Dictated, clock: Clock, events: AsyncIterator[Told]) -> None:
        self.one, self.two, self.model, self.clock = one, two, model, clock
        self._events = events
        self.told: list[Told] = []

    @property
    def run(self) -> Any:
        return self.told[0][1]

    @property
    def path(self) -> str:
        return f"/threads/{self.run['thread_id']}"

    async def hear(self, *texts: str, until: str = "message.delta") -> None:
        """Have texts said, and wait for the last of them, or for what it leads to."""
        self.model.dictate(*texts)
        async for event in self._events:
            self.told.append(event)
            if event[0] == f"thread.{until}" and (until != "message.delta" or self.text().endswith(texts[-1])):
                return

    def text(self) -> str:
        """All that was told of the message."""
        return "".join(data["delta"]["content"][0]["text"]["value"] for data in only(self.told, "message.delta"))

    async def stored(self) -> str:
        return _text(await self.two.get(f"{self.path}/messages"))

    async def rest(self) -> list[Told]:
        rest = [event async for event in self._events if event[0] != ":"]
        self.told += rest
        return rest

    async def agrees(self) -> None:
        """The text of the deltas, of the last event of the message and of a read are the same."""
        (last,) = only(self.told, "message.incomplete")
        assert last["content"][0]["text"]["value"] == self.text() == await self.stored()
        assert last == (await self.two.get(f"{self.path}/messages"))["data"][0]
        run = await self.two.get(f"{self.path}/runs/{self.run['id']}")
        assert run == self.told[-2][1]
        (step,) = (await self.two.get(f"{self.path}/runs/{run['id']}/steps"))["data"]
        assert run["usage"] == step["usage"]


def _text(page: Any) -> str:
    """The text of the newest message."""
    return str(page["data"][0]["content"][0]["text"]["value"])


@pytest.fixture
async def streamed(tmp_path: Path) -> AsyncIterator[_Streamed]:
    clock, model, database = Clock(), _Dictated(), tmp_path / "local.db"
    async with serving(database, replies=model, clock=clock) as one, serving(database, clock=clock) as two:
        assistant, thread = await one.assistant(), await one.thread("hello")
        path = f"/threads/{thread['id']}/runs"
        async with reading(one.emulator, path, {"assistant_id": assistant["id"]}) as events:
            yield _Streamed(one, two, model, clock, events)


async def test_a_first_word_is_stored_when_it_is_told(streamed: _Streamed) -> None:
    await streamed.hear("half ")
    assert await streamed.stored() == "half "
    assert only(streamed.told, "message.created")[0]["content"] == []


@pytest.mark.parametrize("said", [("half ",), ("one ", "two ", "three ")])
async def test_a_cancel_through_another_server_is_heeded_with_the_next_word(
    streamed: _Streamed, said: tuple[str, ...]
) -> None:
    await streamed.hear(*said)
    await streamed.two.post(f"{streamed.path}/runs/{streamed.run['id']}/cancel")
    streamed.model.dictate("too late")
    told = await streamed.rest()
    # A5: cancel while streaming
    assert names(told) == ["run.cancelling", "run.step.cancelled", "message.incomplete", "run.cancelled", "done"]
    assert told[0][1] == {**only(streamed.told, "run.in_progress")[0], "status": "cancelling"}
    assert streamed.text() == "".join(said)
    await streamed.agrees()


@pytest.mark.parametrize("said", [("half ",), ("one ", "two ", "three ")])
async def test_an_expiry_that_another_server_sees_keeps_the_text(streamed: _Streamed, said: tuple[str, ...]) -> None:
    await streamed.hear(*said)
    streamed.clock.now += 600
    assert (await streamed.two.get(f"{streamed.path}/runs/{streamed.run['id']}"))["status"] == "expired"
    streamed.model.dictate("too late")
    # A5: expiry
    assert names(await streamed.rest()) == ["run.step.expired", "message.incomplete", "run.expired", "done"]
    assert streamed.text() == "".join(said)
    await streamed.agrees()


async def test_what_a_server_said_before_it_died_is_kept(streamed: _Streamed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speech, "SAVE_AFTER", 0.01)
    await streamed.hear("one ", "two ")
    await streamed.two.until_at(f"{streamed.path}/messages", lambda page: _text(page) == "one two ")
    # It dies without a word: nobody executes the run, and the lease stays as it is.
    streamed.one.emulator.services.executor.drop(streamed.one.emulator.services, streamed.run["id"])
    streamed.clock.now += leases.DURATION
    run = await streamed.two.get(f"{streamed.path}/runs/{streamed.run['id']}")
    assert (run["status"], run["usage"]["completion_tokens"]) == ("failed", 2)
    assert await streamed.stored() == "one two "


async def test_a_cancel_that_takes_its_time_is_told_when_it_begins_and_when_it_is_done(
    streamed: _Streamed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "LOOK_AGAIN", 0.01)
    executor = streamed.two.emulator.services.executor
    await streamed.hear("one ", "two ")
    with monkeypatch.context() as patched:
        patched.setattr(executor, "cancel", lambda services, run_id: None)
        await streamed.two.post(f"{streamed.path}/runs/{streamed.run['id']}/cancel")
    await streamed.hear("too late", until="run.cancelling")
    executor.cancel(streamed.two.emulator.services, streamed.run["id"])
    told = await streamed.rest()
    assert names(told) == ["run.step.cancelled", "message.incomplete", "run.cancelled", "done"]
    assert streamed.text() == "one two "
    await streamed.agrees()


async def test_saving_notices_that_the_run_was_taken_away(streamed: _Streamed) -> None:
    await streamed.hear("one ", "two ")
    await streamed.two.post(f"{streamed.path}/runs/{streamed.run['id']}/cancel")
    # The model says nothing more, and neither a heartbeat nor a keep-alive is due.
    assert names(await streamed.rest())[-2:] == ["run.cancelled", "done"]
    await streamed.agrees()
    assert not streamed.one.emulator.services.executor.executes(streamed.run["id"])


async def test_a_cancel_that_a_failure_of_the_model_comes_after_keeps_the_text(streamed: _Streamed) -> None:
    await streamed.hear("one ", "two ")
    await streamed.two.post(f"{streamed.path}/runs/{streamed.run['id']}/cancel")
    streamed.model.dictate(_FAILURE)
    assert names(await streamed.rest())[-2:] == ["run.cancelled", "done"]
    await streamed.agrees()


async def test_a_message_that_was_deleted_is_not_brought_back(streamed: _Streamed) -> None:
    await streamed.hear("one ", "two ")
    run = await streamed.two.post(f"{streamed.path}/runs/{streamed.run['id']}/cancel")
    await streamed.two.until(run, "cancelled")
    written = (await streamed.two.get(f"{streamed.path}/messages"))["data"][0]
    await streamed.two.delete(f"{streamed.path}/messages/{written['id']}")
    streamed.model.dictate("too late")
    assert names(await streamed.rest())[-2:] == ["run.cancelled", "done"]
    assert len((await streamed.two.get(f"{streamed.path}/messages"))["data"]) == 1


async def test_a_quick_run_is_four_transactions() -> None:
    """Created, taken up, its message opened, and everything completed."""
    statements: list[str] = []
    async with serving(replies=Backend(*[TextDelta(text) for text in "abcdef"])) as api:
        assistant, thread = await api.assistant(), await api.thread("hello")
        api.emulator.services.store.connection.set_trace_callback(statements.append)
        run = await api.run(thread["id"], assistant["id"])
        assert await api.reply(run) == "abcdef"
    assert statements.count("COMMIT") == 4
