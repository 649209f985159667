"""test: every conversation with its whole transcript.

test     target replies instructions_exercised seconds interrupted exit_code counts{status: n}
         cases[{assistant id status where seconds skipped failure turns[turn]}] warnings[] left_behind[]
turn     number status user calls[{name arguments output}] reply failures[failure] seconds tokens where
failure  kind message error call where mismatches[{path expected actual}]
"""

from asstctl.core.conversation import CaseResult, Failure, Status, TurnResult
from asstctl.core.suite import SuiteResult
from asstctl.render.json.shared import Object, document, target_object, where_object


def suite_json(suite: SuiteResult) -> str:
    """The whole run."""
    return document(
        "test",
        target=target_object(suite.target),
        replies=suite.replies,
        instructions_exercised=suite.instructions_exercised,
        seconds=round(suite.seconds, 3),
        interrupted=suite.interrupted,
        exit_code=int(suite.exit_code),
        counts={str(status): suite.count(status) for status in Status},
        cases=[_case(case) for case in suite.cases],
        warnings=list(suite.warnings),
        left_behind=list(suite.left_behind),
    )


def _case(case: CaseResult) -> Object:
    return {
        "assistant": case.assistant,
        "id": case.id,
        "status": str(case.status),
        "where": where_object(case.where),
        "seconds": round(case.seconds, 3),
        "skipped": case.skipped,
        "failure": _failure(case.failure) if case.failure else None,
        "turns": [_turn(turn) for turn in case.turns],
    }


def _turn(turn: TurnResult) -> Object:
    return {
        "number": turn.number,
        "status": str(turn.status),
        "user": turn.user,
        "calls": [{"name": c.name, "arguments": c.arguments, "output": c.output} for c in turn.calls],
        "reply": turn.reply,
        "failures": [_failure(failure) for failure in turn.failures],
        "seconds": round(turn.seconds, 3),
        "tokens": turn.tokens,
        "where": where_object(turn.where),
    }


def _failure(failure: Failure) -> Object:
    return {
        "kind": str(failure.kind),
        "message": failure.message,
        "error": failure.kind.is_error,
        "call": failure.call,
        "where": where_object(failure.where),
        "mismatches": [{"path": m.path, "expected": m.expected, "actual": m.actual} for m in failure.mismatches],
    }
