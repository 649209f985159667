"""Policy: what the user allows beyond the safe default, as one value."""

from dataclasses import dataclass, replace

from asstctl.core.address import Address
from asstctl.core.decisions import Decisions

EVERYTHING = "all"
MAX_DELETES = 3


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
    max_deletes: int = MAX_DELETES
    prune: bool = False

    def covers(self, address: Address) -> bool:
        """Whether the plan is to speak of this address."""
        return self.only is None or address in self.only

    def overwrites(self, address: Address, field: str) -> bool:
        """Whether drift of this field may be overwritten."""
        return not self.overwrite_drift.isdisjoint({EVERYTHING, str(address), f"{address}.{field}"})

    def accepting(self, decisions: Decisions) -> "Policy":
        """The same, with the drift that the files say may be overwritten."""
        accepted = {acceptance.field for acceptance in decisions.accepted}
        return replace(self, overwrite_drift=self.overwrite_drift | accepted)

    def flags(self, *, deletes: bool) -> tuple[str, ...]:
        """What differs from the default, as options; `deletes`: the plan is one of destroy."""
        only = () if self.only is None else self.only
        limit = self.max_deletes
        return tuple(
            sorted(
                [
                    *(f"--only {address}" for address in only),
                    *(f"--overwrite-drift {what}" for what in self.overwrite_drift),
                    *(f"--allow-same-name {address}" for address in self.allow_same_name),
                    *(["--prune"] if self.prune else []),
                    *([f"--max-deletes {limit}"] if limit != MAX_DELETES and (self.prune or deletes) else []),
                ]
            )
        )


CAUTIOUS = Policy()
"""Nothing beyond the default."""
