"""`asstctl validate`"""

import click

from asstctl.cli.options import format_option, shared_command
from asstctl.cli.session import Session
from asstctl.core.exit_codes import ExitCode


@shared_command("validate")
@format_option("Validation")
@click.option("--strict", is_flag=True, envvar="ASSTCTL_STRICT", help="Warnings are errors.")
def command(session: Session, form: str, strict: bool) -> ExitCode:
    """Check project file, manifests and conversations. Sends nothing.

    \b
    Examples:
      asstctl validate
      asstctl validate --target prod --strict
    """
    from asstctl.workspace.validate import validate

    found = validate(session.workspace, strict=strict)
    session.show(found, form)
    return ExitCode.FAILED if found.failed else ExitCode.DONE
