"""AssistantsStore: the resources of one account over the Assistants v2 wire (`core.ports.ResourceStore`).

Reads are repeated where that is safe. Each write is sent once: its caller knows what a lost answer means
and sets the pace.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol, TypeVar

from asstctl.core.capabilities import Capabilities
from asstctl.core.errors import BadAnswer, ProviderError
from asstctl.core.json_types import Json
from asstctl.core.resource import Listing, Live
from asstctl.net.client import Answer, JsonClient
from asstctl.net.retry import ONCE, RetryPolicy
from asstctl.providers.assistants.codecs import CODECS, Codec
from asstctl.providers.assistants.dialects import FULL, Dialect
from asstctl.providers.assistants.ids import in_path
from asstctl.providers.assistants.paging import read_all
from asstctl.providers.assistants.probe import Probe


class AssistantsStore:
    """Lists, reads and writes objects whose kind has a codec; any other kind is a KeyError.

    `creates` is where objects are made, where a dialect has a door of its own for that. `probe` looks at a server
    that nobody knows, beside the first listing.
    """

    def __init__(
        self,
        client: JsonClient,
        capabilities: Capabilities,
        *,
        reads: RetryPolicy | None = None,
        dialect: Dialect = FULL,
        creates: JsonClient | None = None,
        probe: Probe | None = None,
    ) -> None:
        self._client = client
        self._capabilities = capabilities
        self._reads = reads or RetryPolicy()
        self._dialect = dialect
        self._creates = creates or client
        self._probe = probe

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    async def list(self, kind: str) -> Listing:
        listing = self._list(kind)
        return await (self._probe.beside(listing) if self._probe else listing)

    async def _list(self, kind: str) -> Listing:
        codec = CODECS[kind]

        async def fetch(cursor: str | None) -> Mapping[str, Any]:
            params: dict[str, str | int] = {"order": "asc", "limit": self._capabilities.page_size}
            if cursor is not None:
                params["after"] = cursor
            answer = await self._client.request("GET", codec.collection, params=params, retry=self._reads)
            if self._probe:
                self._probe.note(answer.headers)
            return answer.value

        objects = await read_all(fetch, f"{kind.replace('_', ' ')}s")
        return Listing(kind, oldest_first([self._decoded(codec, raw) for raw in objects]))

    async def get(self, kind: str, id: str) -> Live:
        codec = CODECS[kind]
        answer = await self._client.request("GET", _path(codec, id), retry=self._reads)
        return same_object(self._decoded(codec, answer.value), id)

    async def create(self, kind: str, fields: Mapping[str, Json]) -> Live:
        codec = CODECS[kind]
        answer = await self._creates.request("POST", codec.collection, body=codec.encode_create(fields))
        live = self._answered(codec, answer)
        lost = {name: value for name, value in fields.items() if value is not None and self._dialect.loses(name)}
        if not lost:
            return live
        try:
            return await self._update(kind, live.id, lost, retry=self._reads)
        except ProviderError:
            # the create was not refused, so that nobody may send it again: what the object lacks shows in the answer
            return live

    async def update(self, kind: str, id: str, fields: Mapping[str, Json]) -> Live:
        return await self._update(kind, id, fields)

    async def _update(self, kind: str, id: str, fields: Mapping[str, Json], *, retry: RetryPolicy = ONCE) -> Live:
        codec = CODECS[kind]
        answer = await self._client.request("POST", _path(codec, id), body=codec.encode_update(fields), retry=retry)
        return same_object(self._answered(codec, answer), id)

    async def delete(self, kind: str, id: str) -> str | None:
        return check_deleted(await self._client.request("DELETE", _path(CODECS[kind], id)), f"{kind} {id}")

    def _answered(self, codec: Codec, answer: Answer) -> Live:
        return replace(self._decoded(codec, answer.value), request_id=answer.request_id)

    def _decoded(self, codec: Codec, raw: Mapping[str, Any]) -> Live:
        return codec.decode(self._dialect.in_seconds(raw))


class _Dated(Protocol):
    @property
    def created_at(self) -> int: ...


D = TypeVar("D", bound=_Dated)


def oldest_first(objects: Sequence[D]) -> tuple[D, ...]:
    """In the order of creation, also from a server that ignores `order=asc`; ties keep the list's order."""
    times = [one.created_at for one in objects]
    if times == sorted(times):
        return tuple(objects)
    newest_first = times == sorted(times, reverse=True)
    return tuple(sorted(reversed(objects) if newest_first else objects, key=lambda one: one.created_at))


def check_deleted(answer: Answer, what: str) -> str | None:
    """The id of a delete's request. Raises BadAnswer where a success says that nothing was deleted."""
    if answer.value.get("deleted", True) is not True:
        raise BadAnswer("the server did not delete", detail=f"{what}: its answer says deleted: false")
    return answer.request_id


def _path(codec: Codec, id: str) -> str:
    return f"{codec.collection}/{in_path(id)}"


def same_object(live: Live, id: str) -> Live:
    """The object, if it is the one that was asked for. Raises BadAnswer for another."""
    if live.id != id:
        raise BadAnswer("the server sent another object", detail=f"asked for {id}, got {live.id}")
    return live
