"""A server whose answers stand on tapes alone: nothing is sent, and no key is needed."""

from asstctl.net.tape import NoWayOut
from asstctl.providers.assistants.provider import Provider
from asstctl.providers.settings import AssistantsSettings

BASE_URL = "http://tape/v1"


def recorded_provider(settings: AssistantsSettings) -> Provider:
    """One that speaks as the server of these settings is spoken to, and has nobody to speak to beside its decks."""
    return Provider(BASE_URL, NoWayOut(), place=settings.place, dialect=settings.spoken)
