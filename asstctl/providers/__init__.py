"""Providers: adapters to one API each. This table is the list of them.

What a target in the project file may say for each stands beside it, in `manifest.project_model.PROVIDERS`; a test
holds the two together.
Importing this module, and asking for capabilities, loads neither httpx2 nor an SDK. `opener` loads what a provider
needs to speak to its API; the openai SDK comes only with the first conversation.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, cast

from asstctl.core.capabilities import Capabilities
from asstctl.core.json_types import Json

if TYPE_CHECKING:
    from asstctl.core.ports import Provider
    from asstctl.providers.settings import Configured, Settings

Normal = Callable[[str, Mapping[str, Json]], Mapping[str, Json]]
"""Brings the fields of one object, by its kind, to what the wire gives back for them."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a provider's parts are, as `module:name`. `recorded` opens one that answers from tapes alone; `normal` is
    there where the wire gives fields back in another form than manifests write them. `embedded`: it lives in this
    process, beside the files."""

    capabilities: str
    settings: str
    opener: str
    recorded: str
    normal: str = ""
    embedded: bool = False


PROVIDERS: Mapping[str, Entry] = {
    "local": Entry(
        capabilities="asstctl.providers.assistants.capabilities:ASSISTANTS_V2",
        settings="asstctl.providers.settings:LocalSettings",
        opener="asstctl.providers.local.provider:open_provider",
        recorded="asstctl.providers.local.recorded:recorded_provider",
        embedded=True,
    ),
    "assistants": Entry(
        capabilities="asstctl.providers.assistants.capabilities:ASSISTANTS_V2",
        settings="asstctl.providers.settings:AssistantsSettings",
        opener="asstctl.providers.assistants.provider:open_provider",
        recorded="asstctl.providers.assistants.recorded:recorded_provider",
    ),
    "openai": Entry(
        capabilities="asstctl.providers.agents.capabilities:AGENTS_V1",
        settings="asstctl.providers.settings:OpenAISettings",
        opener="asstctl.providers.agents.provider:open_provider",
        recorded="asstctl.providers.agents.recorded:recorded_provider",
        normal="asstctl.providers.agents.codec:normal",
    ),
}


def capabilities(provider: str) -> Capabilities:
    """What a provider can hold and promise; a KeyError for a name that is not in PROVIDERS."""
    return cast(Capabilities, _load(PROVIDERS[provider].capabilities))


def normal(provider: str) -> Normal | None:
    """How a provider's wire gives fields back; None where that is as they are written."""
    place = PROVIDERS[provider].normal
    return cast(Normal, _load(place)) if place else None


def settings_of(provider: str, configured: "Configured") -> "Settings":
    """What a provider is opened with, taken from what its target says."""
    return cast("type[Settings]", _load(PROVIDERS[provider].settings)).of(configured)


def opener(provider: str) -> "Callable[..., Provider]":
    """A provider's `open_provider(settings, *, observer=None, tracer=UNTRACED)`, which takes settings of its own."""
    return cast("Callable[..., Provider]", _load(PROVIDERS[provider].opener))


def recorded(provider: str) -> "Callable[[Settings], Provider]":
    """A provider's `recorded_provider(settings)`: it answers from tapes alone, without a key."""
    return cast("Callable[[Settings], Provider]", _load(PROVIDERS[provider].recorded))


def _load(place: str) -> object:
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)
