"""`similar: text`, or `{to, min, judge}`: the reply means about the same, as a judge's embeddings measure it."""

from collections.abc import Mapping
from dataclasses import dataclass

from asstctl.conversation.checks.judge_values import DEFAULT_JUDGE, judged_shape, no_judged
from asstctl.conversation.checks.judged import JudgedCheck
from asstctl.core.json_text import json_text
from asstctl.core.json_types import Json

LIKE = 0.75
"""The cosine from which two texts count as similar, where the file says no other."""


@dataclass(frozen=True, slots=True)
class Similar:
    """What the reply is compared with. `minimum`: the least cosine of the two."""

    to: str
    minimum: float = LIKE
    judge: str = DEFAULT_JUDGE


def similar_of(value: Json) -> Similar:
    """A value of the operator, in both forms."""
    if not isinstance(value, Mapping):
        return Similar(str(value))
    return Similar(value["to"], value.get("min", LIKE), value.get("judge", DEFAULT_JUDGE))


SIMILAR = JudgedCheck(
    name="similar",
    says=lambda value: f"be similar to {json_text(similar_of(value).to)}",
    refuses=no_judged("to"),
    takes=judged_shape("to", "What the reply is compared with.", f"The least cosine; {LIKE} where nothing is said."),
)
