"""`latency: {max_seconds: n, first_token_seconds: n}`: how long it took, and until the first text came."""

from asstctl.conversation.checks.limits import Limit, limits_check
from asstctl.core.conversation import FailureKind
from asstctl.core.thread import Need


def _seconds(seconds: float) -> str:
    if seconds and seconds < 0.001:
        return f"{seconds:.6f}".rstrip("0").rstrip(".") + " s"
    return f"{round(seconds, 3):g} s"


LATENCY = limits_check(
    "latency",
    FailureKind.LATENCY,
    {
        "max_seconds": Limit(
            "The most seconds that it takes.",
            "seconds",
            lambda observed: observed.seconds,
            _seconds,
            lambda bound: f"take at most {bound}",
        ),
        "first_token_seconds": Limit(
            "The most seconds until the first text comes.",
            "first token",
            lambda observed: observed.first_token,
            _seconds,
            lambda bound: f"begin its reply within {bound}",
            unknown="no text came, or none while it was written",
            need=Need.STREAM,
        ),
    },
)
