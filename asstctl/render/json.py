"""Results as JSON: the same facts as the text, for programs. One function per result.

Every document is an object whose first key is `schema`, `asstctl/NAME/v1`; keys are only ever added under
a version. Keys stand in a fixed order. A value that is absent (at its default, not declared) has no key,
so that it can be told from null. Acting characters are written in JSON's escapes. No document holds what
`apply` sends or how the mark is written: only what a person would see.

    plan      target{name provider wire place project local replies default} revision empty
              counts{…} marks_to_refresh changes[change] notes[]
    change    address kind key name action pending reason remote_id where refresh protect depends_on[]
              unchanged fields[{name state overwritten before? after? details[{path before? after?}] where}]
              block{code reason ways[{text command}]} | null
    apply     target exit_code interrupted counts{applied failed skipped unknown refreshed}
              outcomes[{address action status refresh remote_id seconds detail hint request_id}] warnings[]
    test      target replies instructions_exercised seconds interrupted exit_code counts{status: n}
              cases[{assistant id status where seconds skipped failure turns[turn]}] warnings[] left_behind[]
    turn      number status user calls[{name arguments output}] reply failures[failure] seconds tokens
    failure   kind message error call where mismatches[{path expected actual}]
    validate  valid files counts{error warning note} found{noun: n} diagnostics[diagnostic]
    diagnostic severity code summary detail hint where
    list      target rows[{address name id model status created_at}]
    ids       target ids{address: id}
    show      address id target status created_at fields{…}
    error     code summary detail hint exit_code status? request_id? diagnostics?[]
    where     {path line column length} | null
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from asstctl.core.change import Absent, Block, Change, FieldChange
from asstctl.core.conversation import CaseResult, Failure, Status, SuiteResult, TurnResult
from asstctl.core.diagnostic import Diagnostic, Severity, Where
from asstctl.core.errors import AsstctlError, InvalidInput, ProviderError
from asstctl.core.json_types import Json
from asstctl.core.outcome import ApplyReport, Outcome, OutcomeStatus
from asstctl.core.plan import Plan, TargetInfo
from asstctl.render.escape import json_safe
from asstctl.render.tables import ListedRow, ShownResource
from asstctl.render.values import plain

Object = dict[str, Any]


def plan_json(plan: Plan) -> str:
    """Every change, those that keep an object included."""
    return _document(
        "plan",
        target=_target(plan.target),
        revision=plan.revision,
        empty=plan.is_empty,
        counts=dict(plan.counts),
        marks_to_refresh=len(plan.stale_marks),
        changes=[_change(change) for change in plan.changes],
        notes=list(plan.notes),
    )


def apply_json(report: ApplyReport, target: TargetInfo) -> str:
    """Every outcome, in the plan's order."""
    counts = {str(status): len(report.with_status(status)) for status in OutcomeStatus}
    return _document(
        "apply",
        target=_target(target),
        exit_code=int(report.exit_code),
        interrupted=report.interrupted,
        counts={**counts, "refreshed": report.refreshed},
        outcomes=[_outcome(outcome) for outcome in report.outcomes],
        warnings=list(report.warnings),
    )


