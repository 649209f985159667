"""Inventory: what a project has on a target, and where each resource of it stands.

The workspace makes these values and `render` shows them; nothing is copied over in between.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from asstctl.core.address import Address
from asstctl.core.json_types import EMPTY, Json
from asstctl.core.loss import Loss
from asstctl.core.plan import TargetInfo
from asstctl.core.tokens import Tokens


@dataclass(frozen=True, slots=True)
class HeldFile:
    """A file of a vector store. `path` is empty for one that is not of this project, `id` for one to be uploaded.

    `status` is the provider's, `error` its reason.
    """

    path: str
    id: str
    status: str
    bytes: int
    error: str = ""


@dataclass(frozen=True, slots=True)
class Resource:
    """One address that is declared or owned; `status` says in a few words where it stands.

    `fields` are the live ones, our mark left out of the metadata. Where nothing is live `id` is empty and they
    are those of the files. `files` are those of a vector store, None where nobody looked. `losses` are what the files
    say beyond what the target holds.
    """

    address: Address
    status: str = ""
    name: str = ""
    id: str = ""
    model: str = ""
    created_at: int | None = None
    fields: Mapping[str, Json] = field(default_factory=lambda: EMPTY)
    files: tuple[HeldFile, ...] | None = None
    losses: tuple[Loss, ...] = ()


@dataclass(frozen=True, slots=True)
class Inventory:
    """Every resource that is declared or owned, by address."""

    target: TargetInfo
    resources: tuple[Resource, ...]


@dataclass(frozen=True, slots=True)
class Declared:
    """The instructions that the files give an assistant on this target, rendered, with estimates of all that they say.
    `differs`: what is live has others."""

    instructions: str
    tokens: Tokens
    differs: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """One resource of a target, to be looked at in full.

    `offline`: nobody looked at the target, so that the fields are those of the files. `tokens` are estimates of the
    fields that are shown, None for what is no assistant; `declared` is None where no file declares one.
    """

    target: TargetInfo
    resource: Resource
    tokens: Tokens | None = None
    declared: Declared | None = None
    offline: bool = False


@dataclass(frozen=True, slots=True)
class Ids:
    """The ids of what is on a target, for applications; `missing` are declared and not there yet."""

    target: TargetInfo
    ids: Mapping[Address, str]
    missing: tuple[Address, ...] = ()
