"""The front of the Assistants v2 wire: opens a server and hands out its store, its files and its thread hosts."""

import time
from collections.abc import Mapping
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Self

from asstctl._version import __version__
from asstctl.core.base_url import is_loopback
from asstctl.core.errors import Refused
from asstctl.core.hidden import Hidden
from asstctl.core.json_types import EMPTY
from asstctl.core.ports import FileHost, Observer, ResourceStore, ThreadHost
from asstctl.core.tape import Deck
from asstctl.net.client import JsonClient, bearer, http_client, sendable
from asstctl.net.failures import Explain
from asstctl.net.observed import ObservedTransport
from asstctl.net.retry import RetryPolicy
from asstctl.net.transport import BearerTransport, HttpClient, Transport, check_address, network_transport
from asstctl.providers.assistants.dialects import FOUNDRY_HOSTS, FULL, Dialect, takes_entra
from asstctl.providers.assistants.entra import EntraToken
from asstctl.providers.assistants.failures import explain
from asstctl.providers.assistants.files import AssistantsFiles
from asstctl.providers.assistants.polling import Durations
from asstctl.providers.assistants.probe import Probe
from asstctl.providers.assistants.store import AssistantsStore
from asstctl.providers.settings import ENTRA, AssistantsSettings

if TYPE_CHECKING:
    from openai import AsyncOpenAI

HEADERS: Mapping[str, str] = {"user-agent": f"asstctl/{__version__}"}
BETA: Mapping[str, str] = {"openai-beta": "assistants=v2"}


class Provider:
    """An open provider: an async context manager, closed once by `aclose`.

    `place` is what a person calls the other side: host and port, or a file. `creates_url` is where a dialect sends
    its creates, if not to `base_url`; `hidden` knows every secret that goes out, the `key` and those in `headers`.
    `deck`, in `thread_host`, has all requests of that host alone go through it.
    """

    def __init__(
        self,
        base_url: str,
        transport: Transport,
        *,
        place: str,
        key: str | None = None,
        hidden: Hidden | None = None,
        headers: Mapping[str, str] = EMPTY,
        timeout: float = 30.0,
        dialect: Dialect = FULL,
        creates_url: str = "",
        explain: Explain = explain,
        observer: Observer | None = None,
    ) -> None:
        self.place = place
        self._base_url = base_url
        self._hidden = hidden or Hidden(key)
        self._timeout = timeout
        self._explain = explain
        self._dialect = dialect
        self._headers = {**HEADERS, **(BETA if dialect.beta else {}), **bearer(key), **headers}
        self._transport = transport if observer is None else ObservedTransport(transport, observer)
        client = self._json_client(base_url)
        capabilities, reads = dialect.capabilities, RetryPolicy()
        self._sdk: AsyncOpenAI | None = None
        self._durations = Durations()
        self._file_names: dict[str, str] = {}
        self.store: ResourceStore = AssistantsStore(
            client,
            capabilities,
            reads=reads,
            dialect=dialect,
            creates=self._json_client(creates_url) if creates_url else None,
            probe=Probe(client, place, reads) if dialect.probed else None,
        )
        holds_files = "vector_store" in capabilities.fields and "files" not in capabilities.missing
        self.files: FileHost | None = AssistantsFiles(client, capabilities.page_size) if holds_files else None

    def _json_client(self, base_url: str, transport: Transport | None = None) -> JsonClient:
        http = self._http_client(transport or self._transport)
        return JsonClient(
            base_url, http, place=self.place, hidden=self._hidden, timeout=self._timeout, explain=self._explain
        )

    def _http_client(self, transport: Transport) -> HttpClient:
        return http_client(transport, self._headers, self._timeout, query=self._dialect.query)

    def thread_host(self, deck: Deck | None = None) -> ThreadHost:
        """A host for conversations. The first call loads the openai SDK."""
        from asstctl.net.tape import TapeTransport
        from asstctl.providers.assistants.requests import Requests
        from asstctl.providers.assistants.thread_files import ThreadFiles
        from asstctl.providers.assistants.threads import AssistantsThreads

        requests = Requests(
            self._shared_sdk(),
            place=self.place,
            hidden=self._hidden,
            timeout=self._timeout,
            explain=self._explain,
            deck=deck,
        )

        def files_client() -> JsonClient:
            taped = None if deck is None else TapeTransport(self._transport, deck, self._base_url)
            return self._json_client(self._base_url, taped)

        # What is on a tape must not hang on what other conversations had asked for before.
        names = self._file_names if deck is None else {}
        return AssistantsThreads(
            requests,
            ThreadFiles(requests, files_client, names),
            self._dialect,
            durations=self._durations,
            clock=time.perf_counter if deck is None else deck.now,
        )

    def _shared_sdk(self) -> "AsyncOpenAI":
        from asstctl.net.tape import DeckTransport
        from asstctl.providers.assistants.requests import sdk_client

        if self._sdk is None:
            transport = DeckTransport(self._transport, self._base_url)
            self._sdk = sdk_client(self._base_url, self._http_client(transport), self._timeout)
        return self._sdk

    async def aclose(self) -> None:
        """Close every connection."""
        await self._transport.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


def open_provider(settings: AssistantsSettings, *, observer: Observer | None = None) -> Provider:
    """Open a server. Raises Refused for an address or a secret that must not be used; sends nothing."""
    key = (settings.api_key or "").strip() or None
    parts = check_address(settings.base_url, has_key=bool(settings.guarded_url))
    headers = {name.lower(): sendable(value, f"headers.{name}") for name, value in settings.headers.items()}
    hidden = Hidden(key, *headers.values())
    dialect = settings.spoken
    if dialect.needs_auth and key is None and settings.auth != ENTRA:
        raise Refused(
            f"{dialect.name} needs an Entra token",
            detail=f"{settings.place} takes no request without one",
            hint="Set auth: entra of this target in asstctl.yaml, or api_key to a variable that holds a token.",
        )
    transport = network_transport(parts)
    if settings.auth == ENTRA:
        transport = BearerTransport(transport, _entra_token(parts.hostname or "", hidden))
    return Provider(
        settings.passthrough_url or settings.base_url,
        transport,
        place=settings.place,
        key=key,
        hidden=hidden,
        headers=headers,
        timeout=settings.timeout,
        dialect=replace(dialect, capabilities=replace(dialect.capabilities, list_lag=settings.list_lag)),
        creates_url=settings.base_url if settings.passthrough_url else "",
        observer=observer,
    )


def _entra_token(host: str, hidden: Hidden) -> EntraToken:
    if not (takes_entra(host) or is_loopback(host)):
        raise Refused(
            "an Entra token goes to Azure alone",
            detail=f"{host} does not end in {FOUNDRY_HOSTS}",
            hint="Correct base_url in asstctl.yaml, or use api_key instead of auth: entra.",
        )
    return EntraToken(hidden)
