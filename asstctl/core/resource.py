"""Desired and Live: the two sides of every comparison.

Both speak of *fields*: the unit of ownership (ENGINE section 2), a top-level field of the Assistants v2
object, `tool_resources` split by tool (`tool_resources.file_search`), each entry of `extensions` a field
of its own (`extensions.text`). Field values have the shapes of the Assistants v2 wire, whatever the
provider; its codec translates.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from asstctl.core.address import Address
from asstctl.core.capabilities import Capabilities
from asstctl.core.diagnostic import Where
from asstctl.core.json_types import EMPTY, Json
from asstctl.core.knowledge import KnowledgeFile
from asstctl.core.loss import Loss

EXTENSION = "extensions."
"""What the name of a field begins with that is verbatim for one provider."""

FILLED_BY_SERVER = frozenset({"id", "object", "created_at", "updated_at"})
"""What every wire's objects hold and no request may."""


def sharing(names: Iterable[str], kind: str, capabilities: Capabilities) -> frozenset[str]:
    """The fields of a kind that lie under one key of the wire with some of these (`Capabilities.composite`), and these.

    Such a key is replaced whole, so that whoever sends one of them sends all.
    """
    fields, given = capabilities.fields.get(kind, {}), frozenset(names)
    keys = {fields[name].path[0] if name in fields else name.removeprefix(EXTENSION) for name in given}
    shared = keys & capabilities.composite
    beside = {name for name, one in fields.items() if one.path[0] in shared}
    return given | beside | {EXTENSION + key for key in shared}


@dataclass(frozen=True, slots=True)
class Desired:
    """What the files mean for one address on one target, after overlays, templates, references and defaults.

    `fields` holds what is declared; None means managed, at the provider's default. A field that is not in
    it is not declared. `places` says where each field was written ("" is the manifest itself). Ids that are
    not known yet are placeholders (`core.reference`). `files` are those that a vector store is to hold, by path;
    None where its manifest says nothing of files. `losses` are what the files say beyond what the target can hold:
    `fields` is without it. `searched` are the stores that a function which stands for `file_search` searches.
    """

    address: Address
    fields: Mapping[str, Json]
    places: Mapping[str, Where] = field(default_factory=lambda: EMPTY)
    protect: bool = False
    ignored: frozenset[str] = frozenset()
    depends_on: tuple[Address, ...] = ()
    files: tuple[KnowledgeFile, ...] | None = None
    losses: tuple[Loss, ...] = ()
    searched: tuple[Json, ...] = ()

    @property
    def name(self) -> str:
        """The name people see, or nothing."""
        name = self.fields.get("name")
        return name if isinstance(name, str) else ""

    @property
    def where(self) -> Where | None:
        """Where the manifest begins."""
        return self.places.get("")


@dataclass(frozen=True, slots=True)
class Live:
    """What the provider reports for one object, decoded; the raw object is kept beside it.

    `fields` holds every field that the codec knows and the object bears, `metadata` the whole map with our
    mark in it, `created_at` unix seconds. `updated_at` is there where the wire has it. `request_id` is that of the
    write which this answered, where the server gives one.
    """

    kind: str
    id: str
    created_at: int
    fields: Mapping[str, Json]
    metadata: Mapping[str, str]
    raw: Mapping[str, Any]
    updated_at: int | None = None
    request_id: str | None = field(default=None, compare=False)

    @property
    def name(self) -> str:
        """The name people see, or nothing."""
        name = self.fields.get("name")
        return name if isinstance(name, str) else ""


@dataclass(frozen=True, slots=True)
class Listing:
    """All objects of one kind, in the order `order=asc` gave; never partial (see IncompleteListing)."""

    kind: str
    objects: tuple[Live, ...]
