"""The Agents wire where its answers stand on tapes alone: nothing is sent, and no key is needed."""

from asstctl.net.tape import NoWayOut
from asstctl.providers.agents.provider import Provider
from asstctl.providers.assistants.recorded import BASE_URL
from asstctl.providers.settings import OpenAISettings


def recorded_provider(settings: OpenAISettings) -> Provider:
    """One that has nobody to speak to beside its decks."""
    return Provider(BASE_URL, NoWayOut(), place=settings.place)
