"""What every ResourceStore promises of vector stores."""

import pytest

from asstctl.core.errors import NotFound, Rejected
from asstctl.core.ports import Provider, ResourceStore

pytestmark = pytest.mark.anyio

KIND = "vector_store"
FULL = {
    "name": "手册",
    "expires_after": {"anchor": "last_active_at", "days": 7},
    "metadata": {"team": "agiclass"},
}


async def test_a_create_answers_with_what_was_sent(store: ResourceStore) -> None:
    """Every field, and nothing that only the server computes."""
    live = await store.create(KIND, FULL)

    assert live.fields == FULL
    assert live.kind == KIND
    assert live.id.startswith("vs_")
    assert await store.get(KIND, live.id) == live


async def test_a_store_needs_nothing(store: ResourceStore) -> None:
    """All its fields have defaults."""
    live = await store.create(KIND, {})

    assert live.fields == {"name": None, "expires_after": None, "metadata": {}}


async def test_an_update_changes_the_given_fields_alone(store: ResourceStore) -> None:
    """Fields that are not given keep their values; metadata is replaced whole."""
    live = await store.create(KIND, FULL)

    updated = await store.update(KIND, live.id, {"metadata": {"a": "1"}})

    assert updated.fields == {**FULL, "metadata": {"a": "1"}}
    assert await store.get(KIND, live.id) == updated


@pytest.mark.parametrize(("field", "default"), [("name", None), ("expires_after", None), ("metadata", {})])
async def test_none_resets_a_field(store: ResourceStore, field: str, default: object) -> None:
    """None in an update sets a field back to the wire's default."""
    live = await store.create(KIND, FULL)

    assert (await store.update(KIND, live.id, {field: None})).fields[field] == default


async def test_a_listing_is_of_its_kind_and_oldest_first(store: ResourceStore) -> None:
    """Stores and assistants do not stand in each other's listings."""
    made = [(await store.create(KIND, {})).id for _ in range(3)]
    assistant = await store.create("assistant", {"model": "gpt-4o"})

    ids = [live.id for live in (await store.list(KIND)).objects]

    assert [id for id in ids if id in made] == made
    assert assistant.id not in ids
    assert not {live.id for live in (await store.list("assistant")).objects} & set(made)


async def test_a_deleted_store_is_gone(store: ResourceStore) -> None:
    """After a delete, every request for it raises NotFound."""
    live = await store.create(KIND, {})

    await store.delete(KIND, live.id)

    for request in (store.get(KIND, live.id), store.delete(KIND, live.id), store.update(KIND, live.id, {"name": "x"})):
        with pytest.raises(NotFound):
            await request


async def test_what_the_server_refuses_is_rejected_with_its_words(provider: Provider) -> None:
    """The bounds of `expires_after` are the server's too."""
    with pytest.raises(Rejected, match=r"expires_after\.days"):
        await provider.store.create(KIND, {"expires_after": {"anchor": "last_active_at", "days": 400}})
