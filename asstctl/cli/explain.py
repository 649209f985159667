"""`asstctl explain`"""

import click

from asstctl.cli import offers
from asstctl.cli.options import format_option, shared_command
from asstctl.cli.session import Session
from asstctl.core.exit_codes import ExitCode


@shared_command("explain")
@click.argument("address", metavar="ADDRESS[.FIELD]", shell_complete=offers.address)
@click.option(
    "--offline",
    is_flag=True,
    envvar="ASSTCTL_OFFLINE",
    help="Send nothing: say what the files and git know.",
)
@format_option("Explanation")
def command(session: Session, address: str, offline: bool, form: str) -> ExitCode:
    """Say where a value comes from: which file, line, default, overlay or variable made it what it is on a target,
    and what that overrides; since which git revision; what is live, and what the next apply does. Sends only reads.

    Exits 3 where the target did not answer; what the files say is shown all the same.

    \b
    Examples:
      asstctl explain assistant.guagua
      asstctl explain guagua.temperature --target prod
      asstctl explain guagua.tools.function.ask_database.parameters --offline
      asstctl explain function.ask_database --format json
    """
    import asyncio

    from asstctl.workspace.explain.explanation import explain

    found = asyncio.run(explain(session.workspace, address, offline=offline))
    session.warnings()
    session.show(found, form)
    return found.exit_code
