"""A chat on a host that does what a script says: what becomes of a message that comes to nothing."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from asstctl.conversation.chatting import CUT_OFF, GIVEN_UP, Chat, Ended
from asstctl.conversation.playing.answers import Stubs
from asstctl.conversation.playing.belongings import Belongings
from asstctl.conversation.stubs.kind import StubRule
from asstctl.conversation.stubs.returns import Fixed
from asstctl.core.diagnostic import Where
from asstctl.core.errors import ServerFault
from asstctl.core.ledger import NoLedger
from asstctl.core.thread import RunState, ToolCall
from tests.conversation.fakes import Hang, ScriptedHost, Step, World, calls, says, until

pytestmark = pytest.mark.anyio


@dataclass
class Hearer:
    """A person who answers calls in turn, and gives up after the last answer."""

    answers: list[str] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)

    def hear(self, text: str) -> None:
        self.heard.append(text)

    def called(self, call: ToolCall) -> None:
        self.heard.append(f"call {call.name}")

    def answered(self, output: str) -> None:
        self.heard.append(f"answer {output}")

    def ask(self, call: ToolCall, why: str) -> str | None:
        self.heard.append(f"ask {why}")
        return self.answers.pop(0) if self.answers else None


class Stubborn(ScriptedHost):
    """A host whose runs cannot be ended."""

    async def cancel(self, thread: str) -> bool:
        return False


ASK = calls(("ask", "{}"))


def chat_on(
    *script: Step,
    person: Hearer | None = None,
    world: World | None = None,
    host: type[ScriptedHost] = ScriptedHost,
    rules: Mapping[str, tuple[StubRule, ...]] | None = None,
    patience: float | None = None,
) -> tuple[Chat, Hearer, World]:
    person, world = person or Hearer(), world or World()
    made = host(world, list(script))
    chat = Chat(
        made,
        "asst_1",
        lambda: Stubs(rules or {}, {}, returns={"typed": {"type": "object"}}),
        person,
        lambda: Belongings(made, NoLedger(), "chat", 5.0),
        bears={"run": "20261122-120000-abcd"},
        stream=False,
        patience=patience,
    )
    return chat, person, world


async def test_a_reply_is_heard_and_remembered() -> None:
    """What was said after a call is heard alone, and the thread bears the run's id."""
    chat, person, world = chat_on(
        RunState("run_1", "requires_action", reply="Wait.", calls=ASK.calls),
        says("Wait.\nHere."),
        rules={"ask": (StubRule({}, Fixed({"n": 1}), Where("")),)},
    )

    assert await chat.say("hi") == Ended()

    assert person.heard == ["Wait.", "call ask", 'answer {"n": 1}', "Here."]
    (had,) = chat.had
    assert (had.spoken.user, had.spoken.reply) == ("hi", "Wait.\nHere.")
    assert [(call.name, call.output) for call in had.spoken.calls] == [("ask", '{"n": 1}')]
    assert world.said("open")[0][2] == {"run": "20261122-120000-abcd"}


async def test_a_second_message_is_posted() -> None:
    chat, _, world = chat_on(says("one"), says("two"))

    await chat.say("a")
    await chat.say("b")

    assert [entry[0] for entry in world.log] == ["open", "run", "post", "run"]


@pytest.mark.parametrize(
    "step, trouble",
    [
        (ServerFault("it broke"), "it broke"),
        (RunState("run_1", "failed", error="no model"), "the run ended as failed: no model"),
        (RunState("run_1", "expired"), "the run ended as expired"),
        (Hang(), "no answer within 0.05 s"),
    ],
)
async def test_trouble_is_told_and_the_thread_goes_on(step: Step, trouble: str) -> None:
    """What goes on in it is ended first."""
    chat, _, world = chat_on(says("one"), step, says("two"), patience=0.05)
    await chat.say("a")

    assert await chat.say("b") == Ended(trouble)

    assert chat.lost == 1
    assert world.said("cancel") == [("cancel", "thread_1")]
    assert await chat.say("c") == Ended()
    assert [had.spoken.user for had in chat.had] == ["a", "c"]


async def test_a_call_without_an_answer_gives_the_message_up() -> None:
    chat, person, _ = chat_on(ASK, says("fine"))

    assert await chat.say("a") == Ended(GIVEN_UP)
    assert person.heard == ["call ask", "ask "]
    assert await chat.say("b") == Ended()


async def test_an_answer_that_does_not_fit_is_asked_for_again() -> None:
    chat, person, _ = chat_on(calls(("typed", "{}")), says("fine"), person=Hearer(["1", "{}"]))

    assert await chat.say("a") == Ended()

    assert person.heard[1] == "ask "
    assert person.heard[2].startswith("ask `returns` of `typed` does not allow that")
    assert chat.had[0].spoken.calls[0].output == "{}"


async def test_a_rule_that_does_not_fit_is_said() -> None:
    rules = {"ask": (StubRule({"a": 1}, Fixed(1), Where("")),)}
    chat, person, _ = chat_on(ASK, says("fine"), person=Hearer(["null"]), rules=rules)

    await chat.say("a")

    assert person.heard[1] == "ask `ask` was called, and none of its stubs answers these arguments"


async def test_a_cancellation_cuts_off_one_message() -> None:
    chat, _, world = chat_on(says("one"), Hang(), says("three"))
    await chat.say("a")
    saying = asyncio.create_task(chat.say("b"))
    await until(lambda: len(world.said("run")) == 2)

    saying.cancel()

    assert await saying == Ended(CUT_OFF)
    assert await chat.say("c") == Ended()


async def test_where_a_run_cannot_be_ended_a_new_thread_begins() -> None:
    """It knows nothing of what was said, so that nothing of it is remembered."""
    chat, _, world = chat_on(says("one"), ServerFault("it broke"), says("three"), host=Stubborn)
    await chat.say("a")

    assert await chat.say("b") == Ended("it broke", anew=True)

    assert world.threads == set()
    assert (chat.had, chat.lost) == ([], 0)
    assert await chat.say("c") == Ended()
    assert world.threads == {"thread_2"}


async def test_a_thread_that_was_not_made_is_made_by_the_next_message() -> None:
    world = World(on_open=ServerFault("it broke"))
    chat, _, _ = chat_on(says("fine"), world=world)

    assert await chat.say("a") == Ended("it broke")

    world.on_open = None
    assert await chat.say("b") == Ended()


async def test_an_assistant_that_only_calls_is_stopped() -> None:
    rules = {"ask": (StubRule({}, Fixed(1), Where("")),)}
    chat, _, _ = chat_on(*[ASK] * 40, rules=rules)

    ended = await chat.say("a")

    assert "it asked for functions 32 times and did not reply" in ended.trouble


async def test_a_kept_thread_stays() -> None:
    chat, _, world = chat_on(says("one"))
    await chat.say("a")

    assert await chat.begin_anew(keep=True) == ()

    assert world.threads == {"thread_1"}
    assert chat.thread == ""
