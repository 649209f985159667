"""`asstctl plan`"""

import asyncio

from asstctl.cli.options import (
    allow_same_name_option,
    detailed_exitcode_option,
    format_option,
    only_option,
    overwrite_drift_option,
    shared_command,
)
from asstctl.cli.session import Session
from asstctl.core.exit_codes import ExitCode


@shared_command("plan")
@only_option
@overwrite_drift_option
@allow_same_name_option
@detailed_exitcode_option
@format_option("Plan")
def command(
    session: Session,
    only: tuple[str, ...],
    overwrite_drift: tuple[str, ...],
    allow_same_name: tuple[str, ...],
    detailed_exitcode: bool,
    form: str,
) -> ExitCode:
    """Show what apply would change, field by field. Sends nothing but reads.

    \b
    Examples:
      asstctl plan
      asstctl plan --target prod --only assistant.guagua
      asstctl plan --detailed-exitcode --format json
    """
    from asstctl.workspace.plan import Choices, plan

    made = asyncio.run(plan(session.workspace, Choices(only, overwrite_drift, allow_same_name)))
    session.warnings()
    session.show(made, form)
    return ExitCode.PENDING if detailed_exitcode and not made.is_empty else ExitCode.DONE
