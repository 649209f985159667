"""Steps that the tests of vector stores repeat: upload, put into a store, wait, search."""

import asyncio
from collections.abc import Callable
from typing import Any

from tests.emulator.harness import Api

DEADLINE = 20


async def upload(api: Api, name: str, data: bytes | str) -> str:
    """A file with this content; answers its id."""
    content = data.encode() if isinstance(data, str) else data
    response = await api.http.post("/files", files={"file": (name, content)}, data={"purpose": "assistants"})
    assert response.status_code == 200, response.text
    return str(response.json()["id"])


async def store_of(api: Api, files: dict[str, bytes | str], **fields: Any) -> tuple[Any, dict[str, str]]:
    """A store with these files, taken in; answers it and the files' ids by name."""
    ids = {name: await upload(api, name, data) for name, data in files.items()}
    store = await api.post("/vector_stores", {"file_ids": list(ids.values()), **fields})
    return await settled(api, store["id"]), ids


async def until(done: Callable[[], object]) -> None:
    async with asyncio.timeout(DEADLINE):
        while True:
            if done():
                return
            await asyncio.sleep(0.001)


async def settled(api: Api, store_id: str) -> Any:
    async with asyncio.timeout(DEADLINE):
        while True:
            store = await api.get(f"/vector_stores/{store_id}")
            if not store["file_counts"]["in_progress"]:
                return store
            await asyncio.sleep(0.005)


async def search(api: Api, store_id: str, query: Any, **fields: Any) -> list[Any]:
    found = await api.post(f"/vector_stores/{store_id}/search", {"query": query, **fields})
    data: list[Any] = found["data"]
    return data


async def names(api: Api, store_id: str, query: Any, **fields: Any) -> list[str]:
    return [hit["filename"] for hit in await search(api, store_id, query, **fields)]


def rows(api: Api, sql: str, *values: Any) -> list[Any]:
    return api.emulator.services.store.connection.execute(sql, values).fetchall()


async def swept(api: Api) -> None:
    await until(lambda: not rows(api, "SELECT 1 FROM dropped_chunks"))
