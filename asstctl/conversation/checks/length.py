"""`length: {min_chars: n, max_chars: n}`: how long the reply is, in characters."""

from asstctl.conversation.checks.check import REPLY
from asstctl.conversation.checks.limits import Limit, limits_check
from asstctl.core.conversation import FailureKind


def _characters(count: float) -> str:
    return f"{count:,g} character{'' if count == 1 else 's'}"


LENGTH = limits_check(
    "length",
    FailureKind.TEXT,
    {
        "min_chars": Limit(
            "The fewest characters.",
            "length",
            lambda observed: len(observed.reply),
            _characters,
            lambda bound: f"have at least {bound}",
            lowest=True,
        ),
        "max_chars": Limit(
            "The most characters.",
            "length",
            lambda observed: len(observed.reply),
            _characters,
            lambda bound: f"have at most {bound}",
        ),
    },
    subject=REPLY,
)
