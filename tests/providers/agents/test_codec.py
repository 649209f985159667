"""The codec of the Agents wire: agents to fields and back, halves of keys, resets, and what must not be sent."""

from typing import Any

import pytest

from asstctl.core.errors import BadAnswer, Refused
from asstctl.kinds import KINDS
from asstctl.providers.agents.codec import decode, encode_create, encode_update, is_half, normal
from tests.providers.agents.samples import FORMAT, PLAIN, SCHEMA, agent, flat, function, search

FOREIGN = {"type": "holodeck", "deck": 3}
TWO = [{"type": "tool_search"}, {"type": "computer_use", "include_screenshots": True}]


def test_what_the_service_fills_in_is_no_field() -> None:
    live = decode(PLAIN)

    assert live.fields == {
        "name": "瓜瓜",
        "model": "gpt-6-luna",
        "instructions": "Be kind.",
        "tools": [],
        "metadata": {"lang": "zh"},
        "reasoning_effort": None,
        "response_format": None,
    }
    assert (live.kind, live.id, live.created_at, live.updated_at) == ("assistant", "agent_1", 1700000000, 1700000005)
    assert (live.metadata, live.raw) == ({"lang": "zh"}, PLAIN)


@pytest.mark.parametrize(
    ("key", "value", "field", "found"),
    [
        ("reasoning", {"effort": "high", "summary": None}, "reasoning_effort", "high"),
        ("reasoning", {"effort": None, "summary": "auto"}, "extensions.reasoning", {"summary": "auto"}),
        ("text", {"format": {"type": "text"}, "verbosity": "low"}, "extensions.text", {"verbosity": "low"}),
        ("text", {"format": {"type": "json_schema", "schema": SCHEMA}}, "response_format", FORMAT),
        ("text", {"format": {"type": "poem", "feet": 5}}, "response_format", {"type": "poem", "feet": 5}),
        ("service_tier", "flex", "extensions.service_tier", "flex"),
        (
            "multi_agent",
            {"enabled": True, "max_concurrent_subagents": 6},
            "extensions.multi_agent",
            {"enabled": True},
        ),
        (
            "multi_agent",
            {"enabled": True, "max_concurrent_subagents": 2},
            "extensions.multi_agent",
            {"enabled": True, "max_concurrent_subagents": 2},
        ),
        ("compaction", {"async": True}, "extensions.compaction", {"async": True}),
        ("experimental", {"time_awareness": True}, "extensions.experimental", {"time_awareness": True}),
        ("tools", [TWO[1], TWO[0], flat()], "extensions.tools", [TWO[1], TWO[0]]),
        ("tools", [TWO[0], FOREIGN], "tools", [FOREIGN]),
        ("guardrails", {"level": 3}, "extensions.guardrails", {"level": 3}),
        ("guardrails", None, "extensions.guardrails", None),
    ],
)
def test_what_an_agent_says_is_a_field(key: str, value: Any, field: str, found: Any) -> None:
    assert decode(agent(**{key: value})).fields[field] == found


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("text", {"format": {"type": "text"}, "verbosity": "medium", "tone": "warm"}),
        ("reasoning", {"effort": None, "summary": None, "budget": 3}),
        ("multi_agent", {"enabled": False, "max_concurrent_subagents": None, "depth": 1}),
        ("compaction", {"async": False, "threshold": 0.8}),
        ("experimental", {"time_awareness": False, "dreams": True}),
        ("compaction", None),
        ("experimental", None),
    ],
)
def test_members_that_nobody_knows_change_no_field(key: str, value: Any) -> None:
    """The service adds one every week or two: that is nobody's drift."""
    live = decode(agent(**{key: value}))

    assert live.fields == decode(PLAIN).fields
    assert live.raw[key] == value


