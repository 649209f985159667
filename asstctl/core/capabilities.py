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
    False where the wire has no way back. `path` is where the value lies in the wire object. `computed`: the server
    fills it in by itself, so that a value which nobody declared is no news.
    """

    path: tuple[str, ...]
    reset: Json = None
    resettable: bool = True
    computed: bool = False


class Metadata(StrEnum):
    """What a server does with metadata."""

    KEPT = "kept"
    WRITE_ONCE = "write-once"  # a create keeps it, an update leaves the old one (LiteLLM hybrid)


class Way(StrEnum):
    """How a target takes the loss of what its wire cannot hold: the words of `on_unsupported`."""

    DROP = "drop"
    SESSION = "session"  # threads get it, not the assistant
    FUNCTION = "function"  # a function stands for it, which tests answer


@dataclass(frozen=True, slots=True)
class Unsupported:
    """Something that a manifest can declare and a wire cannot hold.

    `what` ends the sentence "the Agents API has ..." (`no temperature`), `way` is the nearest way on beside
    accepting the loss, and `accepts` are the ways in which a target may accept it. `values`: it is these values alone
    that are meant (`strict: true`); None: any.
    """

    what: str
    way: str
    accepts: tuple[Way, ...] = (Way.DROP,)
    values: tuple[Json, ...] | None = None


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a provider holds and promises, and what it cannot do. A new wire needs `wire` and `fields`; all else is what
    it has otherwise than the Assistants v2 wire."""

    wire: str
    fields: Mapping[str, Mapping[str, WireField]]
    """What it holds, by kind."""
    limits: Mapping[str, Mapping[str, Limit]] = field(default_factory=dict)
    """Bounds by kind and by path in a manifest's terms: `name`, `tools`, `tools[].function.name`."""

    # How it behaves

    list_lag: float = 0.0
    """Seconds after a create for which a listing may still miss it."""
    ties_in_creation_order: bool = True
    """Whether objects created in the same second are listed in the order they were made."""
    page_size: int = 100
    metadata: Metadata = Metadata.KEPT
    trusted: bool = False
    """It is known to keep metadata, so that the first create of a run need not be tried alone."""

    # What it is called, and what is said of it

    dialect: str = "full wire"
    """What people call this flavour of the wire."""
    api: str = "API"
    """What people call what is spoken there, whatever the dialect."""
    notes: tuple[str, ...] = ()
    """Sentences that every plan on it says."""
    instructions_notes: tuple[str, ...] = ()
    """Those of a plan with new instructions."""
    terms: str = ""
    """What holds of all differences there, for the headers of plans."""

    # What it lacks, or takes otherwise

    missing: Mapping[str, str] = field(default_factory=dict)
    """For what it cannot do (`get`, `update`, `files`, a kind, a `Need` of a conversation) a sentence that says so, and
    the way on."""
    unsupported: Mapping[str, Mapping[str, Unsupported]] = field(default_factory=dict)
    """By kind, what it cannot hold although a manifest may declare it, by its path in the words of `on_unsupported`
    without the kind: a field (`temperature`), a tool by its type (`tools.file_search`), a part of a field
    (`response_format.strict`). Those of kind `function` are parts of functions, wherever they are written."""
    changed: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By kind and in the same words, what it holds and takes otherwise than the Assistants v2 wire, as a sentence.
    Those of kind `function` speak of what a function leaves out."""

    # What it has beyond the fields

    composite: frozenset[str] = frozenset()
    """Top-level keys of its objects that hold several fields (`text`: the response format, and extensions beside it),
    so that they are reserved for none of them."""
    extensions: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By kind, those that it is known to have: `own: all` means them too, and one that is not declared is noted like a
    field."""
    extension_tools: frozenset[str] = frozenset()
    """The types of tools that an extension `tools` may hold: those of this wire alone."""

    @property
    def computed(self) -> frozenset[tuple[str, str]]:
        """Fields that the server fills in by itself, by kind and name."""
        return frozenset(
            (kind, name) for kind, fields in self.fields.items() for name, one in fields.items() if one.computed
        )
