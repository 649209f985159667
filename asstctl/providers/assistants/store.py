"""AssistantsStore: the resources of one account over the Assistants v2 wire (`core.ports.ResourceStore`).

Reads are repeated where that is safe. Each write is sent once: its caller knows what a lost answer means
and sets the pace.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from asstctl.core.capabilities import Capabilities
from asstctl.core.errors import BadAnswer
from asstctl.core.json_types import Json
from asstctl.core.resource import Listing, Live
from asstctl.net.client import JsonClient
from asstctl.net.retry import RetryPolicy
from asstctl.providers.assistants.codecs import CODECS, Codec
from asstctl.providers.assistants.ids import in_path
from asstctl.providers.assistants.paging import read_all


class AssistantsStore:
    """Lists, reads and writes objects whose kind has a codec; any other kind is a KeyError."""

    def __init__(self, client: JsonClient, capabilities: Capabilities, *, reads: RetryPolicy | None = None) -> None:
        self._client = client
        self._capabilities = capabilities
        self._reads = reads or RetryPolicy()

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    async def list(self, kind: str) -> Listing:
        codec = CODECS[kind]

        async def fetch(cursor: str | None) -> Mapping[str, Any]:
            params: dict[str, str | int] = {"order": "asc", "limit": self._capabilities.page_size}
            if cursor is not None:
                params["after"] = cursor
            answer = await self._client.request("GET", codec.collection, params=params, retry=self._reads)
            return answer.value

        objects = await read_all(fetch, f"{kind.replace('_', ' ')}s")
        return Listing(kind, oldest_first([codec.decode(raw) for raw in objects]))

    async def get(self, kind: str, id: str) -> Live:
        codec = CODECS[kind]
        answer = await self._client.request("GET", _path(codec, id), retry=self._reads)
        return _same(codec.decode(answer.value), id)

    async def create(self, kind: str, fields: Mapping[str, Json]) -> Live:
        codec = CODECS[kind]
        answer = await self._client.request("POST", codec.collection, body=codec.encode_create(fields))
        return codec.decode(answer.value)

    async def update(self, kind: str, id: str, fields: Mapping[str, Json]) -> Live:
        codec = CODECS[kind]
        answer = await self._client.request("POST", _path(codec, id), body=codec.encode_update(fields))
        return _same(codec.decode(answer.value), id)

    async def delete(self, kind: str, id: str) -> None:
        answer = await self._client.request("DELETE", _path(CODECS[kind], id))
        if answer.value.get("deleted", True) is not True:
            raise BadAnswer("the server did not delete", detail=f"{kind} {id}: its answer says deleted: false")


def oldest_first(objects: Sequence[Live]) -> tuple[Live, ...]:
    """In the order of creation, also from a server that ignores `order=asc`; ties keep the list's order."""
    times = [live.created_at for live in objects]
    if times == sorted(times):
        return tuple(objects)
    newest_first = times == sorted(times, reverse=True)
    return tuple(sorted(reversed(objects) if newest_first else objects, key=lambda live: live.created_at))


def _path(codec: Codec, id: str) -> str:
    return f"{codec.collection}/{in_path(id)}"


def _same(live: Live, id: str) -> Live:
    if live.id != id:
        raise BadAnswer("the server sent another object", detail=f"asked for {id}, got {live.id}")
    return live
