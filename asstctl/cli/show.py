"""`asstctl show`"""

import click

from asstctl.cli.options import format_option, shared_command
from asstctl.cli.session import Session


@shared_command("show")
@click.argument("address")
@format_option("Shown")
def command(session: Session, address: str, form: str) -> None:
    """Show one assistant in full, as it is live on a target.

    \b
    Examples:
      asstctl show assistant.guagua
      asstctl show guagua --target prod --format json
    """
    import asyncio

    from asstctl.workspace.listing import shown

    session.show(asyncio.run(shown(session.workspace, address)), form)
