"""Dialects: the servers that speak the Assistants v2 wire in a way of their own, one value each. Pure.

What the target says (`dialect`, `passthrough_url`, the host) settles how its server is spoken to before anything is
sent. Whether a server that nobody said anything of speaks all of the wire shows in its first answers: `flaw_of`
reads them, `probe.py` gets them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from asstctl.core.capabilities import Capabilities, Metadata
from asstctl.core.errors import NoSuchApi, ProviderError
from asstctl.core.json_types import EMPTY
from asstctl.core.resource import EXTENSION
from asstctl.core.thread import Need
from asstctl.providers.assistants.capabilities import ASSISTANTS_V2

FOUNDRY_HOSTS = ".services.ai.azure.com"
"""What the hosts of Azure AI Foundry end with: the only ones, beside this machine, that get an Entra token."""

_FOUNDRY_PATH = "/api/projects/"
_LITELLM_HEADERS = "x-litellm-"
_LITELLM_VERSION = "x-litellm-version"
_METHOD_NOT_ALLOWED = 405
_LAST_SECOND = 100_000_000_000
"""No object was made so many seconds after 1970, and every one so many milliseconds."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """One way to speak the wire.

    `query` goes with every request; `beta`: the beta header does. `lost_by_create` names fields that a create does not
    keep, so that an update sends them after it; `loses_extensions`: so it is with all of `extensions`.
    `milliseconds`: some of its times are in them. `store_helper`: a thread can be made together with a vector store, by
    `vector_stores` in its tool_resources; elsewhere the store is made first. `needs_auth`: nothing there is for callers
    without a key or a token. `probed`: its server has still to show that it speaks all of the wire.
    """

    capabilities: Capabilities
    query: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    beta: bool = True
    lost_by_create: frozenset[str] = frozenset()
    loses_extensions: bool = False
    milliseconds: bool = False
    store_helper: bool = True
    needs_auth: bool = False
    probed: bool = False

    @property
    def name(self) -> str:
        """What people call it."""
        return self.capabilities.dialect

    def loses(self, field: str) -> bool:
        """Whether a create does not keep a field."""
        return field in self.lost_by_create or (self.loses_extensions and field.startswith(EXTENSION))

    def in_seconds(self, raw: Mapping[str, Any]) -> Mapping[str, Any]:
        """An object whose time of creation is in seconds, as everywhere else."""
        made = raw.get("created_at")
        if self.milliseconds and isinstance(made, int) and made > _LAST_SECOND:
            return {**raw, "created_at": made // 1000}
        return raw


FULL = Dialect(ASSISTANTS_V2)

EMBEDDED = Dialect(replace(ASSISTANTS_V2, trusted=True))
"""Our own server in this process: its store is known."""

LITELLM = Dialect(
    replace(
        ASSISTANTS_V2,
        dialect="LiteLLM",
        metadata=Metadata.WRITE_ONCE,
        terms="Metadata is written once here: differences are two-way, no drift, no resets",
    ),
    lost_by_create=frozenset({"reasoning_effort"}),
    loses_extensions=True,
)

FOUNDRY = Dialect(
    replace(
        ASSISTANTS_V2,
        dialect="Foundry classic",
        ties_in_creation_order=False,
        notes=("Azure ends Foundry's classic agents on 2027-03-31; what stands there is gone from then on.",),
    ),
    query={"api-version": "v1"},
    beta=False,
    # its `vector_stores` are lists of Azure's own assets
    store_helper=False,
    needs_auth=True,
)

_NO_STORES = "Astra cannot update vector stores: keep them off this target with `except`, or name one by its raw id."

ASTRA = Dialect(
    replace(
        ASSISTANTS_V2,
        dialect="Astra",
        fields={kind: fields for kind, fields in ASSISTANTS_V2.fields.items() if kind != "vector_store"},
        ties_in_creation_order=False,
        missing={
            "vector_store": _NO_STORES,
            "files": "Files are not managed on Astra: name uploads by their raw ids.",
            "cancel": "Astra cannot cancel a run.",
            Need.STEPS: "Astra does not show the steps of a run, so neither passages nor code can be checked: "
            "check the reply, or test on another target.",
        },
    ),
    milliseconds=True,
)

DIALECTS: Mapping[str, Dialect] = {"full": FULL, "litellm": LITELLM, "foundry": FOUNDRY, "astra": ASTRA}
"""By what `dialect` of a target may say; the same names stand in `manifest.project_model`."""


def dialect_of(base_url: str, *, dialect: str = "", passthrough_url: str = "") -> Dialect:
    """How the server of a target is spoken to, by what the target says."""
    if dialect:
        return DIALECTS[dialect]
    if passthrough_url:
        return LITELLM
    if is_foundry(base_url):
        return FOUNDRY
    return replace(FULL, probed=True)


def is_foundry(base_url: str) -> bool:
    """Whether an address is a project of Azure AI Foundry."""
    parts = urlsplit(base_url)
    return takes_entra(parts.hostname or "") and parts.path.startswith(_FOUNDRY_PATH)


def takes_entra(host: str) -> bool:
    """Whether a host away from this machine may be given an Entra token."""
    return host.lower().endswith(FOUNDRY_HOSTS)


@dataclass(frozen=True, slots=True)
class Flaw:
    """Why a server cannot be worked with: what it is, what it cannot do, by capability, and the way on."""

    what: str
    missing: Mapping[str, str]
    hint: str


_WAY_ON = (
    "Set passthrough_url of this target in asstctl.yaml beside base_url: base_url ends in /v1, passthrough_url in "
    "/openai or, where the proxy's own OPENAI_API_BASE does not end in /v1, in /openai/v1."
)

LITELLM_NATIVE = Flaw(
    "LiteLLM's own routes",
    {
        "get": "it cannot read one assistant",
        "update": "it cannot update an assistant",
        "list": "its lists stop after 20",
    },
    _WAY_ON,
)

LITELLM_PASSTHROUGH = Flaw(
    "LiteLLM's pass-through",
    {"metadata": "it drops metadata, without which nothing there can be known as yours"},
    _WAY_ON,
)

NO_RETRIEVE = Flaw(
    "a part of the Assistants v2 wire",
    {"get": "it cannot read one assistant"},
    "Point base_url in asstctl.yaml at a server that can. For LiteLLM set passthrough_url as well.",
)


def flaw_of(listing_headers: Mapping[str, str], missing: ProviderError | None) -> Flaw | None:
    """What is wrong with a server, by the headers of a listing and by the error for an assistant that is not there."""
    unrouted = isinstance(missing, NoSuchApi) or (missing is not None and missing.status == _METHOD_NOT_ALLOWED)
    names = {name.lower() for name in listing_headers}
    if any(name.startswith(_LITELLM_HEADERS) for name in names):
        return LITELLM_NATIVE if unrouted or _LITELLM_VERSION in names else LITELLM_PASSTHROUGH
    return NO_RETRIEVE if unrouted else None