@pytest.mark.parametrize("left_out", ["compaction", "experimental"])
def test_objects_that_the_service_may_leave_out_are_not_missed(left_out: str) -> None:
    assert decode({key: value for key, value in PLAIN.items() if key != left_out}).fields == decode(PLAIN).fields


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"object": "assistant"}, "object"),
        ({"id": ""}, "id"),
        ({"created_at": "now"}, "created_at"),
        ({"model": None}, "model"),
        ({"tools": {}}, "tools is not a list"),
        ({"tools": ["x"]}, "no type"),
        ({"tools": [{"type": 3}]}, "no type"),
        ({"text": "plain"}, "text is not an object"),
        ({"reasoning": None}, "reasoning is not an object"),
        ({"metadata": {"a": 1}}, "metadata"),
    ],
)
def test_what_is_no_agent_is_a_bad_answer(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(BadAnswer, match="not an agent") as caught:
        decode(agent(**changed))

    assert said in caught.value.detail


def test_a_create_holds_what_is_declared_and_nothing_else() -> None:
    fields = {
        "name": "瓜瓜",
        "model": "m",
        "instructions": None,
        "metadata": {"a": "b"},
        "reasoning_effort": "low",
        "response_format": FORMAT,
        "tools": [function(description="Asks.")],
        "extensions.reasoning": {"summary": "auto"},
        "extensions.text": {"verbosity": "low"},
        "extensions.tools": [{"type": "tool_search"}],
        "extensions.multi_agent": {"enabled": True, "max_concurrent_subagents": 2},
        "extensions.service_tier": "flex",
        "extensions.guardrails": {"level": 3},
    }

    assert encode_create(fields) == {
        "name": "瓜瓜",
        "model": "m",
        "metadata": {"a": "b"},
        "reasoning": {"effort": "low", "summary": "auto"},
        "text": {"format": {"type": "json_schema", "schema": SCHEMA}, "verbosity": "low"},
        "tools": [
            {
                "type": "function",
                "name": "ask",
                "description": "Asks.",
                "parameters": {"type": "object", "properties": {}},
            },
            {"type": "tool_search"},
        ],
        "multi_agent": {"enabled": True, "max_concurrent_subagents": 2},
        "service_tier": "flex",
        "guardrails": {"level": 3},
    }


LIVE = agent(
    reasoning={"effort": "high", "summary": "auto"},
    text={"format": {"type": "json_schema", "schema": SCHEMA}, "verbosity": "low"},
    tools=[flat(defer_loading=True), search(mode="cached"), *TWO],
)


@pytest.mark.parametrize(
    ("fields", "body"),
    [
        ({"name": "x"}, {"name": "x"}),
        ({"name": None, "instructions": None}, {"name": None, "instructions": None}),
        ({"metadata": None}, {"metadata": {}}),
        ({"reasoning_effort": "low"}, {"reasoning": {"effort": "low", "summary": "auto"}}),
        ({"reasoning_effort": None}, {"reasoning": {"summary": "auto"}}),
        ({"extensions.reasoning": None}, {"reasoning": {"effort": "high"}}),
        ({"extensions.reasoning": None, "reasoning_effort": None}, {"reasoning": None}),
        ({"response_format": None}, {"text": {"format": {"type": "text"}, "verbosity": "low"}}),
        ({"response_format": "auto"}, {"text": {"format": {"type": "text"}, "verbosity": "low"}}),
        (
            {"extensions.text": {"verbosity": "high"}},
            {"text": {"format": {"type": "json_schema", "schema": SCHEMA}, "verbosity": "high"}},
        ),
        ({"extensions.text": None}, {"text": {"format": {"type": "json_schema", "schema": SCHEMA}}}),
        ({"tools": None}, {"tools": TWO}),
        ({"tools": [function("new")]}, {"tools": [encode_create({"tools": [function("new")]})["tools"][0], *TWO]}),
        ({"extensions.tools": None}, {"tools": [flat(defer_loading=True), search(mode="cached")]}),
        ({"tools": [], "extensions.tools": TWO[:1]}, {"tools": TWO[:1]}),
        ({"extensions.service_tier": None}, {"service_tier": None}),
        ({"extensions.multi_agent": None}, {"multi_agent": None}),
        ({"extensions.compaction": None}, {"compaction": None}),
        ({"extensions.experimental": None}, {"experimental": {"time_awareness": False}}),
        ({"extensions.experimental": {"dreams": True}}, {"experimental": {"time_awareness": False, "dreams": True}}),
        ({"extensions.guardrails": None}, {"guardrails": None}),
    ],
)
def test_an_update_sends_the_other_half_of_a_key_as_it_is(fields: dict[str, Any], body: dict[str, Any]) -> None:
    """The wire replaces such a key whole; nothing else is sent."""
    assert encode_update(fields, LIVE) == body


@pytest.mark.parametrize(
    ("fields", "half"),
    [
        (["name", "metadata", "extensions.service_tier"], False),
        (["tools"], True),
        (["extensions.tools"], True),
        (["tools", "extensions.tools"], False),
        (["tools", "extensions.tools", "response_format"], True),
        (["response_format", "extensions.text", "reasoning_effort", "extensions.reasoning"], False),
    ],
)
def test_only_half_a_key_needs_the_agent_as_it_is(fields: list[str], half: bool) -> None:
    assert is_half(fields) is half


@pytest.mark.parametrize(
    ("fields", "live", "named"),
    [
        ({"response_format": None}, {"text": {**LIVE["text"], "tone": "warm"}}, "text.tone"),
        ({"extensions.text": None}, {"text": {"format": {"type": "poem", "feet": 5}}}, "text.format.feet"),
        ({"extensions.reasoning": {}}, {"reasoning": {"effort": "low", "budget": 3}}, None),
        ({"reasoning_effort": "low"}, {"reasoning": {"effort": None, "budget": 3}}, "reasoning.budget"),
        ({"extensions.tools": None}, {"tools": [FOREIGN]}, "holodeck"),
        ({"tools": []}, {"tools": [FOREIGN]}, None),
        ({"tools": []}, {"tools": [{"type": "computer_use", "screens": 2}]}, "screens"),
        ({"extensions.tools": None}, {"tools": [{**flat(), "returns": {}}]}, "returns"),
    ],
)
def test_what_this_program_does_not_know_is_never_sent_back(
    fields: dict[str, Any], live: dict[str, Any], named: str | None
) -> None:
    """Left out it would be gone, sent it would be refused or kept for ever: the person is asked instead."""
    if named is None:
        encode_update(fields, agent(**live))
        return
    with pytest.raises(Refused) as caught:
        encode_update(fields, agent(**live))

    assert named in caught.value.summary
    assert caught.value.hint


@pytest.mark.parametrize("field", ["model", "extensions.id", "extensions.metadata", "extensions.name"])
def test_what_nobody_may_write_is_refused(field: str) -> None:
    with pytest.raises(Refused):
        encode_update({field: None}, PLAIN)


@pytest.mark.parametrize(
    "fields",
    [
        {"extensions.text": {"format": {"type": "text"}}},
        {"extensions.reasoning": {"effort": "low"}},
        {"extensions.text": "low"},
        {"response_format": {"type": "json_object"}},
        {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {}, "strict": True}}},
        {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "description": "y"}}},
        {"tools": [function(strict=True)]},
        {"tools": [{"type": "code_interpreter"}]},
        {"tools": [{"type": "file_search"}]},
    ],
)
def test_what_the_wire_cannot_hold_is_refused_and_not_dropped(fields: dict[str, Any]) -> None:
    """Whoever accepts a loss has it taken away before the codec sees it; `normal` leaves it as it is."""
    with pytest.raises(Refused):
        encode_create(fields)
    assert normal("assistant", fields) == fields


