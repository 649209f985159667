"""`asstctl show`"""

import click

from asstctl.cli.options import format_option, shared_command
from asstctl.cli.session import Session


@shared_command("show")
@click.argument("address")
@format_option("text", "json")
def command(session: Session, address: str, form: str) -> None:
    """Show one assistant in full, as it is live on a target.

    \b
    Examples:
      asstctl show assistant.guagua
      asstctl show guagua --target prod --format json
    """
    import asyncio

    from asstctl.render import json, tables
    from asstctl.workspace.listing import resource

    target, one = asyncio.run(resource(session.workspace, address))
    shown = tables.ShownResource(
        one.address,
        one.live.id if one.live else "",
        target.name,
        one.status,
        one.live.created_at if one.live else None,
        one.fields,
    )
    session.result(json.show_json(shown) if form == "json" else tables.show_text(shown, session.look))
