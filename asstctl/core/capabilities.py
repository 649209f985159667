"""Capabilities: what one wire can hold and promise, as plain data.

Each provider declares one value of this type. It loads without any SDK, so that `validate` can check a
manifest against the limits of its targets, and `plan` can say what a target cannot do before anything
is sent.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from asstctl.core.json_types import Json


@dataclass(frozen=True, slots=True)
class Limit:
    """The bounds of one value. Texts count characters, lists items, maps pairs; numbers are inclusive."""

    max_chars: int | None = None
    max_items: int | None = None
    minimum: float | None = None
    maximum: float | None = None
    max_key_chars: int | None = None
    max_value_chars: int | None = None


@dataclass(frozen=True, slots=True)
class WireField:
    """One field on one wire.

    `reset` is the value that sets the field back to its default (None means JSON null); `resettable` is
    False where the wire has no way back. `path` is where the value lies in the wire object.
    """

    path: tuple[str, ...]
    reset: Json = None
    resettable: bool = True


class Metadata(StrEnum):
    """What a server does with metadata."""

    KEPT = "kept"
    WRITE_ONCE = "write-once"  # a create keeps it, an update leaves the old one (LiteLLM hybrid)


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a provider holds (fields by kind) and promises (order of listings, lag, sharing of metadata).

    `limits` maps a path in a manifest's terms (`name`, `tools`, `tools[].function.name`) to its bounds, by
    kind. `list_lag` is how many seconds after a create a listing may still miss it.
    `ties_in_creation_order`: objects created in the same second are listed in the order they were made.
    `dialect` is what people call this flavour of the wire; `missing` gives, for what it cannot do (`get`,
    `update`, `files`, a kind), a sentence that says so and the way on; `notes` are sentences that every plan on it
    says, and `terms` is what holds of all differences there, for the headers of plans. `trusted`: it is known to
    keep metadata, so the first create of a run need not be tried alone.
    """

    wire: str
    fields: Mapping[str, Mapping[str, WireField]]
    limits: Mapping[str, Mapping[str, Limit]] = field(default_factory=dict)
    list_lag: float = 0.0
    ties_in_creation_order: bool = True
    page_size: int = 100
    dialect: str = "full wire"
    metadata: Metadata = Metadata.KEPT
    missing: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    terms: str = ""
    trusted: bool = False
