"""The front of the embedded provider: opens the emulator over a file and speaks to it like to any server."""

from pathlib import Path

from asstctl.core.ports import Observer
from asstctl.core.tracing import UNTRACED, Tracer
from asstctl.emulator import Emulator, open_emulator
from asstctl.net.asgi import AsgiTransport
from asstctl.providers.assistants.dialects import EMBEDDED
from asstctl.providers.assistants.provider import Provider
from asstctl.providers.local.failures import explain, explained
from asstctl.providers.local.folder import prepare_folder
from asstctl.providers.settings import LocalSettings

BASE_URL = "http://local/v1"


class LocalProvider(Provider):
    """The embedded server, closed together with its connections."""

    def __init__(
        self, emulator: Emulator, *, place: str, timeout: float, observer: Observer | None, tracer: Tracer = UNTRACED
    ) -> None:
        super().__init__(
            BASE_URL,
            AsgiTransport(emulator.app),
            place=place,
            timeout=timeout,
            dialect=EMBEDDED,
            explain=explain,
            observer=observer,
            tracer=tracer,
        )
        self._emulator = emulator

    async def aclose(self) -> None:
        await super().aclose()
        await self._emulator.aclose()


def open_provider(
    settings: LocalSettings, *, observer: Observer | None = None, tracer: Tracer = UNTRACED
) -> LocalProvider:
    """Open the embedded server, making its folder and its file when they are missing; a copy is made of what is there.

    Raises StoreError for a file that cannot be used and InvalidInput for replies that cannot.
    """
    place = settings.place
    if isinstance(settings.database, Path) and not settings.copied:
        prepare_folder(settings.database)
    with explained(place):
        emulator = open_emulator(
            settings.database,
            replies=settings.replies,
            reply_delay=settings.reply_delay,
            faults=settings.faults,
            copied=settings.copied,
        )
    return LocalProvider(emulator, place=place, timeout=settings.timeout, observer=observer, tracer=tracer)
