"""What pipelines leave for people: plans, conversations, drift and refusals beside their pull request."""

from dataclasses import replace

from asstctl.core.pipeline import AppliedReport, DriftReport, Outdated, Place, PlanReport, SuiteReport
from tests.render import samples
from tests.render.showcase import SHOWCASE

RUN = "https://github.com/agiclass/assistants/actions/runs/4711"
PLACE = Place("staging", "1a2b3c4d" * 5, "5e6f7a8b" * 5, RUN, "asstctl-staging")
PLAN = replace(samples.PLANS["plan-update"], digest="sha256:" + "ab" * 32)
OUTDATED = (Outdated("anna", "9c" * 20, "sha256:" + "12" * 32), Outdated("ben", "7d" * 20, ""))

REPORTS = {
    "report-plan": PlanReport(PLAN, PLACE),
    "report-plan-outdated": PlanReport(PLAN, PLACE, OUTDATED[:1]),
    "report-plan-outdated-twice": PlanReport(samples.PLANS["plan-nothing"], replace(PLACE, run_url=""), OUTDATED),
    "report-test": SuiteReport(samples.SUITES["test-failed"], PLACE),
    "report-applied": AppliedReport(samples.REPORTS["apply-troubled"], PLACE),
    "report-refused": AppliedReport(
        None,
        PLACE,
        "the plan is no longer the one that was approved",
        "asstctl plan --target staging --out plan.json",
        samples.CONTRASTS,
    ),
    "report-drift": DriftReport(samples.BESIDE["plans-drift"], PLACE),
}
EVERY_REPORT = (
    PlanReport(replace(PLAN, changes=tuple(c for p in samples.PLANS.values() for c in p.changes)), PLACE, OUTDATED),
    SuiteReport(SHOWCASE, PLACE),
    REPORTS["report-applied"],
    REPORTS["report-refused"],
    DriftReport(samples.BESIDE["plans"], PLACE),
    REPORTS["report-drift"],
)
"""Reports that reach every branch of their renderers."""
