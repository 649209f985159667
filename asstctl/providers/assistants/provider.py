"""The front of the Assistants v2 wire: opens a server and hands out its store, its files and its thread hosts."""

import time
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from asstctl.core.base_url import is_loopback
from asstctl.core.errors import Refused
from asstctl.core.hidden import Hidden
from asstctl.core.json_types import EMPTY
from asstctl.core.ports import FileHost, Observer, ResourceStore, ThreadHost
from asstctl.core.tape import Deck
from asstctl.core.tracing import UNTRACED, Tracer
from asstctl.net.client import sendable
from asstctl.net.failures import Explain
from asstctl.net.retry import RetryPolicy
from asstctl.net.transport import BearerTransport, Transport, check_address, network_transport
from asstctl.providers.assistants.dialects import FOUNDRY_HOSTS, FULL, Dialect, takes_entra
from asstctl.providers.assistants.entra import EntraToken
from asstctl.providers.assistants.failures import explain
from asstctl.providers.assistants.files import AssistantsFiles
from asstctl.providers.assistants.polling import Durations
from asstctl.providers.assistants.probe import Probe
from asstctl.providers.assistants.store import AssistantsStore
from asstctl.providers.front import Front
from asstctl.providers.settings import ENTRA, AssistantsSettings

BETA: Mapping[str, str] = {"openai-beta": "assistants=v2"}


class Provider(Front):
    """An open provider: an async context manager, closed once by `aclose`.

    `creates_url` is where a dialect sends its creates, if not to `base_url`. `deck`, in `thread_host`, has all requests
    of that host alone go through it.
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
        tracer: Tracer = UNTRACED,
    ) -> None:
        super().__init__(
            base_url,
            transport,
            place=place,
            explain=explain,
            key=key,
            hidden=hidden,
            headers={**(BETA if dialect.beta else {}), **headers},
            query=dialect.query,
            timeout=timeout,
            observer=observer,
            tracer=tracer,
        )
        self._dialect = dialect
        client = self._json_client()
        capabilities, reads = dialect.capabilities, RetryPolicy()
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

    def thread_host(self, deck: Deck | None = None) -> ThreadHost:
        """A host for conversations. The first call loads the openai SDK."""
        from asstctl.providers.assistants.thread_files import ThreadFiles
        from asstctl.providers.assistants.threads import AssistantsThreads

        requests = self._requests(deck)
        # What is on a tape must not hang on what other conversations had asked for before.
        names = self._file_names if deck is None else {}
        return AssistantsThreads(
            requests,
            ThreadFiles(requests, partial(self._taped_client, deck), names),
            self._dialect,
            durations=self._durations,
            clock=time.perf_counter if deck is None else deck.now,
        )


def open_provider(
    settings: AssistantsSettings, *, observer: Observer | None = None, tracer: Tracer = UNTRACED
) -> Provider:
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
        tracer=tracer,
    )


def _entra_token(host: str, hidden: Hidden) -> EntraToken:
    if not (takes_entra(host) or is_loopback(host)):
        raise Refused(
            "an Entra token goes to Azure alone",
            detail=f"{host} does not end in {FOUNDRY_HOSTS}",
            hint="Correct base_url in asstctl.yaml, or use api_key instead of auth: entra.",
        )
    return EntraToken(hidden)