@pytest.mark.parametrize("field", ["temperature", "tool_resources.file_search"])
def test_a_field_of_the_other_wire_is_no_field_of_this_one(field: str) -> None:
    with pytest.raises(ValueError, match="no field"):
        encode_create({field: 1})


@pytest.mark.parametrize(
    ("field", "declared", "found"),
    [
        ("response_format", "auto", None),
        ("response_format", {"type": "text"}, None),
        (
            "response_format",
            {"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA, "strict": False}},
            FORMAT,
        ),
        ("extensions.text", {"verbosity": "medium"}, None),
        ("extensions.text", {"verbosity": "low", "tone": "warm"}, {"verbosity": "low", "tone": "warm"}),
        ("extensions.multi_agent", {"enabled": False, "max_concurrent_subagents": 3}, None),
        ("extensions.multi_agent", {"max_concurrent_subagents": 3}, {"max_concurrent_subagents": 3}),
        ("extensions.multi_agent", {"enabled": True, "max_concurrent_subagents": 6}, {"enabled": True}),
        ("extensions.compaction", {}, None),
        ("extensions.service_tier", "auto", None),
        ("extensions.tools", [], None),
        (
            "extensions.tools",
            [{"type": "tool_search"}, {"type": "programmatic_tool_calling", "enabled": True}],
            [{"type": "programmatic_tool_calling"}, {"type": "tool_search"}],
        ),
        ("extensions.guardrails", {"a": None}, {"a": None}),
        ("temperature", None, None),
        ("name", "", ""),
        ("tools", [function(description="", parameters={"type": "object", "properties": {}})], [function()]),
    ],
)
def test_what_is_declared_takes_the_form_in_which_it_comes_back(field: str, declared: Any, found: Any) -> None:
    assert normal("assistant", {field: declared}) == {field: found}


def test_vector_stores_are_as_they_are_written() -> None:
    fields = {"name": "x", "expires_after": None}

    assert normal("vector_store", fields) is fields


def test_a_live_agent_and_what_it_was_made_of_compare_as_one() -> None:
    """The canonical rules of the kind see no difference in what the service filled in."""
    tools = [function(strict=False), {"type": "web_search", "mode": "live", "location": {}}]
    brought = normal("assistant", {"tools": tools})["tools"]
    live = decode(agent(tools=[flat(), search(location=dict.fromkeys(("city", "country", "region", "timezone")))]))
    canonical = KINDS["assistant"].fields["tools"].canonical

    assert canonical(brought) == canonical(live.fields["tools"])
