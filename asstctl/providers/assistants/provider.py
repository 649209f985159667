"""The front of the Assistants v2 wire: opens a server and hands out its store and its thread hosts."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Self

from asstctl._version import __version__
from asstctl.core.capabilities import Capabilities
from asstctl.core.ports import Observer, ResourceStore, ThreadHost
from asstctl.net.client import JsonClient, bearer, http_client
from asstctl.net.failures import Explain
from asstctl.net.observed import ObservedTransport
from asstctl.net.transport import Transport, check_address, network_transport
from asstctl.providers.assistants.capabilities import ASSISTANTS_V2
from asstctl.providers.assistants.failures import explain
from asstctl.providers.assistants.polling import Durations
from asstctl.providers.assistants.store import AssistantsStore
from asstctl.providers.settings import AssistantsSettings

if TYPE_CHECKING:
    from openai import AsyncOpenAI

HEADERS: Mapping[str, str] = {"openai-beta": "assistants=v2", "user-agent": f"asstctl/{__version__}"}

Wrap = Callable[[Transport], Transport]


class Provider:
    """An open provider: an async context manager, closed once by `aclose`.

    `place` is what a person calls the other side: host and port, or a file. `wrap`, in `thread_host`, puts a
    transport of the caller's around ours for that host alone.
    """

    def __init__(
        self,
        base_url: str,
        transport: Transport,
        *,
        place: str,
        key: str | None = None,
        timeout: float = 30.0,
        capabilities: Capabilities = ASSISTANTS_V2,
        explain: Explain = explain,
        observer: Observer | None = None,
    ) -> None:
        self.place = place
        self._base_url = base_url
        self._key = key
        self._timeout = timeout
        self._explain = explain
        self._headers = {**HEADERS, **bearer(key)}
        self._transport = transport if observer is None else ObservedTransport(transport, observer)
        self._client = JsonClient(
            base_url,
            http_client(self._transport, self._headers, timeout),
            place=place,
            key=key,
            timeout=timeout,
            explain=explain,
        )
        self._sdk: AsyncOpenAI | None = None
        self._durations = Durations()
        self.store: ResourceStore = AssistantsStore(self._client, capabilities)

    def thread_host(self, wrap: Wrap | None = None) -> ThreadHost:
        """A host for conversations. The first call loads the openai SDK."""
        from asstctl.providers.assistants.threads import AssistantsThreads

        sdk = self._shared_sdk() if wrap is None else self._make_sdk(wrap(self._transport))
        return AssistantsThreads(
            sdk,
            place=self.place,
            key=self._key,
            timeout=self._timeout,
            explain=self._explain,
            durations=self._durations,
        )

    def _shared_sdk(self) -> "AsyncOpenAI":
        if self._sdk is None:
            self._sdk = self._make_sdk(self._transport)
        return self._sdk

    def _make_sdk(self, transport: Transport) -> "AsyncOpenAI":
        from asstctl.providers.assistants.threads import sdk_client

        return sdk_client(self._base_url, http_client(transport, self._headers, self._timeout), self._timeout)

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
    """Open a server. Raises Refused for an address or a key that must not be used; sends nothing."""
    key = (settings.api_key or "").strip() or None
    parts = check_address(settings.base_url, has_key=key is not None)
    return Provider(
        settings.base_url,
        network_transport(parts),
        place=settings.place,
        key=key,
        timeout=settings.timeout,
        capabilities=replace(ASSISTANTS_V2, list_lag=settings.list_lag),
        observer=observer,
    )
