"""The embedded provider where its answers stand on tapes alone: no database is opened."""

from asstctl.net.tape import NoWayOut
from asstctl.providers.assistants.dialects import EMBEDDED
from asstctl.providers.assistants.provider import Provider
from asstctl.providers.assistants.recorded import BASE_URL
from asstctl.providers.settings import LocalSettings


def recorded_provider(settings: LocalSettings) -> Provider:
    """One that speaks as the embedded server is spoken to, and has nobody to speak to beside its decks."""
    return Provider(BASE_URL, NoWayOut(), place=settings.place, dialect=EMBEDDED)
