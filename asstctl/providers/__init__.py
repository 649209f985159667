"""Providers: adapters to one API each. This table is the only list of them.

Importing this module, and asking for capabilities, loads neither httpx2 nor an SDK. `opener` loads what a
provider needs to speak to its API; the openai SDK comes only with the first conversation.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, cast

from asstctl.core.capabilities import Capabilities

if TYPE_CHECKING:
    from asstctl.providers.assistants.provider import Provider


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a provider's parts are, as `module:name`."""

    capabilities: str
    opener: str


PROVIDERS: Mapping[str, Entry] = {
    "local": Entry(
        capabilities="asstctl.providers.assistants.capabilities:ASSISTANTS_V2",
        opener="asstctl.providers.local.provider:open_provider",
    ),
    "assistants": Entry(
        capabilities="asstctl.providers.assistants.capabilities:ASSISTANTS_V2",
        opener="asstctl.providers.assistants.provider:open_provider",
    ),
}


def capabilities(provider: str) -> Capabilities:
    """What a provider can hold and promise; a KeyError for a name that is not in PROVIDERS."""
    return cast(Capabilities, _load(PROVIDERS[provider].capabilities))


def opener(provider: str) -> "Callable[..., Provider]":
    """A provider's `open_provider(settings, *, observer=None)`; it takes the class in `settings.py` that is its own."""
    return cast("Callable[..., Provider]", _load(PROVIDERS[provider].opener))


def _load(place: str) -> object:
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)
