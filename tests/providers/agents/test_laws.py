"""Laws of the codec: what is declared comes back in its normal form, and halves leave each other alone."""

import asyncio
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from asstctl.core.resource import EXTENSION
from asstctl.emulator import open_emulator
from asstctl.kinds import KINDS
from asstctl.net.asgi import AsgiTransport
from asstctl.providers.agents.codec import decode, encode_create, encode_update, normal
from asstctl.providers.agents.provider import Provider
from tests.providers.agents.paper import filled, updated
from tests.providers.agents.samples import CITY, EMPTY, SCHEMA

TEXTS = st.text(max_size=5)
STAMPS = {"id": "agent_1", "object": "agent", "created_at": 1, "updated_at": 1}


def some(**parts: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """A map with any of these."""
    return st.fixed_dictionaries({}, optional=parts)


FUNCTIONS = st.builds(
    lambda name, more: {"type": "function", "function": {"name": name, **more}},
    st.sampled_from("fgh"),
    some(
        description=st.none() | TEXTS,
        parameters=st.sampled_from([None, EMPTY, CITY]),
        strict=st.just(False),
    ),
)
SERVERS = st.builds(
    lambda label, more: {"type": "mcp", "server_label": label, "server_url": "https://x.example/mcp", **more},
    st.sampled_from("ab"),
    some(allowed_tools=st.none() | st.lists(TEXTS, max_size=2), credential_id=st.just("cred_1")),
)
SEARCHES = some(
    mode=st.sampled_from([None, "live", "cached"]),
    context_size=st.sampled_from([None, "medium", "low"]),
    allowed_domains=st.none() | st.lists(TEXTS, max_size=2),
    location=st.none() | some(city=st.none() | TEXTS, country=st.just("NO")),
).map(lambda more: {"type": "web_search", **more})
OTHERS = st.lists(
    st.sampled_from(
        [
            {"type": "tool_search"},
            {"type": "automations"},
            {"type": "programmatic_tool_calling", "enabled": True},
            {"type": "programmatic_tool_calling", "enabled": False},
            {"type": "computer_use", "include_screenshots": True},
        ]
    ),
    max_size=3,
    unique_by=lambda tool: str(tool["type"]),
)
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "name": st.none() | TEXTS,
    "instructions": st.none() | TEXTS,
    "metadata": st.none() | st.dictionaries(TEXTS, TEXTS, max_size=2),
    "tools": st.none() | st.lists(FUNCTIONS | SERVERS | SEARCHES, max_size=4),
    "reasoning_effort": st.sampled_from([None, "none", "high"]),
    "response_format": st.sampled_from(
        [None, "auto", {"type": "text"}, {"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA}}]
    ),
    "extensions.text": st.none() | some(verbosity=st.sampled_from(["low", "medium"]), tone=st.just("warm")),
    "extensions.reasoning": st.none() | some(summary=st.sampled_from([None, "auto"])),
    "extensions.tools": st.none() | OTHERS,
    "extensions.service_tier": st.sampled_from([None, "auto", "flex"]),
    "extensions.multi_agent": st.none()
    | st.builds(
        lambda enabled, more: {"enabled": enabled, **more},
        st.booleans(),
        some(max_concurrent_subagents=st.sampled_from([1, 6])),
    ),
    "extensions.compaction": st.none() | some(**{"async": st.booleans()}),
    "extensions.experimental": st.none() | some(time_awareness=st.booleans()),
    "extensions.guardrails": st.sampled_from([None, "strict", {"level": 1}]),
}
TAKEN = {
    **{name: values for name, values in FIELDS.items() if name not in ("metadata", "extensions.guardrails")},
    "tools": st.lists(FUNCTIONS | SERVERS | SEARCHES, max_size=4, unique_by=lambda tool: named(tool)),
    "extensions.text": some(verbosity=st.sampled_from(["low", "medium"])),
}
"""What the emulator takes: nothing that only a later version of the service may know, no tool twice."""


def named(tool: dict[str, Any]) -> str:
    return str(tool["function"]["name"] if tool["type"] == "function" else tool.get("server_label", "search"))


WORDS = st.sampled_from(["type", "function", "mcp", "tool_search", "json_schema", "transport", "http", "x"])
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=8,
)
"""JSON that a manifest could hold where a value of the wire belongs."""

OBJECTS = some(**FIELDS).map(lambda fields: {"model": "m", **fields})


def canonical(name: str, value: Any) -> Any:
    return KINDS["assistant"].field(name).canonical(value)


def as_compared(fields: Any, names: Any) -> dict[str, Any]:
    """Fields as plans compare them. Members that this program does not know are not looked at."""
    found = {name: canonical(name, fields.get(name)) for name in names}
    if isinstance(text := found.get("extensions.text"), dict):
        found["extensions.text"] = {key: value for key, value in text.items() if key != "tone"} or None
    return found


@given(OBJECTS)
def test_the_normal_form_of_a_normal_form_is_itself(fields: dict[str, Any]) -> None:
    once = normal("assistant", fields)

    assert once.keys() == fields.keys()
    assert normal("assistant", once) == once


@given(st.sampled_from(sorted({*FIELDS, "extensions.shiny"})), ANYTHING)
def test_whatever_is_declared_has_a_normal_form(name: str, value: Any) -> None:
    """What makes no sense is said at its line, by those who know the line."""
    once = normal("assistant", {name: value})

    assert normal("assistant", once) == once


@given(OBJECTS)
def test_what_is_created_comes_back_in_its_normal_form(fields: dict[str, Any]) -> None:
    """A second plan compares the two, and finds nothing."""
    wanted = normal("assistant", fields)
    live = decode({**filled(encode_create(wanted)), **STAMPS})

    assert as_compared(live.fields, fields) == as_compared(wanted, fields)


@given(OBJECTS, OBJECTS)
def test_an_update_changes_what_it_names_and_nothing_else(before: dict[str, Any], after: dict[str, Any]) -> None:
    """Not the other half of a key either."""
    raw = {**filled(encode_create(normal("assistant", before))), **STAMPS}
    raw["text"].pop("tone", None)
    wanted = normal("assistant", after)
    live = decode({**updated(raw, encode_update(wanted, raw)), **STAMPS})

    assert as_compared(live.fields, after) == as_compared(wanted, after)
    others = {*FIELDS, *(name for name in live.fields if name.startswith(EXTENSION))} - after.keys()
    assert as_compared(live.fields, others) == as_compared(decode(raw).fields, others)


@settings(max_examples=40, deadline=None)
@given(some(**TAKEN), some(**TAKEN))
def test_the_emulator_agrees(before: dict[str, Any], after: dict[str, Any]) -> None:
    """Over the whole provider: a create and an update come back in their normal form."""

    async def check() -> None:
        emulator = open_emulator(":memory:", api="agents")
        async with Provider("http://local/v1", AsgiTransport(emulator.app), place="local") as opened:
            first, then = normal("assistant", {"model": "m", **before}), normal("assistant", after)
            made = await opened.store.create("assistant", first)
            changed = await opened.store.update("assistant", made.id, then)
            assert as_compared(made.fields, first) == as_compared(first, first)
            assert as_compared(changed.fields, then) == as_compared(then, then)
            others = FIELDS.keys() - then.keys()
            assert as_compared(changed.fields, others) == as_compared(made.fields, others)
        await emulator.aclose()

    asyncio.run(check())
