"""Listings that the `openai` package follows by itself, page by page, in both orders."""

from typing import Any

import pytest

from tests.emulator.sdk.clients import BETA, done

pytestmark = [pytest.mark.anyio, BETA]

_TEXTS = [str(number) for number in range(7)]


async def _all(paginator: Any) -> list[Any]:
    if hasattr(paginator, "__aiter__"):
        return [item async for item in paginator]
    return list(paginator)


@pytest.mark.parametrize(("order", "expected"), [("asc", _TEXTS), ("desc", _TEXTS[::-1])])
async def test_messages_are_met_once_each_in_order(echo: Any, sent: list[str], order: str, expected: list[str]) -> None:
    messages = [{"role": "user", "content": text} for text in _TEXTS]
    thread = await done(echo.beta.threads.create(messages=messages))
    met = await _all(echo.beta.threads.messages.list(thread.id, order=order, limit=3))
    assert [message.content[0].text.value for message in met] == expected
    assert sent.count(f"GET /threads/{thread.id}/messages") == 3


@pytest.mark.parametrize(("order", "turn"), [("asc", 1), ("desc", -1)])
async def test_store_files_are_met_once_each_in_order(echo: Any, order: str, turn: int) -> None:
    files = [await done(echo.files.create(file=(f"{n}.txt", b"text"), purpose="assistants")) for n in range(5)]
    ids = [file.id for file in files]
    store = await done(echo.vector_stores.create(name="five"))
    batch = await done(echo.vector_stores.file_batches.create_and_poll(store.id, file_ids=ids))
    met = await _all(echo.vector_stores.files.list(store.id, order=order, limit=2))
    assert [file.id for file in met] == ids[::turn]
    met = await _all(
        echo.vector_stores.file_batches.list_files(batch.id, vector_store_id=store.id, order=order, limit=2)
    )
    assert [file.id for file in met] == ids[::turn]


async def test_a_cursor_goes_backwards(echo: Any) -> None:
    messages = [{"role": "user", "content": text} for text in _TEXTS]
    thread = await done(echo.beta.threads.create(messages=messages))
    page = await done(echo.beta.threads.messages.list(thread.id, order="asc", limit=100))
    before = await done(echo.beta.threads.messages.list(thread.id, order="asc", before=page.data[3].id))
    assert [message.id for message in before.data] == [message.id for message in page.data[:3]]
    assert before.has_more is False
