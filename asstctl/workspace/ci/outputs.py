"""What later steps of a pipeline are told: names and texts. Pure."""

from collections.abc import Mapping

from asstctl.core.change import Action, BlockCode, FieldState
from asstctl.core.outcome import Applied, OutcomeStatus
from asstctl.core.plan import Plan
from asstctl.core.plans import Drift, Plans

_OUTSIDE = (FieldState.DRIFT, FieldState.CONFLICT)
_COUNTED = {Action.CREATE: "to-create", Action.DELETE: "to-delete"}
"""What is neither made nor gone afterwards is updated."""


def plan_outputs(plan: Plan) -> Mapping[str, str]:
    """What is to be said of a plan. Each pending change is counted once."""
    names = [_COUNTED.get(change.action, "to-update") for change in plan.pending]
    return {
        "changes": _truth(bool(plan.pending)),
        "drift": _truth(has_drift(plan)),
        "plan-digest": plan.digest,
        **{name: str(names.count(name)) for name in ("to-create", "to-update", "to-delete")},
        "blocked": str(len(plan.blocked)),
    }


def has_drift(plan: Plan) -> bool:
    """Whether anything of it was changed outside of git, whether that is written over or not."""
    blocks = (change.block for change in plan.changes if change.block)
    fields = (field for change in plan.changes for field in change.fields)
    return any(block.code is BlockCode.DRIFT for block in blocks) or any(one.state in _OUTSIDE for one in fields)


def drift_outputs(drifts: Plans) -> Mapping[str, str]:
    """Whether anything was changed outside of git on any target that answered."""
    return {"drift": _truth(any(isinstance(one.found, Drift) and not one.found.is_empty for one in drifts.targets))}


def failure_reason(applied: Applied) -> str:
    """Why an apply did not do all that it was to do, in a word for scripts; empty where it did."""
    if applied.is_held:
        return "gate-closed"
    if applied.report is None:
        return "not-approved"
    if applied.report.interrupted:
        return "interrupted"
    statuses = {outcome.status for outcome in applied.report.outcomes}
    if statuses & {OutcomeStatus.FAILED, OutcomeStatus.SKIPPED}:
        return "apply-failed"
    return "unknown-outcome" if OutcomeStatus.UNKNOWN in statuses else ""


def _truth(value: bool) -> str:
    return "true" if value else "false"
