"""`asstctl list`"""

import click

from asstctl.cli.options import format_option, shared_command
from asstctl.cli.session import Session
from asstctl.render import formats


@shared_command("list")
@click.option("--ids", is_flag=True, envvar="ASSTCTL_IDS", help="Only addresses and ids, for applications.")
@format_option("Inventory", "Ids")
def command(session: Session, ids: bool, form: str) -> None:
    """List the assistants and vector stores of this project on a target, with their ids.

    \b
    Examples:
      asstctl list
      asstctl list --ids --format env > .assistants.env
    """
    import asyncio

    from asstctl.workspace import listing

    if not ids and form in formats("Inventory"):
        session.show(asyncio.run(listing.inventory(session.workspace)), form)
        return
    found = asyncio.run(listing.ids(session.workspace, as_variables=form == "env"))
    if found.missing:
        there = f"not on {found.target.name} yet: {', '.join(map(str, found.missing))}"
        session.say(f"{there} ({found.target.command('apply')})")
    session.show(found, form)
