"""`asstctl plan`"""

import asyncio
from pathlib import Path
from typing import Any

import click

from asstctl.cli.options import choice_options, detailed_exitcode_option, format_option, shared_command
from asstctl.cli.session import Session
from asstctl.core.errors import WrongUsage
from asstctl.core.exit_codes import ExitCode
from asstctl.core.plan import Plan
from asstctl.core.plans import Drift
from asstctl.render import TEXT


@shared_command("plan", several_targets=True)
@choice_options
@click.option(
    "--all-targets",
    is_flag=True,
    envvar="ASSTCTL_ALL_TARGETS",
    help="Every target of the project file, side by side; -v shows each plan whole.",
)
@click.option("--drift-only", is_flag=True, envvar="ASSTCTL_DRIFT_ONLY", help="Only what was changed outside of git.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    envvar="ASSTCTL_OUT",
    help="Save the plan, to be approved and carried out with `apply FILE`.",
)
@detailed_exitcode_option
@format_option("Plan")
def command(
    session: Session,
    targets: tuple[str, ...],
    all_targets: bool,
    drift_only: bool,
    out: Path | None,
    detailed_exitcode: bool,
    form: str,
    **chosen: Any,
) -> ExitCode:
    """Show what apply would change, field by field. Sends nothing but reads.

    What was changed on a target outside of git is shown as drift, with the ways on. With several targets there is a
    row per address and a column per target.

    \b
    Examples:
      asstctl plan
      asstctl plan --target prod --only assistant.guagua
      asstctl plan --detailed-exitcode --format json
      asstctl plan --target prod --out plan.json
      asstctl plan --target staging --target prod
      asstctl plan --all-targets --drift-only --detailed-exitcode
    """
    from asstctl.workspace.choices import Choices
    from asstctl.workspace.plan import plan
    from asstctl.workspace.plans import drift, drifts, plans

    choices = Choices(**chosen)
    if all_targets and targets:
        raise WrongUsage("--all-targets and --target mean two things", hint="leave one of them out")
    names = tuple(session.workspace.project.targets) if all_targets else tuple(dict.fromkeys(targets))
    if out and (drift_only or len(names) > 1):
        raise WrongUsage("--out saves the whole plan of one target")
    if drift_only and (choices.prune or choices.overwrite_drift):
        raise WrongUsage("--drift-only looks and permits nothing", hint="leave --prune and --overwrite-drift out")
    if all_targets or len(names) > 1:
        workspaces = [session.workspace_of(name) for name in names]
        many = asyncio.run((drifts if drift_only else plans)(workspaces, choices))
        session.warnings(*workspaces)
        session.show(many, form)
        pending = detailed_exitcode and not many.is_empty
        return many.exit_code or (ExitCode.PENDING if pending else ExitCode.DONE)
    found: Plan | Drift
    if drift_only:
        found = asyncio.run(drift(session.workspace, choices))
    else:
        found = asyncio.run(plan(session.workspace, choices))
    session.warnings()
    session.show(found, form)
    if out and isinstance(found, Plan):
        _save(session, found, out, form)
    return ExitCode.PENDING if detailed_exitcode and not found.is_empty else ExitCode.DONE


def _save(session: Session, made: Plan, path: Path, form: str) -> None:
    from asstctl.render.plan import saved_text
    from asstctl.workspace.saved_plans import save_plan

    save_plan(made, path)
    text = saved_text(made, str(path), session.look)
    if form == TEXT:
        session.result(f"\n{text}")
    else:
        session.say(text)
