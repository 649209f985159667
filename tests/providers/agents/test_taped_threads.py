"""Conversations with the Agents API on tapes: however often somebody had to look, one and the same tape is made."""

from typing import Any

import pytest

from asstctl.conversation.tapes.recording import Recording
from asstctl.conversation.tapes.replay import Replay
from asstctl.conversation.tapes.text import Tape, same_but_for_times, tape_text
from asstctl.core.ports import ThreadHost
from asstctl.core.tape import Deck
from asstctl.core.thread import RUN_KEY, Passage, RunState, Said, ToolOutput
from tests.providers.agents.sessions import (
    ACCEPTED,
    Server,
    call,
    message,
    page,
    provider,
    refused,
    session,
    turn,
    unhurried,
)
from tests.tapes.parts import HEADER

ASKS = session("requires_action", call())
FOUND = {"data": [{"file_id": "f", "filename": "a.md", "score": 0.5, "content": [{"text": "otters"}]}]}

PROMPT: dict[str, Any] = {
    "session": [ASKS, session(), session()],
    "turns": [page(turn(status="waiting", usage=None)), page(turn()), page(turn("turn_2"), turn())],
    "items": [page(), page(message("fine")), page(message("bye"))],
    "/vector_stores/vs_1/search": [FOUND],
}
SLOW: dict[str, Any] = {
    **PROMPT,
    "session": [
        *[session("in_progress")] * 3,
        session(),
        ASKS,
        ASKS,
        session("in_progress"),
        session(),
        session(),
        session(),
        session("in_progress"),
        session(),
    ],
    "turns": [
        page(),
        page(turn(status="waiting", usage=None)),
        page(turn(status="waiting", usage=None)),
        page(turn(status="in_progress", usage=None)),
        page(turn(usage=None)),
        page(turn(usage=None)),
        page(turn()),
        page(turn()),
        page(turn("turn_2"), turn()),
    ],
    "events": [refused(400, "Unknown pending tool call: call_1"), ACCEPTED, refused(409, "still pending"), ACCEPTED],
}


async def converse(host: ThreadHost, max_cost: float | None = None) -> list[object]:
    said = [Said("user", "hi")]
    opened = await host.open(assistant="agent_1", messages=said, metadata={RUN_KEY: "p/r"}, max_cost=max_cost)
    asked = await host.run(opened.thread, "agent_1")
    found = await host.search("vs_1", "otters")
    told = await host.outputs(opened.thread, asked.id, [ToolOutput(asked.calls[0].id, "sunny")])
    await host.post(opened.thread, Said("user", "again"))
    return [asked, found, told, await host.run(opened.thread, "agent_1")]


def had(server: Server, deck: Deck, *, closed: bool = False, max_cost: float | None = None) -> list[object]:
    async def play() -> list[object]:
        async with provider(server) as one:
            host = one.thread_host(deck)
            said = await converse(host, max_cost)
            if closed:
                await host.close("sess_1")
            return said

    return unhurried(play())


def recorded(answers: dict[str, Any], **more: Any) -> Tape:
    deck = Recording()
    had(Server(**answers), deck, **more)
    return deck.tape(HEADER)


def test_two_recordings_are_one() -> None:
    """Neither how often it was looked, nor what came too early, nor when the tokens were counted is on them."""
    prompt, slow = recorded(PROMPT), recorded(SLOW)

    assert tape_text(slow).count("\n") == tape_text(prompt).count("\n")
    assert same_but_for_times(slow, prompt)


@pytest.mark.parametrize("answers", [PROMPT, SLOW], ids=["prompt", "slow"])
def test_a_replay_is_the_conversation_and_sends_nothing(answers: dict[str, Any]) -> None:
    nobody = Server()

    asked, found, told, last = had(nobody, Replay(recorded(answers), again=""))

    assert isinstance(asked, RunState)
    assert isinstance(told, RunState)
    assert isinstance(last, RunState)
    assert [asked.status, told.reply, last.reply] == ["requires_action", "fine", "bye"]
    assert (told.usage is not None, last.usage is not None) == (True, True)
    assert found == (Passage("a.md", 0.5, "otters"),)
    assert nobody.asked == []


@pytest.mark.parametrize(("then", "now"), [(None, 0.5), (0.5, None), (0.5, 2.0)])
def test_a_limit_of_cost_makes_no_tape_stale(then: float | None, now: float | None) -> None:
    """It is of a run, and on no tape."""
    tape = recorded(PROMPT, max_cost=then)

    assert "spend_control" not in tape_text(tape)
    replayed = had(Server(), Replay(recorded(PROMPT), again=""))
    assert had(Server(), Replay(tape, again=""), max_cost=now) == replayed


def test_a_tape_has_neither_ids_nor_what_a_session_repeats_of_its_agent() -> None:
    said = tape_text(recorded(SLOW))

    assert not [id for id in ("sess_1", "turn_1", "call_1", "agent_1", "vs_1", "long", RUN_KEY) if id in said]
    assert "POST /agents/sessions/session#1/events" in said or '"/agents/sessions/session#1/events"' in said


def test_cleaning_up_is_not_on_a_tape() -> None:
    """Neither what deletes, nor what cancels, nor the looks in between."""
    busy = {**SLOW, "delete": [refused(409, "busy"), {"deleted": True}]}

    assert same_but_for_times(recorded(busy, closed=True), recorded(PROMPT))
