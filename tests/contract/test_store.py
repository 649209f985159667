"""What every ResourceStore promises (core.ports): over every way to reach a server, and in memory."""

import asyncio
from typing import Any

import pytest

from asstctl.core.errors import NotFound, Refused, Rejected
from asstctl.core.ports import Provider, ResourceStore
from asstctl.kinds import KINDS

pytestmark = pytest.mark.anyio

FULL = {
    "name": "瓜瓜",
    "description": "answers",
    "model": "gpt-4o",
    "instructions": "Be kind.\nBe short.",
    "tools": [
        {"type": "function", "function": {"name": "ask", "description": "Asks.", "parameters": {"type": "object"}}}
    ],
    "metadata": {"lang": "zh"},
    "temperature": 0.2,
    "top_p": 0.5,
    "response_format": {
        "type": "json_schema",
        "json_schema": {"name": "response", "schema": {"type": "object", "properties": {}}},
    },
    "reasoning_effort": "low",
}


@pytest.fixture
def full(store: ResourceStore) -> dict[str, Any]:
    """As much of it as the wire holds."""
    return {name: value for name, value in FULL.items() if name in store.capabilities.fields["assistant"]}


def canonical(name: str, value: Any) -> Any:
    return KINDS["assistant"].fields[name].canonical(value)


async def test_a_create_answers_with_what_was_sent(store: ResourceStore, full: dict[str, Any]) -> None:
    """The object that a create returns bears every field that was sent, and an id and a time."""
    live = await store.create("assistant", full)

    assert {name: canonical(name, live.fields[name]) for name in full} == {
        name: canonical(name, value) for name, value in full.items()
    }
    assert live.metadata == {"lang": "zh"}
    assert live.kind == "assistant"
    assert live.id.startswith(("asst_", "agent_"))
    assert live.created_at > 1_700_000_000
    assert live.raw["id"] == live.id


async def test_none_in_a_create_is_the_default(store: ResourceStore) -> None:
    """A field that is None is left to the server."""
    live = await store.create("assistant", {"model": "gpt-4o", "name": None, "response_format": None, "tools": None})

    assert live.fields["name"] is None
    assert canonical("response_format", live.fields["response_format"]) is None
    assert live.fields["tools"] == []


async def test_get_finds_what_was_created(store: ResourceStore, full: dict[str, Any]) -> None:
    """A read shows the object that the create returned."""
    live = await store.create("assistant", full)

    assert await store.get("assistant", live.id) == live


@pytest.mark.parametrize(
    ("field", "value"),
    [("instructions", "Be long."), ("reasoning_effort", "high"), ("response_format", {"type": "text"}), ("tools", [])],
)
async def test_an_update_changes_the_given_fields_alone(
    store: ResourceStore, full: dict[str, Any], field: str, value: Any
) -> None:
    """Fields that are not given keep their values, those too that share a key of the wire with it."""
    live = await store.create("assistant", full)

    updated = await store.update("assistant", live.id, {field: value})

    assert {**updated.fields, field: None} == {**live.fields, field: None}
    assert updated.fields[field] in (value, normal(field, value))
    assert await store.get("assistant", live.id) == updated


def normal(field: str, value: Any) -> Any:
    """How a wire that has no other word for it gives a value back."""
    return None if field == "response_format" else value


@pytest.mark.parametrize(
    ("field", "default"),
    [
        ("name", None),
        ("description", None),
        ("instructions", None),
        ("tools", []),
        ("metadata", {}),
        ("temperature", 1.0),
        ("top_p", 1.0),
        ("response_format", "auto"),
        ("reasoning_effort", None),
    ],
)
async def test_none_resets_a_field(store: ResourceStore, full: dict[str, Any], field: str, default: object) -> None:
    """None in an update sets a field back to the wire's default."""
    if field not in full:
        pytest.skip(f"the wire has no {field}")
    live = await store.create("assistant", full)

    updated = await store.update("assistant", live.id, {field: None})

    assert updated.fields[field] in (default, normal(field, default))


