"""plan over several targets: what was found on each, in the order they were named.

plans  exit_code empty targets[{name target | null plan | drift | error}]
       plan, drift, error: as their own documents hold them
"""

from asstctl.core.plan import Plan
from asstctl.core.plans import Drift, Plans, TargetPlan
from asstctl.render.json.drift import drift_content
from asstctl.render.json.error import error_content
from asstctl.render.json.plan import plan_content
from asstctl.render.json.shared import Object, document, target_object


def plans_json(plans: Plans) -> str:
    """Every target with its plan, its drift, or why there is neither."""
    return document(
        "plans",
        exit_code=int(plans.exit_code),
        empty=plans.is_empty,
        targets=[_one(one) for one in plans.targets],
    )


def _one(one: TargetPlan) -> Object:
    match one.found:
        case Plan() as plan:
            return {"name": one.name, "target": target_object(plan.target), "plan": plan_content(plan)}
        case Drift() as drift:
            return {"name": one.name, "target": target_object(drift.target), "drift": drift_content(drift)}
    assert one.error is not None
    return {"name": one.name, "target": None, "error": error_content(one.error)}
