"""AssistantsFiles: uploads and the files of vector stores over the Assistants v2 wire (`core.ports.FileHost`).

Reads are repeated where that is safe. An upload, an attach and a delete are sent once: their caller knows what a lost
answer means and sets the pace. What the objects say is in `file_codecs`.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from asstctl.core.errors import BadAnswer
from asstctl.core.json_types import Json, JsonObject
from asstctl.core.knowledge import Attribute, LocalFile, StoreFile, Uploaded
from asstctl.core.ports import Told, nobody
from asstctl.net.client import JsonClient
from asstctl.net.retry import RetryPolicy
from asstctl.net.upload import FileForm
from asstctl.providers.assistants.file_codecs import PURPOSE, is_other_purpose, store_file, uploaded
from asstctl.providers.assistants.ids import in_path
from asstctl.providers.assistants.paging import read_all
from asstctl.providers.assistants.store import check_deleted, oldest_first


class AssistantsFiles:
    """Uploads with the purpose `assistants`, and their places in stores."""

    def __init__(self, client: JsonClient, page_size: int, *, reads: RetryPolicy | None = None) -> None:
        self._client = client
        self._page_size = page_size
        self._reads = reads or RetryPolicy()

    async def uploads(self) -> tuple[Uploaded, ...]:
        objects = await self._whole("/files", "files", purpose=PURPOSE)
        return oldest_first([uploaded(raw) for raw in objects if not is_other_purpose(raw)])

    async def upload(self, file: LocalFile, told: Told = nobody) -> Uploaded:
        return await send_file(self._client, file, PURPOSE, told)

    async def delete(self, id: str) -> str | None:
        return await delete_file(self._client, id)

    async def attached(self, store: str) -> tuple[StoreFile, ...]:
        objects = await self._whole(_path(store), f"files of {store}")
        return oldest_first([store_file(raw, store) for raw in objects])

    async def attachment(self, store: str, id: str) -> StoreFile:
        answer = await self._client.request("GET", _path(store, id), retry=self._reads)
        return store_file(answer.value, store, id)

    async def attach(self, store: str, id: str, *, attributes: Mapping[str, Attribute], chunking: Json) -> StoreFile:
        body: dict[str, Json] = {"file_id": id, "attributes": dict(attributes)}
        if chunking is not None:
            body["chunking_strategy"] = chunking
        return await self._write(_path(store), body, store, id)

    async def relabel(self, store: str, id: str, attributes: Mapping[str, Attribute]) -> StoreFile:
        return await self._write(_path(store, id), {"attributes": dict(attributes)}, store, id)

    async def detach(self, store: str, id: str) -> str | None:
        return check_deleted(await self._client.request("DELETE", _path(store, id)), f"file {id} of {store}")

    async def _write(self, path: str, body: JsonObject, store: str, id: str) -> StoreFile:
        answer = await self._client.request("POST", path, body=body)
        return replace(store_file(answer.value, store, id), request_id=answer.request_id)

    async def _whole(self, path: str, what: str, **query: str) -> list[dict[str, Any]]:
        async def fetch(cursor: str | None) -> Mapping[str, Any]:
            params: dict[str, str | int] = {**query, "order": "asc", "limit": self._page_size}
            if cursor is not None:
                params["after"] = cursor
            return (await self._client.request("GET", path, params=params, retry=self._reads)).value

        return await read_all(fetch, what)


async def send_file(client: JsonClient, file: LocalFile, purpose: str, told: Told = nobody) -> Uploaded:
    """Upload a file, at most once. Raises BadAnswer, and leaves nothing behind, where not all of it was kept."""
    form = FileForm(file, {"purpose": purpose})
    with form.opened():
        answer = await client.upload("/files", form, told)
    made = replace(uploaded(answer.value), request_id=answer.request_id)
    if form.whole and made.bytes in (0, file.bytes):  # some servers do not say how many
        return made
    await delete_file(client, made.id)
    kept = f"{made.bytes} of {file.bytes} bytes" if form.whole else "it answered before the file was sent"
    raise BadAnswer("the server did not keep the whole file", detail=f"{file.path}: {kept}; {made.id} was deleted")


async def delete_file(client: JsonClient, id: str) -> str | None:
    """Delete an upload; the request's id."""
    return check_deleted(await client.request("DELETE", f"/files/{in_path(id)}"), f"file {id}")


def _path(store: str, id: str | None = None) -> str:
    files = f"/vector_stores/{in_path(store)}/files"
    return files if id is None else f"{files}/{in_path(id)}"
