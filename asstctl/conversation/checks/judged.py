"""JudgedCheck: an operator that a model decides (`similar`, `rubric`).

It stands in the table of operators, so that files, suggestions and docs know it. `judging` asks the model, after
everything else of the turn has passed; nothing here does.
"""

from dataclasses import dataclass

from asstctl.conversation.checks.check import Operator
from asstctl.core.conversation import FailureKind


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedCheck(Operator):
    """Everything about it is an Operator's: `sentence(subject, value)` says what was expected, `negated` which answer
    is the good one."""

    kind: FailureKind = FailureKind.JUDGE_NO
