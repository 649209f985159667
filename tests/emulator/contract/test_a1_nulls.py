"""A1: agent frameworks send an explicit null for whatever they do not use, and it is as if it were not there."""

from collections.abc import Iterator

import pytest

from asstctl.emulator import objects
from asstctl.emulator.objects.base import Collection, Field
from asstctl.emulator.shapes import Array, Either, Null, Record, Shape, Variants
from tests.emulator.contract.world import Json, filled
from tests.emulator.harness import Api

pytestmark = pytest.mark.anyio

_REFUSED = {
    # A3: all but model and tools nullable
    "assistant model",
    "assistant tools",
    # An output of no call answers nothing.
    "run tool_outputs[].tool_call_id",
}


def _refusing(shape: Shape | None, path: str) -> Iterator[str]:
    """The members below a shape that a request may leave out, and yet not give as null."""
    match shape:
        case Record(members):
            for member in members:
                if not member.required and member.null is Null.REFUSED:
                    yield f"{path}.{member.name}"
                yield from _refusing(member.shape, f"{path}.{member.name}")
        case Variants(records):
            for record in records.values():
                yield from _refusing(record, path)
        case Array(item):
            yield from _refusing(item, f"{path}[]")
        case Either(text, other):
            yield from _refusing(text, path)
            yield from _refusing(other, path)


def _fields() -> Iterator[tuple[Collection, Field]]:
    for name in objects.__all__:
        collection: Collection = getattr(objects, name)
        yield from ((collection, field) for field in collection.fields)


def test_a1_whatever_is_optional_takes_null() -> None:
    refused = set()
    for collection, field in _fields():
        name = f"{collection.noun} {field.name}"
        if set(field.takes) - set(field.required) and field.null is Null.REFUSED:
            refused.add(name)
        refused.update(_refusing(field.shape, name))
    assert refused == _REFUSED


@pytest.mark.parametrize(
    ("path", "given", "without"),
    [
        (
            "/assistants",
            {
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "n", "description": None, "schema": None},
                }
            },
            {"response_format": {"type": "json_schema", "json_schema": {"name": "n"}}},
        ),
        (
            "/assistants",
            {
                "tools": [
                    {
                        "type": "function",
                        "function": {"name": "f", "description": None, "parameters": None, "strict": None},
                    },
                    {"type": "file_search", "file_search": {"max_num_results": None, "ranking_options": None}},
                ]
            },
            {"tools": [{"type": "function", "function": {"name": "f"}}, {"type": "file_search"}]},
        ),
        (
            "/assistants",
            {
                "tools": [
                    {"type": "file_search", "file_search": {"ranking_options": {"ranker": None, "score_threshold": 1}}}
                ]
            },
            {"tools": [{"type": "file_search", "file_search": {"ranking_options": {"score_threshold": 1}}}]},
        ),
        (
            "/threads/{thread}/messages",
            {"attachments": [{"file_id": "{file}", "tools": None}, {"file_id": None, "tools": []}]},
            {"attachments": [{"file_id": "{file}"}, {"tools": []}]},
        ),
        ("/threads/{thread}/messages", {"attachments": None, "metadata": None}, {}),
    ],
    ids=["response_format", "tools", "ranker", "attachments", "message"],
)
async def test_a1_null_is_as_if_it_were_not_there(api: Api, path: str, given: Json, without: Json) -> None:
    names = {"thread": (await api.thread())["id"], "file": (await api.file())["id"]}
    needed = {"model": "m"} if path == "/assistants" else {"role": "user", "content": "hi"}
    shown, expected = [
        await api.post(filled(path, names), {**needed, **filled(body, names)}) for body in (given, without)
    ]
    assert {**shown, "id": "", "created_at": 0, "completed_at": 0} == {
        **expected,
        "id": "",
        "created_at": 0,
        "completed_at": 0,
    }


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/vector_stores/{store}/search", {"query": "a", "ranking_options": {"ranker": None, "score_threshold": None}}),
        (
            "/vector_stores/{store}/search",
            {"query": "a", "filters": None, "max_num_results": None, "rewrite_query": None},
        ),
        ("/vector_stores/{store}/files", {"file_id": "{file}", "attributes": None, "chunking_strategy": None}),
        ("/vector_stores/{store}/file_batches", {"file_ids": ["{file}"], "files": None, "attributes": None}),
        ("/vector_stores", {"name": None, "expires_after": None, "file_ids": None, "metadata": None}),
    ],
)
async def test_a1_null_is_taken_by_vector_stores(api: Api, path: str, body: Json) -> None:
    names = {"store": (await api.post("/vector_stores"))["id"], "file": (await api.file())["id"]}
    await api.post(filled(path, names), filled(body, names))
