"""`asstctl pull`"""

import shlex

import click

from asstctl.cli import offers
from asstctl.cli.options import format_option, shared_command, yes_option
from asstctl.cli.session import Session
from asstctl.core.errors import WrongUsage
from asstctl.core.exit_codes import ExitCode


@shared_command("pull")
@click.argument("addresses", nargs=-1, metavar="[ADDRESS[.FIELD]]...", shell_complete=offers.address)
@yes_option
@click.option("--check", "--diff", is_flag=True, help="Show the edits, and write nothing.")
@click.option("--ours", is_flag=True, help="Where both sides changed a field, keep the file's.")
@click.option("--theirs", is_flag=True, help="Where both sides changed a field, take the live one.")
@click.option("--overlay", is_flag=True, help="Write into `targets:` of the manifest, for this target alone.")
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help="Write manifests for every object that bears no mark, and a file that adopts them.",
)
@click.option("--into", metavar="DIR", help="With --all: the folder of the new files. Default: assistants")
@format_option("Pulled")
def command(
    session: Session,
    addresses: tuple[str, ...],
    yes: bool,
    check: bool,
    ours: bool,
    theirs: bool,
    overlay: bool,
    everything: bool,
    into: str | None,
    form: str,
) -> ExitCode:
    """Bring what was changed on a target into the files. Shows the edits and asks first.

    Comments, quotes and the order of keys stay. What a template or a shared file makes is reported with its line, and
    not written. The target is not changed: the next apply refreshes the marks there.

    \b
    Examples:
      asstctl pull --check
      asstctl pull
      asstctl pull assistant.guagua.temperature --target prod
      asstctl pull assistant.guagua --theirs
      asstctl pull --all --target prod
    """
    import asyncio

    from asstctl.cli.pulling import watching
    from asstctl.workspace.pull import Wanted, check_sides, pull

    if everything and (addresses or ours or theirs or overlay):
        raise WrongUsage("--all goes with --into alone", hint="asstctl pull --all --into assistants")
    if into is not None and not everything:
        raise WrongUsage("--into goes with --all", hint="asstctl pull --all --into assistants")

    given = {"--ours": ours, "--theirs": theirs, "--overlay": overlay, "--all": everything}
    words = ["pull", *addresses, *(name for name, is_given in given.items() if is_given)]
    typed = session.workspace.info.command(shlex.join([*words, *(["--into", into] if into else [])]))
    watched = watching(session, yes=yes, form=form, typed=typed, only_look=check)
    if everything:
        from asstctl.workspace.pull_all import pull_all

        pulled = asyncio.run(pull_all(session.workspace, into or "", watched))
    else:
        session.warnings()
        wanted = Wanted(addresses, check_sides(ours=ours, theirs=theirs), overlay)
        pulled = asyncio.run(pull(session.workspace, wanted, watched))
    session.show(pulled, form)
    if pulled.edits and not pulled.written and not check:
        session.say("Nothing was written.")
    return pulled.exit_code
