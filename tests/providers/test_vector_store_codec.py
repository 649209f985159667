"""The codec of kind `vector_store`: wire object to fields and back."""

from typing import Any

import pytest

from asstctl.core.errors import BadAnswer, Refused
from asstctl.providers.assistants.codecs import VECTOR_STORE

RAW: dict[str, Any] = {
    "id": "vs_1",
    "object": "vector_store",
    "created_at": 1700000000,
    "name": "手册",
    "description": "set by a create",
    "usage_bytes": 10,
    "file_counts": {"in_progress": 0, "completed": 1, "failed": 0, "cancelled": 0, "total": 1},
    "status": "completed",
    "expires_after": {"anchor": "last_active_at", "days": 7},
    "expires_at": 1700604800,
    "last_active_at": 1700000000,
    "metadata": {"lang": "zh"},
}


def test_decode_names_what_can_be_declared() -> None:
    """What the server computes, and what only a create can set, is no field."""
    live = VECTOR_STORE.decode(RAW)

    assert live.fields == {
        "name": "手册",
        "expires_after": {"anchor": "last_active_at", "days": 7},
        "metadata": {"lang": "zh"},
    }
    assert (live.kind, live.id, live.created_at, live.raw) == ("vector_store", "vs_1", 1700000000, RAW)


def test_a_bare_object_is_enough() -> None:
    """Servers that know less report less, and null metadata is an empty map."""
    raw = {"id": "vs_1", "object": "vector_store", "created_at": 1, "metadata": None}

    assert VECTOR_STORE.decode(raw).fields == {"metadata": {}}


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"object": "assistant"}, "its object is 'assistant'"),
        ({"id": None}, "it has no id that can be used"),
        ({"created_at": None}, "'vs_1': created_at is not a time"),
        ({"metadata": {"a": 1}}, "'vs_1': metadata is not a map of texts"),
    ],
)
def test_what_is_no_vector_store_is_a_bad_answer(change: dict[str, object], wrong: str) -> None:
    """The message names the kind and what is wrong."""
    with pytest.raises(BadAnswer) as caught:
        VECTOR_STORE.decode({**RAW, **change})

    assert caught.value.summary == "the server sent something that is not a vector store"
    assert caught.value.detail == wrong


def test_encode_and_decode_agree() -> None:
    """What was decoded is encoded to the same values."""
    fields = VECTOR_STORE.decode(RAW).fields

    assert VECTOR_STORE.encode_create(fields) == {key: RAW[key] for key in ("name", "expires_after", "metadata")}


def test_none_leaves_a_create_and_resets_in_an_update() -> None:
    """Each field has its own reset value."""
    nothing = dict.fromkeys(["name", "expires_after", "metadata"])

    assert VECTOR_STORE.encode_create(nothing) == {}
    assert VECTOR_STORE.encode_update(nothing) == {"name": None, "expires_after": None, "metadata": {}}


@pytest.mark.parametrize("key", ["metadata", "file_counts", "description", "id"])
def test_an_extension_cannot_shadow_a_field(key: str) -> None:
    """Nor what the server fills in."""
    with pytest.raises(Refused, match=f"extensions cannot hold {key}"):
        VECTOR_STORE.encode_update({f"extensions.{key}": {}})