def suite_json(suite: SuiteResult) -> str:
    """Every conversation with its whole transcript."""
    return _document(
        "test",
        target=suite.target,
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


def validation_json(diagnostics: Iterable[Diagnostic], files: int, found: Mapping[str, int]) -> str:
    """What `validate` found; the arguments are those of `diagnostics.validation_text`."""
    shown = tuple(diagnostics)
    counts = {str(severity): sum(d.severity is severity for d in shown) for severity in Severity}
    return _document(
        "validate",
        valid=not counts[Severity.ERROR],
        files=files,
        counts=counts,
        found=dict(found),
        diagnostics=[_diagnostic(diagnostic) for diagnostic in shown],
    )


def list_json(rows: Sequence[ListedRow], target: str) -> str:
    """What is on a target."""
    return _document("list", target=target, rows=[_row(row) for row in rows])


def ids_json(rows: Sequence[ListedRow], target: str) -> str:
    """Ids by address, for applications."""
    return _document("ids", target=target, ids={str(row.address): row.id for row in rows if row.address})


def show_json(shown: ShownResource) -> str:
    """One object in full."""
    return _document(
        "show",
        address=str(shown.address),
        id=shown.id,
        target=shown.target,
        status=shown.status,
        created_at=shown.created_at,
        fields=dict(shown.fields),
    )


def error_json(error: AsstctlError) -> str:
    """The error that stopped a command, in place of its result."""
    more: Object = {}
    if isinstance(error, ProviderError):
        more = {"status": error.status, "request_id": error.request_id}
    if isinstance(error, InvalidInput):
        more = {"diagnostics": [_diagnostic(diagnostic) for diagnostic in error.diagnostics]}
    return _document(
        "error",
        code=error.code,
        summary=error.summary,
        detail=error.detail,
        hint=error.hint,
        exit_code=int(error.exit_code),
        **more,
    )


def _document(name: str, **content: Any) -> str:
    document = {"schema": f"asstctl/{name}/v1", **content}
    return json_safe(json.dumps(document, ensure_ascii=False, indent=2, default=plain)) + "\n"


def _target(target: TargetInfo) -> Object:
    return {
        "name": target.name,
        "provider": target.provider,
        "wire": target.wire,
        "place": target.place,
        "project": target.project,
        "local": target.local,
        "replies": target.replies,
        "default": target.default,
    }


def _where(where: Where | None) -> Object | None:
    if where is None:
        return None
    return {"path": where.path, "line": where.line, "column": where.column, "length": where.length}


def _sides(before: Json | Absent, after: Json | Absent) -> Object:
    return {name: value for name, value in (("before", before), ("after", after)) if not isinstance(value, Absent)}


def _change(change: Change) -> Object:
    return {
        "address": str(change.address),
        "kind": change.address.kind,
        "key": change.address.key,
        "name": change.name,
        "action": str(change.action),
        "pending": change.pending,
        "reason": change.reason,
        "remote_id": change.remote_id,
        "where": _where(change.where),
        "refresh": change.refresh,
        "protect": change.protect,
        "depends_on": [str(address) for address in change.depends_on],
        "unchanged": change.unchanged,
        "fields": [_field(field) for field in change.fields],
        "block": _block(change.block) if change.block else None,
    }


def _field(field: FieldChange) -> Object:
    details = [{"path": detail.path, **_sides(detail.before, detail.after)} for detail in field.details]
    return {
        "name": field.name,
        "state": str(field.state),
        "overwritten": field.overwritten,
        **_sides(field.before, field.after),
        "details": details,
        "where": _where(field.where),
    }


def _block(block: Block) -> Object:
    ways = [{"text": way.text, "command": way.command} for way in block.ways]
    return {"code": str(block.code), "reason": block.reason, "ways": ways}


def _outcome(outcome: Outcome) -> Object:
    return {
        "address": str(outcome.address),
        "action": str(outcome.action),
        "status": str(outcome.status),
        "refresh": outcome.refresh,
        "remote_id": outcome.remote_id,
        "seconds": round(outcome.seconds, 3),
        "detail": outcome.detail,
        "hint": outcome.hint,
        "request_id": outcome.request_id,
    }


def _case(case: CaseResult) -> Object:
    return {
        "assistant": case.assistant,
        "id": case.id,
        "status": str(case.status),
        "where": _where(case.where),
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
        "where": _where(turn.where),
    }


def _failure(failure: Failure) -> Object:
    return {
        "kind": str(failure.kind),
        "message": failure.message,
        "error": failure.kind.is_error,
        "call": failure.call,
        "where": _where(failure.where),
        "mismatches": [{"path": m.path, "expected": m.expected, "actual": m.actual} for m in failure.mismatches],
    }


def _diagnostic(diagnostic: Diagnostic) -> Object:
    return {
        "severity": str(diagnostic.severity),
        "code": diagnostic.code,
        "summary": diagnostic.summary,
        "detail": diagnostic.detail,
        "hint": diagnostic.hint,
        "where": _where(diagnostic.where),
    }


def _row(row: ListedRow) -> Object:
    return {
        "address": str(row.address) if row.address else None,
        "name": row.name,
        "id": row.id,
        "model": row.model,
        "status": row.status,
        "created_at": row.created_at,
    }
