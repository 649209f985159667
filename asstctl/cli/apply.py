"""`asstctl apply`"""

import click

from asstctl.cli.options import (
    allow_same_name_option,
    format_option,
    only_option,
    overwrite_drift_option,
    shared_command,
    yes_option,
)
from asstctl.cli.session import Session
from asstctl.core.exit_codes import ExitCode


@shared_command("apply")
@yes_option
@only_option
@overwrite_drift_option
@allow_same_name_option
@click.option(
    "--parallelism",
    type=click.IntRange(1, 64),
    default=8,
    show_default=True,
    envvar="ASSTCTL_PARALLELISM",
    help="How many changes are made at once.",
)
@format_option("Applied")
def command(
    session: Session,
    yes: bool,
    only: tuple[str, ...],
    overwrite_drift: tuple[str, ...],
    allow_same_name: tuple[str, ...],
    parallelism: int,
    form: str,
) -> ExitCode:
    """Make the target match the files. Shows the plan and asks first.

    What was changed on the target outside of git blocks its assistant until you say which side wins.

    \b
    Examples:
      asstctl apply
      asstctl apply --yes --target prod
      asstctl apply --overwrite-drift assistant.guagua.temperature
    """
    from asstctl.cli.applying import run_apply
    from asstctl.workspace.apply import apply
    from asstctl.workspace.plan import Choices

    choices = Choices(only, overwrite_drift, allow_same_name)
    return run_apply(
        session,
        lambda conduct: apply(session.workspace, conduct, choices),
        name="apply",
        yes=yes,
        form=form,
        parallelism=parallelism,
    )