async def test_what_a_wire_says_of_resets_is_so(store: ResourceStore, full: dict[str, Any]) -> None:
    """None is taken for every field but those that have no way back, which it leaves as they are."""
    without = store.capabilities.unsupported.get("assistant", {})
    kinds = [kind for kind in ("code_interpreter", "file_search") if f"tools.{kind}" not in without]
    live = await store.create("assistant", {**full, "tools": [{"type": kind} for kind in kinds]})

    for name, on_wire in store.capabilities.fields["assistant"].items():
        if on_wire.resettable:
            assert await store.update("assistant", live.id, {name: None})
        else:
            with pytest.raises(Refused):
                await store.update("assistant", live.id, {name: None})
            assert (await store.get("assistant", live.id)).fields[name] == live.fields[name]


async def test_metadata_is_replaced_whole(store: ResourceStore) -> None:
    """Pairs that an update of metadata does not name are gone."""
    live = await store.create("assistant", {"model": "gpt-4o", "metadata": {"a": "1", "b": "2"}})

    updated = await store.update("assistant", live.id, {"metadata": {"b": "3"}})

    assert updated.metadata == {"b": "3"}


async def test_tool_resources_are_fields_of_their_own(store: ResourceStore) -> None:
    """Changing the resources of one tool leaves those of another alone, and each can be reset."""
    if "tool_resources.file_search" not in store.capabilities.fields["assistant"]:
        pytest.skip("the wire has no tool_resources")
    tools = [{"type": "code_interpreter"}, {"type": "file_search"}]
    live = await store.create("assistant", {"model": "gpt-4o", "tools": tools})
    assert live.fields["tool_resources.code_interpreter"] == {"file_ids": []}

    updated = await store.update("assistant", live.id, {"tool_resources.file_search": None})

    assert updated.fields["tool_resources.file_search"] == {"vector_store_ids": []}
    assert updated.fields["tool_resources.code_interpreter"] == {"file_ids": []}


async def test_a_listing_is_whole_and_oldest_first(store: ResourceStore) -> None:
    """More objects than two pages hold are listed once each, in the order they were made."""
    made = [(await store.create("assistant", {"model": "gpt-4o"})).id for _ in range(5)]
    others = await asyncio.gather(*(store.create("assistant", {"model": "gpt-4o"}) for _ in range(200)))

    listing = await store.list("assistant")

    ids = [live.id for live in listing.objects]
    assert listing.kind == "assistant"
    assert len(ids) == len(set(ids))
    assert {live.id for live in others} <= set(ids)
    assert [id for id in ids if id in set(made)] == made
    times = [live.created_at for live in listing.objects]
    assert times == sorted(times)
    await asyncio.gather(*(store.delete("assistant", live.id) for live in others))


async def test_a_deleted_object_is_gone(store: ResourceStore) -> None:
    """After a delete, get and delete raise NotFound and a listing does not show it."""
    live = await store.create("assistant", {"model": "gpt-4o"})

    await store.delete("assistant", live.id)

    with pytest.raises(NotFound, match=live.id):
        await store.get("assistant", live.id)
    with pytest.raises(NotFound):
        await store.delete("assistant", live.id)
    with pytest.raises(NotFound):
        await store.update("assistant", live.id, {"name": "x"})
    assert live.id not in [one.id for one in (await store.list("assistant")).objects]


# What only a server can say.


async def test_what_answers_a_write_carries_the_id_of_its_request(provider: Provider) -> None:
    """For whoever asks the server's people about it; a listing carries none."""
    live = await provider.store.create("assistant", {"model": "gpt-4o"})
    updated = await provider.store.update("assistant", live.id, {"name": "x"})
    listed = next(one for one in (await provider.store.list("assistant")).objects if one.id == live.id)
    ids = {live.request_id, updated.request_id, await provider.store.delete("assistant", live.id)}

    assert (len(ids), None in ids, listed.request_id) == (3, False, None)


async def test_what_the_server_refuses_is_rejected_with_its_words(provider: Provider) -> None:
    """A 400 is Rejected, with the server's message and the request's id."""
    longest = provider.store.capabilities.limits["assistant"]["name"].max_chars
    assert longest is not None
    with pytest.raises(Rejected, match="string too long") as caught:
        await provider.store.create("assistant", {"model": "gpt-4o", "name": "x" * (longest + 1)})

    assert caught.value.status == 400
    assert caught.value.request_id


async def test_an_extension_travels_verbatim(provider: Provider) -> None:
    """A field that only one server knows is sent under its own name; this server refuses it by that name."""
    with pytest.raises(Rejected, match="Unknown parameter: 'verbosity'"):
        await provider.store.create("assistant", {"model": "gpt-4o", "extensions.verbosity": "low"})
