"""`rubric: text`, or `{says, min, judge, confirm_fail}`: the reply is as the text says, as a judge finds."""

from collections.abc import Mapping
from dataclasses import dataclass

from asstctl.conversation.checks.judge_values import DEFAULT_JUDGE, judged_shape, no_judged
from asstctl.conversation.checks.judged import JudgedCheck
from asstctl.conversation.shapes import means
from asstctl.core.json_text import json_text
from asstctl.core.json_types import Json

GOOD = 0.7
"""The score from which a reply is as it should be, where the file says no other."""

MOST_VERDICTS = 9


@dataclass(frozen=True, slots=True)
class Rubric:
    """What the reply is held against. `minimum`: the least score.

    `confirm_fail`: of so many verdicts most must be against the reply, once the first one is.
    """

    says: str
    minimum: float = GOOD
    judge: str = DEFAULT_JUDGE
    confirm_fail: int = 1


def rubric_of(value: Json) -> Rubric:
    """A value of the operator, in both forms."""
    if not isinstance(value, Mapping):
        return Rubric(str(value))
    return Rubric(
        value["says"], value.get("min", GOOD), value.get("judge", DEFAULT_JUDGE), value.get("confirm_fail", 1)
    )


def _no_count(value: Json) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_VERDICTS:
        return f"is no number of verdicts from 1 to {MOST_VERDICTS}"
    return None if value % 2 else f"is even, and {value // 2} against {value // 2} decides nothing: make it odd"


RUBRIC = JudgedCheck(
    name="rubric",
    says=lambda value: f"fulfil {json_text(rubric_of(value).says)}",
    refuses=no_judged("says", confirm_fail=_no_count),
    takes=judged_shape(
        "says",
        "What must be true of the reply.",
        f"The least score; {GOOD} where nothing is said.",
        confirm_fail=means(
            "Of so many verdicts most must be against the reply, once the first one is.",
            {"enum": list(range(1, MOST_VERDICTS + 1, 2))},
        ),
    ),
)
