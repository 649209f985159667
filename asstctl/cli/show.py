"""`asstctl show`"""

import click

from asstctl.cli.options import format_option, shared_command
from asstctl.cli.session import Session


@shared_command("show")
@click.argument("address")
@format_option("Shown")
def command(session: Session, address: str, form: str) -> None:
    """Show one assistant or vector store in full, as it is live on a target, with the files that it holds.

    \b
    Examples:
      asstctl show assistant.guagua
      asstctl show guagua --target prod --format json
      asstctl show vector_store.handbook
    """
    import asyncio

    from asstctl.workspace.listing import shown

    session.show(asyncio.run(shown(session.workspace, address)), form)
