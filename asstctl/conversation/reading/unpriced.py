"""Limits in dollars that nobody can measure: the model of an assistant has no price in the project file. Pure.

It is said of a file before anything is played. Which model answers is known for certain only then, so that a model
without a price is a warning; a budget of a project without any price at all can never be kept.
"""

from collections.abc import Iterable, Iterator, Mapping

from asstctl.conversation.case import Case
from asstctl.conversation.checks.check import NOT
from asstctl.conversation.checks.cost import COST
from asstctl.conversation.prices import price_of
from asstctl.core.diagnostic import Diagnostic, Where, error, warning
from asstctl.core.price import Price

_BUDGET = "cost_usd"


def unpriced(models: Iterable[str], prices: Mapping[str, Price]) -> tuple[str, ...]:
    """Those of the models that have no price, sorted."""
    return tuple(sorted({model for model in models if price_of(model, prices) is None}))


def written_as(models: Iterable[str]) -> str:
    """What to write to the project file, on one line."""
    return "`test: {prices: {" + ", ".join(f"{one}: {{input: USD, output: USD}}" for one in models) + "}}`"


def check_prices(
    cases: Iterable[Case], prices: Mapping[str, Price], models: Mapping[str, str]
) -> tuple[Diagnostic, ...]:
    """Each limit in dollars whose model has no price. `models` are those of the assistants."""
    found: dict[tuple[Where, str], set[str]] = {}
    for case in cases:
        model = case.overrides.get("model") or models.get(case.assistant)
        if isinstance(model, str) and price_of(model, prices) is None:
            for limit in _limits(case):
                found.setdefault(limit, set()).add(model)
    return tuple(_said(where, what, sorted(those), prices) for (where, what), those in found.items())


def _limits(case: Case) -> Iterator[tuple[Where, str]]:
    """Where a conversation limits its cost, and by which key."""
    if case.budget is not None and case.budget.cost is not None and case.budget.where is not None:
        yield case.budget.where, _BUDGET
    for part in (*case.turns, *([case.closing] if case.closing else ())):
        for expectation in part.expect:
            if expectation.operator.removeprefix(NOT) == COST.name:
                yield expectation.where, expectation.operator


def _said(where: Where, what: str, models: list[str], prices: Mapping[str, Price]) -> Diagnostic:
    write = f"write to asstctl.yaml, for a million tokens: {written_as(models)}"
    if what == _BUDGET and not prices:
        summary = f"`{what}` needs prices, and asstctl.yaml has none"
        return error("no-prices", summary, where, hint=f"{write}; or limit `tokens`")
    names = " and ".join(f"`{model}`" for model in models)
    summary = f"`{what}` cannot be measured: {names} {'has' if len(models) == 1 else 'have'} no price"
    return warning("no-prices", summary, where, hint=write)
