"""Retirements: the days on which models are known to end, from the dated file beside this module.

The file names every model that it means, its dated snapshots (`gpt-4o-2024-08-06`) too: members of one family end on
different days, so that nothing follows from how a name begins. It is read when a model is first looked up.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

FILE = "model_retirements.json"


@dataclass(frozen=True, slots=True)
class Retirement:
    """The end of a model. `as_of` is the day on which this was known, None where the account itself says so now."""

    on: date
    by: str
    as_of: date | None = None


def retirement_of(model: str) -> Retirement | None:
    """When a model ends, as far as the file knows."""
    return _known().get(model)


@cache
def _known() -> Mapping[str, Retirement]:
    text = resources.files(__package__).joinpath(FILE).read_text("utf-8")
    return dict(_read(json.loads(text)))


def _read(document: Mapping[str, Any]) -> Iterable[tuple[str, Retirement]]:
    as_of = date.fromisoformat(document["as_of"])
    for one in document["retirements"]:
        retirement = Retirement(date.fromisoformat(one["on"]), document["by"], as_of)
        yield from ((name, retirement) for name in one["names"])
