"""`asstctl adopt`"""

import shlex
from typing import Any

import click

from asstctl.cli import offers
from asstctl.cli.options import conduct_options, format_option, shared_command, yes_option
from asstctl.cli.session import Session
from asstctl.core.errors import WrongUsage
from asstctl.core.exit_codes import ExitCode
from asstctl.render import common_formats

MOST_SHOWN = 20
"""Objects for which the whole command is printed."""


@shared_command("adopt")
@click.argument("address", shell_complete=offers.address)
@click.argument("id", required=False)
@yes_option
@click.option(
    "--record",
    metavar="[FILE]",
    is_flag=False,
    flag_value="",
    default=None,
    help="Write it into a `kind: changes` file, for others to review, instead of doing it.",
)
@conduct_options
@format_option("Applied", "Inventory", "Pulled", of=common_formats)
def command(
    session: Session, address: str, id: str | None, yes: bool, record: str | None, form: str, **options: Any
) -> ExitCode:
    """Take over an object that bears no mark: from then on it is ours, as ADDRESS. Shows the plan and asks first.

    ADDRESS is one that the files declare; what differs from them is written with the mark. Without ID the objects
    that could be meant are listed. To begin with manifests for all of them: asstctl pull --all

    \b
    Examples:
      asstctl adopt assistant.guagua
      asstctl adopt assistant.guagua asst_abc123 --target prod
      asstctl adopt assistant.guagua asst_abc123 --record
    """
    import asyncio

    from asstctl.cli.applying import Conducting, run_apply
    from asstctl.workspace import adopt as use_case

    workspace = session.workspace
    meant = use_case.address_of(workspace, address)
    conducting = Conducting.taken_from(options, yes=yes, form=form)
    if id is None:
        if record is not None:
            raise WrongUsage("--record needs the id of the object", hint=f"asstctl adopt {meant} ID --record")
        found = asyncio.run(use_case.candidates(workspace, meant))
        session.show(found, form)
        session.say("To take one over:")
        for one in found.resources[:MOST_SHOWN]:
            session.remark(f"  {workspace.info.command(f'adopt {meant} {one.id}')}")
        return ExitCode.DONE
    typed = workspace.info.command(f"adopt {meant} {id}")
    if record is not None:
        from asstctl.cli.pulling import watching

        into = f" {shlex.quote(record)}" if record else ""
        watched = watching(session, yes=yes, form=form, typed=f"{typed} --record{into}")
        pulled = asyncio.run(use_case.record(workspace, meant, id, record, watched))
        session.show(pulled, form)
        return pulled.exit_code
    return run_apply(
        session,
        lambda conduct: use_case.adopt(workspace, meant, id, conduct),
        name="adopt",
        conducting=conducting,
        typed=typed,
    )
