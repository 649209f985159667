"""`asstctl promote`"""

import os
import shlex
from typing import Any

import click

from asstctl.cli import offers
from asstctl.cli.options import (
    choice_options,
    conduct_options,
    expect_option,
    format_option,
    gate_options,
    shared_command,
    yes_option,
)
from asstctl.cli.session import Session
from asstctl.core.errors import WrongUsage
from asstctl.core.exit_codes import ExitCode


@shared_command("promote")
@click.option(
    "--from",
    "source",
    metavar="NAME",
    required=True,
    envvar="ASSTCTL_FROM",
    help="The target that has it already.",
    shell_complete=offers.target,
)
@click.option(
    "--to",
    "goal",
    metavar="NAME",
    required=True,
    envvar="ASSTCTL_TO",
    help="The target to bring it to.",
    shell_complete=offers.target,
)
@yes_option
@choice_options
@expect_option
@conduct_options
@gate_options
@format_option("Applied")
def command(
    session: Session, source: str, goal: str, yes: bool, expect: str | None, form: str, **options: Any
) -> ExitCode:
    """Bring a target to what another one holds. Shows the plan and asks first.

    The target --from must be exactly what your files say, so that what was tried there is what comes to --to, with
    the overlays and variables of --to.

    \b
    Examples:
      asstctl promote --from staging --to prod
      asstctl promote --from staging --to prod --only assistant.guagua --yes
    """
    from asstctl.cli.applying import Conducting, run_apply
    from asstctl.workspace.choices import Choices
    from asstctl.workspace.promote import promote
    from asstctl.workspace.saved_plans import agreement_of

    if session.shared.target not in (None, os.environ.get("ASSTCTL_TARGET")):
        raise WrongUsage("promote takes its targets from --from and --to", hint="leave --target out")
    conducting = Conducting.taken_from(options, yes=yes or bool(expect), form=form)
    choices = Choices(**options)
    agreement = agreement_of(None, expect)
    session.work_on(goal)
    return run_apply(
        session,
        lambda conduct: promote(session.workspace_of(source), session.workspace, conduct, choices, agreement),
        name="promote",
        conducting=conducting,
        options=choices.options,
        typed=session.typed(f"promote --from {shlex.quote(source)} --to {shlex.quote(goal)}"),
    )
