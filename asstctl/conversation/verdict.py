"""The verdict on one turn: pure, from what happened to the failures, all of them at once."""

from collections.abc import Sequence

from asstctl.conversation.calls import check_calls
from asstctl.conversation.case import Turn
from asstctl.conversation.checks import CHECKS
from asstctl.core.conversation import CallMade, Failure, FailureKind


def is_slow(turn: Turn) -> bool:
    """Whether judging the turn may take seconds: a regex may, and an expected call may hold one."""
    return bool(turn.calls) or any(CHECKS[expected.operator].slow for expected in turn.expect)


def judge(turn: Turn, calls: Sequence[CallMade], reply: str) -> tuple[Failure, ...]:
    """Every expectation that a finished turn does not meet: calls first, for they explain the reply."""
    failures = list(check_calls(turn.calls, turn.call_mode, calls, turn.where))
    for expected in turn.expect:
        explained = CHECKS[expected.operator].explain(reply, expected.value)
        if explained:
            failures.append(Failure(FailureKind.TEXT, explained.message, (explained.mismatch,), expected.where))
    return tuple(failures)


def judge_stopped(turn: Turn, calls: Sequence[CallMade], unanswered: Sequence[Failure]) -> tuple[Failure, ...]:
    """Failures of a turn that ended at calls without an answer.

    What the file says of those very calls (forbidden, other arguments) is the better reason and comes
    first; that other calls did not come proves nothing, for the turn was stopped before they could.
    """
    stopped_at = {failure.call for failure in unanswered}
    kinds = {FailureKind.CALL_ARGS, FailureKind.CALL_UNEXPECTED}
    reasons = [
        failure
        for failure in check_calls(turn.calls, turn.call_mode, calls, turn.where)
        if failure.call in stopped_at and failure.kind in kinds
    ]
    said = {(reason.call, reason.kind) for reason in reasons}
    return (*reasons, *(failure for failure in unanswered if (failure.call, failure.kind) not in said))
