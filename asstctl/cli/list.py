"""`asstctl list`"""

import click

from asstctl.cli.options import format_option, shared_command
from asstctl.cli.session import Session


@shared_command("list")
@click.option("--ids", is_flag=True, envvar="ASSTCTL_IDS", help="Only addresses and ids, for applications.")
@format_option("text", "json", "env")
def command(session: Session, ids: bool, form: str) -> None:
    """List the assistants of this project on a target, with their ids.

    \b
    Examples:
      asstctl list
      asstctl list --ids --format env > .assistants.env
    """
    import asyncio

    from asstctl.render import json, tables
    from asstctl.workspace.listing import inventory

    found = asyncio.run(inventory(session.workspace))
    rows = [
        tables.ListedRow(
            one.address,
            str(one.fields.get("name") or ""),
            one.live.id if one.live else "",
            str(one.fields.get("model") or ""),
            one.status,
            one.live.created_at if one.live else None,
        )
        for one in found.resources
    ]
    target = found.target.name
    if not ids and form != "env":
        session.result(json.list_json(rows, target) if form == "json" else tables.list_text(rows, target, session.look))
        return
    there = [row for row in rows if row.id]
    if missing := [str(row.address) for row in rows if not row.id]:
        session.say(f"not on {target} yet: {', '.join(missing)} ({found.target.command('apply')})")
    match form:
        case "env":
            session.result(tables.ids_env(there))
        case "json":
            session.result(json.ids_json(there, target))
        case _:
            session.result(tables.ids_text(there, session.look))
