"""Policy: what the user allows beyond the safe default, as one value."""

from dataclasses import dataclass

from asstctl.core.address import Address

EVERYTHING = "all"


@dataclass(frozen=True, slots=True)
class Policy:
    """Permissions of one run.

    `overwrite_drift` holds addresses, `ADDRESS.FIELD` or `all`; `allow_same_name` the addresses that may be
    created beside a foreign object of the same name; `only` restricts the plan; `prune` deletes what is no longer
    declared; `max_deletes` bounds deletes.
    """

    overwrite_drift: frozenset[str] = frozenset()
    allow_same_name: frozenset[Address] = frozenset()
    only: frozenset[Address] | None = None
    max_deletes: int = 3
    prune: bool = False

    def covers(self, address: Address) -> bool:
        """Whether the plan is to speak of this address."""
        return self.only is None or address in self.only

    def overwrites(self, address: Address, field: str) -> bool:
        """Whether drift of this field may be overwritten."""
        return not self.overwrite_drift.isdisjoint({EVERYTHING, str(address), f"{address}.{field}"})


CAUTIOUS = Policy()
"""Nothing beyond the default."""
