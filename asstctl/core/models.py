"""Models: which one an assistant names, and what an account says of those that it may use."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from asstctl.core.address import Address
from asstctl.core.diagnostic import Where

Offered = Mapping[str, date | None]
"""The models that an account may use, each with the day on which it ends, where that is announced."""


@dataclass(frozen=True, slots=True)
class ModelUse:
    """The model of one assistant on one target, and the line that says so."""

    address: Address
    model: str
    where: Where
