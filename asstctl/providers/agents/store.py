"""AgentsStore: agents, and the vector stores of the same host (`core.ports.ResourceStore`).

Reads are repeated where that is safe. Each write is sent once: its caller knows what a lost answer means and sets the
pace. Vector stores have the Assistants v2 wire there, and its store.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from asstctl.core.capabilities import Capabilities
from asstctl.core.json_types import Json
from asstctl.core.resource import Listing, Live
from asstctl.net.client import Answer, JsonClient
from asstctl.net.retry import RetryPolicy
from asstctl.providers.agents.codec import KIND, decode, encode_create, encode_update, is_half
from asstctl.providers.agents.wire import AGENTS
from asstctl.providers.assistants.ids import in_path
from asstctl.providers.assistants.paging import read_all
from asstctl.providers.assistants.store import AssistantsStore, check_deleted, oldest_first, same_object


class AgentsStore:
    """Agents through `client`, every other kind through `others`."""

    def __init__(self, client: JsonClient, others: AssistantsStore, capabilities: Capabilities) -> None:
        self._client = client
        self._others = others
        self._capabilities = capabilities
        self._reads = RetryPolicy()

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    async def list(self, kind: str) -> Listing:
        if kind != KIND:
            return await self._others.list(kind)

        async def fetch(cursor: str | None) -> Mapping[str, Any]:
            params: dict[str, str | int] = {"order": "asc", "limit": self._capabilities.page_size}
            if cursor is not None:
                params["after"] = cursor
            return (await self._client.request("GET", AGENTS, params=params, retry=self._reads)).value

        objects = await read_all(fetch, "agents")
        return Listing(kind, oldest_first([decode(raw) for raw in objects]))

    async def get(self, kind: str, id: str) -> Live:
        if kind != KIND:
            return await self._others.get(kind, id)
        answer = await self._client.request("GET", _path(id), retry=self._reads)
        return same_object(decode(answer.value), id)

    async def create(self, kind: str, fields: Mapping[str, Json]) -> Live:
        if kind != KIND:
            return await self._others.create(kind, fields)
        return _answered(await self._client.request("POST", AGENTS, body=encode_create(fields)))

    async def update(self, kind: str, id: str, fields: Mapping[str, Json]) -> Live:
        if kind != KIND:
            return await self._others.update(kind, id, fields)
        # Read as late as can be: what goes back beside the fields is what somebody else may just have changed.
        live = (await self.get(kind, id)).raw if is_half(fields) else {}
        answer = await self._client.request("POST", _path(id), body=encode_update(fields, live))
        return same_object(_answered(answer), id)

    async def delete(self, kind: str, id: str) -> str | None:
        if kind != KIND:
            return await self._others.delete(kind, id)
        return check_deleted(await self._client.request("DELETE", _path(id)), f"agent {id}")


def _answered(answer: Answer) -> Live:
    return replace(decode(answer.value), request_id=answer.request_id)


def _path(id: str) -> str:
    return f"{AGENTS}/{in_path(id)}"
