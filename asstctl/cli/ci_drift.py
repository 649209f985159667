"""`asstctl ci drift`"""

import asyncio
from pathlib import Path

import click

from asstctl.cli.ci_validate import validated_instead
from asstctl.cli.options import format_option, only_option, shared_command
from asstctl.cli.pipelines import InPipeline, place_options
from asstctl.cli.session import Session
from asstctl.core.errors import WrongUsage
from asstctl.core.exit_codes import ExitCode
from asstctl.core.pipeline import DriftReport
from asstctl.core.plans import Drift, Plans
from asstctl.render import TEXT, view


@shared_command("ci drift", several_targets=True)
@click.option("--all-targets", is_flag=True, envvar="ASSTCTL_ALL_TARGETS", help="Every target of the project file.")
@only_option
@place_options
@format_option("Plans")
def command(
    session: Session,
    targets: tuple[str, ...],
    all_targets: bool,
    only: tuple[str, ...],
    label: str | None,
    out: Path | None,
    form: str,
) -> ExitCode:
    """Find what was changed on targets outside of git, and fail where anything was. Sends nothing but reads.

    Each change is shown with the commands that bring it into the files, or write over it.

    \b
    Examples:
      asstctl ci drift
      asstctl ci drift --target staging --target prod
      asstctl ci drift --all-targets --out ci/drift
    """
    from asstctl.workspace.choices import Choices
    from asstctl.workspace.ci.annotations import of_drift
    from asstctl.workspace.ci.outputs import drift_outputs
    from asstctl.workspace.plans import drifts

    several = "all" if all_targets else "-".join(targets)
    with InPipeline(session, "drift", label=label or several[:64] or None, out=out, form=form) as run:
        if all_targets and targets:
            raise WrongUsage("--all-targets and --target mean two things", hint="leave one of them out")
        if run.is_fork:
            return validated_instead(session, run)
        project = session.workspace.project
        names = tuple(project.targets) if all_targets else tuple(dict.fromkeys(targets)) or (project.default_target,)
        workspaces = [session.workspace_of(name) for name in names]
        found = asyncio.run(drifts(workspaces, Choices(only=only)))
        session.warnings(*workspaces)
        _show(session, found, form)
        report = DriftReport(found, run.place)
        text = view(report, "markdown")(report)
        run.out.write("drift.json", view(found, "json")(found))
        run.out.write("drift.md", text)
        run.out.write("drift.html", view(report, "html")(report))
        run.outputs(drift_outputs(found))
        run.annotate(
            one for target in found.targets if isinstance(target.found, Drift) for one in of_drift(target.found)
        )
        run.summary(text)
        code = found.exit_code or (ExitCode.DONE if found.is_empty else ExitCode.FAILED)
        if code is not ExitCode.DONE:
            run.outputs({"failure-reason": "drift" if not found.exit_code else "no-answer"})
        return code


def _show(session: Session, found: Plans, form: str) -> None:
    """Each target whole: a nightly check is read where something is wrong."""
    if form != TEXT:
        session.show(found, form)
        return
    for one in found.targets:
        if one.found is not None:
            session.show(one.found, form)
        elif one.error is not None:
            session.failed(one.error)
