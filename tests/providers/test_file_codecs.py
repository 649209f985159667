"""What uploads and files of vector stores say, decoded; and what is neither."""

from typing import Any

import pytest

from asstctl.core.errors import BadAnswer
from asstctl.core.knowledge import StoreFile, Uploaded
from asstctl.providers.assistants.file_codecs import store_file, uploaded

UPLOAD: dict[str, Any] = {
    "object": "file",
    "id": "file-1",
    "purpose": "assistants",
    "filename": "课程.md",
    "bytes": 6,
    "created_at": 1700000000,
}
STATIC = {"type": "static", "static": {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400}}
ATTACHED: dict[str, Any] = {
    "id": "file-1",
    "object": "vector_store.file",
    "usage_bytes": 6,
    "created_at": 1700000000,
    "vector_store_id": "vs_1",
    "status": "completed",
    "last_error": None,
    "chunking_strategy": STATIC,
    "attributes": {"asstctl_path": "docs/课程.md", "year": 2026, "draft": False},
}


def test_an_upload_is_decoded() -> None:
    assert uploaded(UPLOAD) == Uploaded("file-1", "课程.md", 6, 1700000000)


@pytest.mark.parametrize("change", [{"bytes": None}, {"bytes": "6"}, {"bytes": -1}])
def test_a_size_that_is_none_is_unknown(change: dict[str, object]) -> None:
    """Some servers do not count."""
    assert uploaded({**UPLOAD, **change}).bytes == 0


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"object": "assistant"}, "its object is 'assistant'"),
        ({"id": ".."}, "it has no id that can be used"),
        ({"created_at": "now"}, "'file-1': created_at is not a time"),
        ({"filename": ["a"]}, "'file-1': filename is not a text"),
    ],
)
def test_what_is_no_upload_is_a_bad_answer(change: dict[str, object], wrong: str) -> None:
    with pytest.raises(BadAnswer) as caught:
        uploaded({**UPLOAD, **change})

    assert caught.value.detail == wrong


def test_a_file_of_a_store_is_decoded() -> None:
    assert store_file(ATTACHED, "vs_1", "file-1") == StoreFile(
        "file-1", 1700000000, "completed", ATTACHED["attributes"], STATIC, "", 6
    )


@pytest.mark.parametrize(
    ("change", "name", "value"),
    [
        ({"attributes": None}, "attributes", {}),
        ({"chunking_strategy": {"type": "auto"}}, "chunking", None),
        ({"chunking_strategy": {"type": "other"}}, "chunking", None),
        ({"chunking_strategy": None}, "chunking", None),
        ({"last_error": {"code": "invalid_file", "message": "It is empty."}}, "error", "invalid_file: It is empty."),
        ({"last_error": {"code": "server_error", "message": None}}, "error", "server_error"),
        ({"last_error": {"code": None, "message": "It is empty."}}, "error", "It is empty."),
        ({"last_error": {}}, "error", ""),
        ({"last_error": "broken"}, "error", "broken"),
        ({"usage_bytes": None}, "bytes", 0),
    ],
)
def test_what_a_server_may_leave_out(change: dict[str, object], name: str, value: object) -> None:
    """Null attributes are none, and only sizes that the server names are a chunking."""
    assert getattr(store_file({**ATTACHED, **change}, "vs_1"), name) == value


def test_a_server_without_attributes_has_foreign_files() -> None:
    """They have no path of ours."""
    raw = {key: ATTACHED[key] for key in ("id", "object", "created_at", "status")}

    assert store_file(raw, "vs_1").path is None


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"object": "file"}, "its object is 'file'"),
        ({"id": 7}, "it has no id that can be used"),
        ({"id": "file-2"}, "asked for file-1, got 'file-2'"),
        ({"created_at": None}, "'file-1': created_at is not a time"),
        ({"status": "processed"}, "'file-1': its status is 'processed'"),
        ({"status": ["completed"]}, "'file-1': its status is ['completed']"),
        ({"attributes": ["a"]}, "'file-1': attributes is not a map of texts, numbers and booleans"),
        ({"attributes": {"a": None}}, "'file-1': attributes is not a map of texts, numbers and booleans"),
        ({"chunking_strategy": "auto"}, "'file-1': chunking_strategy is not an object"),
        ({"vector_store_id": "vs_2"}, "'file-1': it is of 'vs_2', not of vs_1"),
    ],
)
def test_what_is_no_file_of_the_store_is_a_bad_answer(change: dict[str, object], wrong: str) -> None:
    with pytest.raises(BadAnswer) as caught:
        store_file({**ATTACHED, **change}, "vs_1", "file-1")

    assert caught.value.detail == wrong
