"""`timeout: 5` beside an answer that runs code: how many seconds one call may take."""

from collections.abc import Mapping

from asstctl.conversation.shapes import Shape, means
from asstctl.conversation.stubs.kind import StubSource
from asstctl.core.diagnostic import Diagnostic, error

KEY = "timeout"
SECONDS = 10.0
"""How long one call may take that says nothing else."""

LONGEST = 600.0


BESIDE: Mapping[str, Shape] = {
    KEY: means(
        f"Seconds that one call may take; {SECONDS:g} where nothing is said.",
        {"type": ["number", "null"], "exclusiveMinimum": 0, "maximum": LONGEST},
    )
}
"""The key, and what its value looks like."""


def read_seconds(source: StubSource) -> float | Diagnostic:
    """The time limit that stands beside `source`, or the usual one."""
    written = source.beside(KEY)
    value = written.value
    if value is None:
        return SECONDS
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= LONGEST:
        hint = f"a number from above 0 to {LONGEST:g}; {SECONDS:g} without it"
        return error("stub-shape", "`timeout` is not a number of seconds", written.where, hint=hint)
    return float(value)
