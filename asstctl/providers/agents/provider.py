"""The front of the Agents wire: opens OpenAI, or a server that speaks like it, and hands out its parts.

Agents and their sessions want a beta header; files and vector stores of the same host are on a wire of their own and
get none.
"""

from dataclasses import replace
from functools import partial

from asstctl.core.ports import FileHost, Observer, ResourceStore, ThreadHost
from asstctl.core.tape import Deck
from asstctl.core.tracing import UNTRACED, Tracer
from asstctl.net.transport import Transport, check_address, network_transport
from asstctl.providers.agents.capabilities import AGENTS_V1
from asstctl.providers.agents.failures import explain
from asstctl.providers.agents.store import AgentsStore
from asstctl.providers.agents.wire import BETA, LIST_LAG
from asstctl.providers.assistants.files import AssistantsFiles
from asstctl.providers.assistants.polling import Durations
from asstctl.providers.assistants.store import AssistantsStore
from asstctl.providers.front import Front
from asstctl.providers.models import Models
from asstctl.providers.settings import OpenAISettings


class Provider(Front):
    """An open provider: an async context manager, closed once by `aclose`.

    `list_lag` is how many seconds its listings may miss what was just created. `deck`, in `thread_host`, has all
    requests of that host alone go through it.
    """

    def __init__(
        self,
        base_url: str,
        transport: Transport,
        *,
        place: str,
        key: str | None = None,
        timeout: float = 30.0,
        list_lag: float = LIST_LAG,
        observer: Observer | None = None,
        tracer: Tracer = UNTRACED,
    ) -> None:
        super().__init__(
            base_url,
            transport,
            place=place,
            explain=explain,
            key=key,
            timeout=timeout,
            observer=observer,
            tracer=tracer,
        )
        capabilities = replace(AGENTS_V1, list_lag=list_lag)
        client = self._json_client()
        self._durations = Durations()
        self._file_names: dict[str, str] = {}
        self.store: ResourceStore = AgentsStore(
            self._json_client(headers=BETA), AssistantsStore(client, capabilities), capabilities
        )
        self.files: FileHost | None = AssistantsFiles(client, capabilities.page_size)
        self.models = Models(client)

    def thread_host(self, deck: Deck | None = None) -> ThreadHost:
        """A host for conversations. The first call loads the openai SDK."""
        from asstctl.providers.agents.threads import AgentsThreads
        from asstctl.providers.assistants.thread_files import ThreadFiles

        names = self._file_names if deck is None else {}
        files = ThreadFiles(self._requests(deck), partial(self._taped_client, deck), names)
        return AgentsThreads(self._requests(deck, BETA), files, durations=self._durations)


def open_provider(settings: OpenAISettings, *, observer: Observer | None = None, tracer: Tracer = UNTRACED) -> Provider:
    """Open a server. Raises Refused for an address or a key that must not be used; sends nothing."""
    key = (settings.api_key or "").strip() or None
    parts = check_address(settings.base_url, has_key=key is not None)
    return Provider(
        settings.base_url,
        network_transport(parts),
        place=settings.place,
        key=key,
        timeout=settings.timeout,
        list_lag=settings.list_lag,
        observer=observer,
        tracer=tracer,
    )
