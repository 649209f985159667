"""Decisions: what `kind: changes` files say about identities, so that it is reviewed with the rest.

They are part of the plan and of its digest, and harmless once done. Those that name another target than the one
in hand are not in these values.
"""

from dataclasses import dataclass, replace

from asstctl.core.address import Address
from asstctl.core.diagnostic import Where


@dataclass(frozen=True, slots=True)
class Adoption:
    """The object `id`, which bears no mark of ours, is to become `to`."""

    to: Address
    id: str
    where: Where | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """What bears `source` is to bear `to`. Chains were followed and circles refused before this value was made."""

    source: Address
    to: Address
    where: Where | None = None


@dataclass(frozen=True, slots=True)
class Removal:
    """The object of an address that is no longer declared: deleted, or (`delete` False) forgotten and left."""

    address: Address
    delete: bool
    where: Where | None = None


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Drift of this field (`assistant.guagua.temperature`) may be overwritten."""

    field: str
    where: Where | None = None


@dataclass(frozen=True, slots=True)
class Decisions:
    """All that hold on one target."""

    adopt: tuple[Adoption, ...] = ()
    moved: tuple[Move, ...] = ()
    removed: tuple[Removal, ...] = ()
    accepted: tuple[Acceptance, ...] = ()

    def under(self, adoptions: "Decisions") -> "Decisions":
        """These, with the adoptions of a command in place of what the files say of the same addresses."""
        named = {adoption.to for adoption in adoptions.adopt}
        kept = tuple(adoption for adoption in self.adopt if adoption.to not in named)
        return replace(self, adopt=(*adoptions.adopt, *kept))


NONE = Decisions()
"""Nothing decided."""
