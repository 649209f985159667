"""The codec of kind `assistant`: wire object to fields and back."""

from typing import Any

import pytest

from asstctl.core.errors import BadAnswer, Refused
from asstctl.providers.assistants.codecs import ASSISTANT

RAW: dict[str, Any] = {
    "id": "asst_1",
    "object": "assistant",
    "created_at": 1700000000,
    "name": "瓜瓜",
    "description": None,
    "model": "gpt-4o",
    "instructions": "Be kind.",
    "tools": [{"type": "file_search"}],
    "top_p": 1.0,
    "temperature": 0.2,
    "reasoning_effort": None,
    "tool_resources": {"file_search": {"vector_store_ids": ["vs_1"]}},
    "metadata": {"lang": "zh"},
    "response_format": "auto",
}


def test_decode_names_every_field_it_finds() -> None:
    """`tool_resources` is split by tool; what the server fills in is no field."""
    live = ASSISTANT.decode(RAW)

    assert live.fields == {
        "name": "瓜瓜",
        "description": None,
        "model": "gpt-4o",
        "instructions": "Be kind.",
        "tools": [{"type": "file_search"}],
        "tool_resources.file_search": {"vector_store_ids": ["vs_1"]},
        "metadata": {"lang": "zh"},
        "temperature": 0.2,
        "top_p": 1.0,
        "reasoning_effort": None,
        "response_format": "auto",
    }
    assert (live.id, live.created_at, live.updated_at, live.raw) == ("asst_1", 1700000000, None, RAW)


def test_what_the_table_does_not_know_is_an_extension() -> None:
    """A key that only this server has is there to be compared when it is declared."""
    live = ASSISTANT.decode({**RAW, "text": {"verbosity": "low"}, "updated_at": 1700000001})

    assert live.fields["extensions.text"] == {"verbosity": "low"}
    assert live.updated_at == 1700000001
    assert "extensions.updated_at" not in live.fields


@pytest.mark.parametrize("metadata", [None, {}])
def test_no_metadata_is_an_empty_map(metadata: object) -> None:
    """Null is what some servers send."""
    assert ASSISTANT.decode({**RAW, "metadata": metadata}).metadata == {}


def test_missing_keys_are_missing_fields() -> None:
    """A server that knows less reports less."""
    raw = {key: RAW[key] for key in ("id", "object", "created_at", "model", "tools")}

    assert ASSISTANT.decode(raw).fields == {"model": "gpt-4o", "tools": [{"type": "file_search"}], "metadata": {}}


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"object": "thread"}, "its object is 'thread'"),
        ({"id": None}, "it has no id that can be used"),
        ({"id": ""}, "it has no id that can be used"),
        ({"created_at": "now"}, "'asst_1': created_at is not a time"),
        ({"model": None}, "'asst_1': model is not a text"),
        ({"tools": None}, "'asst_1': tools is not a list"),
        ({"metadata": {"a": 1}}, "'asst_1': metadata is not a map of texts"),
        ({"metadata": ["a"]}, "'asst_1': metadata is not a map of texts"),
    ],
)
def test_what_is_no_assistant_is_a_bad_answer(change: dict[str, object], wrong: str) -> None:
    """The message names what is wrong with it."""
    with pytest.raises(BadAnswer) as caught:
        ASSISTANT.decode({**RAW, **change})

    assert caught.value.detail == wrong


def test_encode_joins_tool_resources() -> None:
    """Two tools' resources travel in one object, and an extension under its own name."""
    fields = {
        "model": "gpt-4o",
        "tool_resources.code_interpreter": {"file_ids": ["file-1"]},
        "tool_resources.file_search": {"vector_store_ids": ["vs_1"]},
        "extensions.text": {"verbosity": "low"},
    }

    assert ASSISTANT.encode_create(fields) == {
        "model": "gpt-4o",
        "tool_resources": {"code_interpreter": {"file_ids": ["file-1"]}, "file_search": {"vector_store_ids": ["vs_1"]}},
        "text": {"verbosity": "low"},
    }


def test_encode_and_decode_agree() -> None:
    """What was decoded is encoded to the same values."""
    server_filled = {"id", "object", "created_at"}
    defaults = {key for key, value in RAW.items() if value is None}

    body = ASSISTANT.encode_create(ASSISTANT.decode(RAW).fields)

    assert body == {key: value for key, value in RAW.items() if key not in server_filled | defaults}


def test_none_leaves_a_create_and_resets_in_an_update() -> None:
    """Each field has its own reset value; an unknown one is null."""
    nothing = dict.fromkeys(
        ["name", "tools", "metadata", "temperature", "response_format", "tool_resources.file_search", "extensions.text"]
    )

    assert ASSISTANT.encode_create(nothing) == {}
    assert ASSISTANT.encode_update(nothing) == {
        "name": None,
        "tools": [],
        "metadata": {},
        "temperature": None,
        "response_format": "auto",
        "tool_resources": {"file_search": {"vector_store_ids": []}},
        "text": None,
    }


def test_what_has_no_reset_is_refused() -> None:
    """A model has no default."""
    with pytest.raises(Refused, match="model cannot be reset"):
        ASSISTANT.encode_update({"model": None})


@pytest.mark.parametrize("key", ["metadata", "model", "tool_resources", "id"])
def test_an_extension_cannot_shadow_a_field(key: str) -> None:
    """Otherwise a manifest could write over the mark."""
    with pytest.raises(Refused, match=f"extensions cannot hold {key}"):
        ASSISTANT.encode_update({f"extensions.{key}": {}})


def test_an_unknown_field_is_our_bug() -> None:
    """The engine knows the names."""
    with pytest.raises(ValueError, match="no field colour"):
        ASSISTANT.encode_create({"colour": "red"})


@pytest.mark.parametrize("time", [float("inf"), float("nan"), -1, 10**300, True, "1"])
def test_a_time_that_no_calendar_has_is_a_bad_answer(time: object) -> None:
    with pytest.raises(BadAnswer):
        ASSISTANT.decode({**RAW, "created_at": time})


@pytest.mark.parametrize("id", ["..", ".", "", "a\nb", "\x1b[31m", "a" * 300, 5, None])
def test_an_id_that_no_path_can_carry_is_a_bad_answer(id: object) -> None:
    with pytest.raises(BadAnswer):
        ASSISTANT.decode({**RAW, "id": id})
