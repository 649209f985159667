"""`tokens: {max: n, max_prompt: n, max_completion: n}`: what the runs used; judges count apart."""

from collections.abc import Callable

from asstctl.conversation.checks.limits import Limit, limits_check
from asstctl.conversation.observed import Observed
from asstctl.core.conversation import FailureKind
from asstctl.core.thread import Usage


def _singular(noun: str, shown: str) -> str:
    return noun.removesuffix("s") if shown == "1" else noun


def _limit(of: str, count: Callable[[Usage], int]) -> Limit:
    def measure(observed: Observed) -> float | None:
        return count(observed.usage) if observed.usage else None

    return Limit(
        f"The most {of}.",
        of,
        measure,
        lambda n: f"{n:,g}",
        lambda bound: f"use at most {bound} {_singular(of, bound)}",
        "the provider counts no tokens",
    )


TOKENS = limits_check(
    "tokens",
    FailureKind.BUDGET,
    {
        "max": _limit("tokens", lambda usage: usage.total_tokens),
        "max_prompt": _limit("prompt tokens", lambda usage: usage.prompt_tokens),
        "max_completion": _limit("completion tokens", lambda usage: usage.completion_tokens),
    },
)
