"""`calls-count: {min: n, max: n}`: how many functions were called, whichever they were."""

from asstctl.conversation.checks.limits import Limit, limits_check
from asstctl.core.conversation import FailureKind


def _calls(count: float) -> str:
    return f"{count:g} call{'' if count == 1 else 's'}"


CALLS_COUNT = limits_check(
    "calls-count",
    FailureKind.BUDGET,
    {
        "min": Limit(
            "The fewest calls.",
            "calls",
            lambda observed: len(observed.calls),
            _calls,
            lambda bound: f"make at least {bound}",
            lowest=True,
        ),
        "max": Limit(
            "The most calls.",
            "calls",
            lambda observed: len(observed.calls),
            _calls,
            lambda bound: f"make at most {bound}",
        ),
    },
)
