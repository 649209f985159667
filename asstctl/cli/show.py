"""`asstctl show`"""

import click

from asstctl.cli import offers
from asstctl.cli.options import format_option, shared_command
from asstctl.cli.session import Session


@shared_command("show")
@click.argument("address", shell_complete=offers.address)
@click.option(
    "--offline",
    is_flag=True,
    envvar="ASSTCTL_OFFLINE",
    help="Send nothing: show what the files say for the target.",
)
@format_option("Shown")
def command(session: Session, address: str, offline: bool, form: str) -> None:
    """Show one assistant or vector store in full, as it is live on a target, with the files that it holds.

    Of an assistant also where its instructions differ from those of the files, word by word, and an estimate of how
    many tokens instructions and tools take.

    \b
    Examples:
      asstctl show assistant.guagua
      asstctl show guagua --target prod --format json
      asstctl show vector_store.handbook
      asstctl show guagua --target prod --offline
    """
    import asyncio

    from asstctl.workspace.listing import shown

    session.show(asyncio.run(shown(session.workspace, address, offline=offline)), form)
