"""Use case: the plan of a pull request, left where reviewers and its merge find it. A target is sent only GETs."""

from dataclasses import dataclass

from asstctl.core.errors import AsstctlError
from asstctl.core.pipeline import Outdated, PlanReport, Record
from asstctl.core.plan import Plan
from asstctl.core.ports import Forge
from asstctl.engine.planning.approval import approved_of
from asstctl.render import view
from asstctl.workspace.choices import DEFAULT, Choices
from asstctl.workspace.ci.approval import digests_approved, doubt_about
from asstctl.workspace.ci.modes import Mode
from asstctl.workspace.ci.out_folder import PLAN, OutFolder
from asstctl.workspace.ci.outdated import outdated
from asstctl.workspace.ci.records import FILE, record_json
from asstctl.workspace.ci.surroundings import Surroundings
from asstctl.workspace.ci.trust import Wanted
from asstctl.workspace.plan import plan
from asstctl.workspace.saved_plans import save_plan
from asstctl.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan for a pull request, and sentences about what stands in the way of its approval, or cannot be found out."""

    report: PlanReport
    warnings: tuple[str, ...] = ()


async def plan_here(workspace: Workspace, here: Surroundings, label: str, choices: Choices = DEFAULT) -> Planned:
    """The plan, beside the approvals that it went beyond."""
    made, place = await plan(workspace, choices), here.place(label)
    if here.pipeline is None or here.pull_request is None or here.mode is not Mode.PROPOSED:
        return Planned(PlanReport(made, place))
    wanted = Wanted(label, workspace.info, here.pull_request, here.pull_request.base)
    try:
        async with here.open() as forge:
            doubt = await doubt_about(forge, wanted, here.pipeline.run) if forge.can_keep else None
            # where runs leave no plans, nobody can say of which one an approval was
            beyond = await _outdated(forge, wanted, made) if forge.can_keep else ()
    except AsstctlError as error:
        return Planned(PlanReport(made, place), (f"what was approved before cannot be looked at: {error}",))
    lost = (f"after the merge this plan will not count as approved: {doubt.why}: {doubt.way_on}",) if doubt else ()
    return Planned(PlanReport(made, place, beyond), lost)


def leave(report: PlanReport, here: Surroundings, out: OutFolder) -> None:
    """Write the plan, its record and its pages."""
    made, place = report.plan, report.place
    run = here.pipeline.run if here.pipeline else ""
    record = Record(place.label, made.target.name, place.head, place.base, run, made.digest, approved_of(made))
    save_plan(made, out.file(PLAN))
    out.write(FILE, record_json(record))
    out.write("plan.md", view(made, "markdown")(made))
    out.write("plan.html", view(report, "html")(report))


async def _outdated(forge: Forge, wanted: Wanted, made: Plan) -> tuple[Outdated, ...]:
    reviews = await forge.reviews(wanted.pull_request.number)
    return outdated(reviews, await digests_approved(forge, wanted, reviews), made.digest)
