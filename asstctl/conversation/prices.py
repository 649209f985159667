"""What was used, in US dollars, where a project says prices. What is unknown stays unknown, and is never 0."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from asstctl.core.price import Price
from asstctl.core.thread import Usage

_DATED = re.compile(r"(.+)-(?:\d{4}-\d{2}-\d{2}|\d{8})")
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Used:
    """What one request used, and the model that answered it."""

    model: str
    usage: Usage | None


def price_of(model: str, prices: Mapping[str, Price]) -> Price | None:
    """The price of a model by its name, or by its name without the date of a version."""
    dated = _DATED.fullmatch(model)
    return prices.get(model) or (prices.get(dated[1]) if dated else None)


def cost_of(usage: Usage | None, model: str, prices: Mapping[str, Price]) -> float | None:
    """What it cost; None where usage or price is not known."""
    price = price_of(model, prices)
    if usage is None or price is None:
        return None
    return (usage.prompt_tokens * price.input + usage.completion_tokens * price.output) / _MILLION


def usage_of(used: Iterable[Used]) -> Usage | None:
    """All tokens together, as far as they are known; None where none are."""
    known = [one.usage for one in used if one.usage is not None]
    return sum(known[1:], known[0]) if known else None


def total_cost(used: Iterable[Used], prices: Mapping[str, Price]) -> float | None:
    """All costs together; None where one of them is not known, or nothing was used."""
    costs = [cost_of(one.usage, one.model, prices) for one in used]
    known = [cost for cost in costs if cost is not None]
    return sum(known) if known and len(known) == len(costs) else None
