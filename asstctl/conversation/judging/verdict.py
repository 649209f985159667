"""The verdict on one turn, or on a whole conversation: pure, from what happened to the failures, all of them at once.

Two steps, in this order: `judge` for everything that needs nobody's opinion, and only if it finds nothing, the
expectations that `for_judges` names, which `judging` puts to a model.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from asstctl.conversation.case import Closing, Expectation, Turn
from asstctl.conversation.checks import CHECKS
from asstctl.conversation.checks.check import Check
from asstctl.conversation.checks.judged import JudgedCheck
from asstctl.conversation.checks.run import RUN
from asstctl.conversation.judging.calls import check_calls
from asstctl.conversation.observed import COMPLETED, Observed
from asstctl.core.conversation import CallMade, Failure, FailureKind
from asstctl.core.json_types import EMPTY, JsonObject

Schemas = Mapping[str, JsonObject]
"""The parameters of each function, as the JSON Schema that the assistant was given."""


def is_slow(expected: Turn | Closing) -> bool:
    """Whether `judge` may take seconds: a regex may, and an expected call may hold one."""
    return bool(expected.calls) or any(CHECKS[one.operator].slow for one in expected.expect)


def expects_end(expected: Turn | Closing) -> bool:
    """Whether it says how its run ends, so that a run that ends otherwise than completed may be what is wanted."""
    return any(one.operator == RUN.name for one in expected.expect)


def for_judges(expected: Turn | Closing) -> tuple[Expectation, ...]:
    """The expectations that a model decides."""
    return tuple(one for one in expected.expect if isinstance(CHECKS[one.operator], JudgedCheck))


def judge(expected: Turn | Closing, observed: Observed, *, schemas: Schemas = EMPTY) -> tuple[Failure, ...]:
    """Every expectation that was not met, in the order of the file: calls first, for they explain the reply.

    A run that did not complete, where nothing was said of its end, is the only failure: it explains everything else.
    `expected` is filled (`late.filled`). Of a `Closing`, `observed` is the whole conversation; its failures name no
    call, for there is no one turn to find it in. `schemas` only make explanations better.
    """
    whole = isinstance(expected, Closing)
    if observed.status != COMPLETED and not whole and not expects_end(expected):
        reason = f": {observed.error}" if observed.error else ""
        return (Failure(FailureKind.RUN_STATUS, f"the run ended as {observed.status}{reason}", where=expected.where),)
    failures = list(check_calls(expected.calls, expected.call_mode, observed.calls, expected.where, schemas=schemas))
    if whole:
        failures = [replace(failure, call=None) for failure in failures]
    for one in expected.expect:
        check = CHECKS[one.operator]
        explained = check.explain(observed, one.value, whole=whole) if isinstance(check, Check) else None
        if explained:
            failures.append(Failure(check.kind, explained.message, explained.mismatches, one.where))
    return tuple(failures)


def judge_stopped(
    turn: Turn, calls: Sequence[CallMade], unanswered: Sequence[Failure], *, schemas: Schemas = EMPTY
) -> tuple[Failure, ...]:
    """Failures of a turn that ended at calls without an answer.

    What the file says of those very calls (forbidden, other arguments) is the better reason and comes
    first; that other calls did not come proves nothing, for the turn was stopped before they could.
    """
    stopped_at = {failure.call for failure in unanswered}
    kinds = {FailureKind.CALL_ARGS, FailureKind.CALL_UNEXPECTED}
    reasons = [
        failure
        for failure in check_calls(turn.calls, turn.call_mode, calls, turn.where, schemas=schemas)
        if failure.call in stopped_at and failure.kind in kinds
    ]
    said = {(reason.call, reason.kind) for reason in reasons}
    return (*reasons, *(failure for failure in unanswered if (failure.call, failure.kind) not in said))
