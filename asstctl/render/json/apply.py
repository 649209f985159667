"""apply (and destroy): the plan and every outcome, in the plan's order.

apply  target approved exit_code interrupted counts{applied failed skipped unknown refreshed}
       outcomes[{address action status refresh remote_id seconds detail hint request_id}] warnings[]
       plan: as `plan` prints it
       gate: as `test` prints it | null
"""

from asstctl.core.outcome import Applied, ApplyReport, Outcome, OutcomeStatus
from asstctl.core.suite import SuiteResult
from asstctl.render.json.plan import plan_content
from asstctl.render.json.shared import Object, document, target_object
from asstctl.render.json.test import case_object, suite_object


def applied_json(applied: Applied) -> str:
    """What came of a plan; of one that was not approved, no outcome."""
    report = applied.report or ApplyReport(())
    counts = {str(status): len(report.with_status(status)) for status in OutcomeStatus}
    return document(
        "apply",
        target=target_object(applied.plan.target),
        approved=applied.report is not None,
        exit_code=int(applied.exit_code),
        interrupted=report.interrupted,
        counts={**counts, "refreshed": report.refreshed},
        outcomes=[_outcome(outcome) for outcome in report.outcomes],
        warnings=list(report.warnings),
        plan=plan_content(applied.plan),
        gate=_gate(applied.gate) if applied.gate else None,
    )


def _gate(suite: SuiteResult) -> Object:
    """How the conversations of a gate went."""
    return {**suite_object(suite), "cases": [case_object(case) for case in suite.cases]}


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
