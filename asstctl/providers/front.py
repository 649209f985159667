"""What the front of every server is made of: one transport, and the clients over it.

A provider's own module says which headers go where, and hands out its store, its files and its thread hosts; `judge`
hands out judges.
"""

from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Self

from asstctl.core.hidden import Hidden
from asstctl.core.json_types import EMPTY
from asstctl.core.ports import ModelList, Observer, unseen
from asstctl.core.tape import Deck
from asstctl.core.tracing import UNTRACED, Tracer
from asstctl.net.client import HEADERS, JsonClient, bearer, http_client
from asstctl.net.failures import Explain
from asstctl.net.observed import ObservedTransport
from asstctl.net.transport import HttpClient, Transport

if TYPE_CHECKING:
    from openai import AsyncOpenAI

    from asstctl.providers.assistants.requests import Requests


class Front:
    """An open connection to one server: an async context manager, closed once by `aclose`.

    `place` is what a person calls the other side: host and port, or a file. `hidden` knows every secret that goes out:
    the `key` and those in `headers`. `query` goes with every request.
    """

    def __init__(
        self,
        base_url: str,
        transport: Transport,
        *,
        place: str,
        explain: Explain,
        key: str | None = None,
        hidden: Hidden | None = None,
        headers: Mapping[str, str] = EMPTY,
        query: Mapping[str, str] = EMPTY,
        timeout: float = 30.0,
        observer: Observer | None = None,
        tracer: Tracer = UNTRACED,
    ) -> None:
        self.place = place
        self.models: ModelList | None = None
        self._base_url = base_url
        self._hidden = hidden or Hidden(key)
        self._timeout = timeout
        self._explain = explain
        self._headers = {**HEADERS, **bearer(key), **headers}
        self._query = query
        self._observer = observer or unseen
        self._transport = transport
        if observer is not None or tracer is not UNTRACED:
            self._transport = ObservedTransport(
                transport, self._observer, tracer=tracer, place=place, hidden=self._hidden
            )
        self._sdks: dict[frozenset[tuple[str, str]], AsyncOpenAI] = {}

    def _json_client(
        self, base_url: str = "", transport: Transport | None = None, headers: Mapping[str, str] = EMPTY
    ) -> JsonClient:
        """A client of this server, of its own address unless another is named; `headers` go with its requests too."""
        http = self._http_client(transport or self._transport, headers)
        return JsonClient(
            base_url or self._base_url,
            http,
            place=self.place,
            hidden=self._hidden,
            timeout=self._timeout,
            explain=self._explain,
            observer=self._observer,
        )

    def _http_client(self, transport: Transport, headers: Mapping[str, str] = EMPTY) -> HttpClient:
        return http_client(transport, {**self._headers, **headers}, self._timeout, query=self._query)

    def _requests(self, deck: Deck | None, headers: Mapping[str, str] = EMPTY) -> "Requests":
        """Requests of a conversation. The first call loads the openai SDK."""
        from asstctl.providers.assistants.requests import Requests

        return Requests(
            self._shared_sdk(headers),
            place=self.place,
            hidden=self._hidden,
            timeout=self._timeout,
            explain=self._explain,
            deck=deck,
            observer=self._observer,
        )

    def _taped_client(self, deck: Deck | None) -> JsonClient:
        """A client for one conversation. With a deck, all goes through it."""
        from asstctl.net.tape import TapeTransport

        return self._json_client(
            transport=None if deck is None else TapeTransport(self._transport, deck, self._base_url)
        )

    def _shared_sdk(self, headers: Mapping[str, str]) -> "AsyncOpenAI":
        from asstctl.net.tape import DeckTransport
        from asstctl.providers.assistants.requests import sdk_client

        found = frozenset(headers.items())
        if found not in self._sdks:
            transport = DeckTransport(self._transport, self._base_url)
            self._sdks[found] = sdk_client(self._base_url, self._http_client(transport, headers), self._timeout)
        return self._sdks[found]

    async def aclose(self) -> None:
        """Close every connection."""
        await self._transport.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()
