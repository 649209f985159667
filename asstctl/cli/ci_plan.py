"""`asstctl ci plan`"""

import asyncio
from pathlib import Path
from typing import Any

import click

from asstctl.cli.ci_validate import validated_instead
from asstctl.cli.options import choice_options, detailed_exitcode_option, format_option, shared_command
from asstctl.cli.pipelines import InPipeline, comment_option, place_options
from asstctl.cli.session import Session
from asstctl.core.exit_codes import ExitCode
from asstctl.core.plans import Contrast, PlanChanged
from asstctl.render import view


@shared_command("ci plan")
@choice_options
@place_options
@comment_option
@click.option(
    "--expect",
    metavar="DIGEST",
    envvar="ASSTCTL_EXPECT",
    help="Fail if the plan has another digest than this, `sha256:...`.",
)
@detailed_exitcode_option
@format_option("Plan")
def command(
    session: Session,
    label: str | None,
    out: Path | None,
    policy: str,
    expect: str | None,
    detailed_exitcode: bool,
    form: str,
    **chosen: Any,
) -> ExitCode:
    """Plan for a pull request, and say so there. A target is sent nothing but reads.

    The pull request gets one comment for each label, edited in place, with what an approval no longer fits. The plan,
    its pages and a record of it are left in DIR; kept as an artifact, that is what `ci apply` finds after the merge.
    For a pull request out of a fork the files are checked, and nothing is planned.

    \b
    Examples:
      asstctl ci plan --target prod
      asstctl ci plan --target prod --label production --comment changes
      asstctl ci plan --target prod --out ci/prod
    """
    from asstctl.workspace.choices import Choices
    from asstctl.workspace.ci.annotations import of_plan
    from asstctl.workspace.ci.outputs import plan_outputs
    from asstctl.workspace.ci.plan import leave, plan_here
    from asstctl.workspace.saved_plans import agreement_of

    choices = Choices(**chosen)
    with InPipeline(session, "plan", label=label, out=out, form=form, policy=policy) as run:
        agreement_of(None, expect)
        if run.is_fork:
            return validated_instead(session, run)
        planned = asyncio.run(plan_here(session.workspace, run.here, run.label, choices))
        report, made = planned.report, planned.report.plan
        session.warnings()
        session.show(made, form)
        leave(report, run.here, run.out)
        text = view(report, "markdown")(report)
        run.outputs(plan_outputs(made))
        run.annotate(of_plan(made))
        run.summary(view(made, "markdown")(made), text)
        run.comment(text, worth_it=not made.is_empty)
        run.warn(planned.warnings)
        if expect and expect != made.digest:
            raise PlanChanged(
                (Contrast("", "digest", expect, made.digest),),
                detail="nothing was sent but reads",
                hint=f"look at what it would do now: {made.target.command(f'plan{choices.options} -v')}",
                present=made.digest,
            )
    return ExitCode.PENDING if detailed_exitcode and not made.is_empty else ExitCode.DONE
