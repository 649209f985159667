"""What is used costs what the project says, and what is unknown stays unknown."""

from collections.abc import Sequence

import pytest

from asstctl.conversation.prices import Used, cost_of, total_cost, usage_of
from asstctl.core.price import Price
from asstctl.core.thread import Usage

PRICES = {
    "gpt-4o": Price(2.5, 10),
    "gpt-4o-2024-05-13": Price(5, 15),
    "claude": Price(3, 15),
    "free": Price(0, 0),
}
MILLION = Usage(1_000_000, 1_000_000)


@pytest.mark.parametrize(
    "usage, model, cost",
    [
        (MILLION, "gpt-4o", 12.5),
        (Usage(1000, 100), "gpt-4o", 0.0035),
        (MILLION, "gpt-4o-2024-08-06", 12.5),
        (MILLION, "gpt-4o-2024-05-13", 20.0),
        (MILLION, "claude-20250219", 18.0),
        (MILLION, "gpt-4o-mini", None),
        (MILLION, "gpt-4o-mini-2024-07-18", None),
        (MILLION, "gpt-4o-0806", None),
        (MILLION, "", None),
        (None, "gpt-4o", None),
        (MILLION, "free", 0.0),
        (Usage(0, 0), "unheard-of", None),
    ],
)
def test_a_model_costs_what_its_name_says(usage: Usage | None, model: str, cost: float | None) -> None:
    """The exact name first, then the name without its date."""
    assert cost_of(usage, model, PRICES) == cost


@pytest.mark.parametrize(
    "used, cost, tokens",
    [
        ([], None, None),
        ([Used("gpt-4o", MILLION), Used("claude", MILLION)], 30.5, 4_000_000),
        ([Used("gpt-4o", MILLION), Used("unheard-of", MILLION)], None, 4_000_000),
        ([Used("gpt-4o", MILLION), Used("gpt-4o", None)], None, 2_000_000),
        ([Used("free", None)], None, None),
    ],
)
def test_a_sum_is_known_only_if_all_of_it_is(used: Sequence[Used], cost: float | None, tokens: int | None) -> None:
    usage = usage_of(used)

    assert total_cost(used, PRICES) == cost
    assert (usage.total_tokens if usage else None) == tokens
