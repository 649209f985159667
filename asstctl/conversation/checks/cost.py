"""`cost: {max_usd: n}`: what the runs cost by the prices of the project file; judges count apart."""

from asstctl.conversation.checks.limits import Limit, limits_check
from asstctl.core.conversation import FailureKind


def _dollars(amount: float) -> str:
    return "$" + f"{amount:.6f}".rstrip("0").rstrip(".")


COST = limits_check(
    "cost",
    FailureKind.BUDGET,
    {
        "max_usd": Limit(
            "The most US dollars.",
            "cost",
            lambda observed: observed.cost,
            _dollars,
            lambda bound: f"cost at most {bound}",
            "the price of its model is unknown; add it to `test.prices` in asstctl.yaml",
        ),
    },
)
