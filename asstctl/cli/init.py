"""`asstctl init`"""

import click

from asstctl.cli.options import shared_command
from asstctl.cli.session import Session
from asstctl.core.exit_codes import ExitCode


@shared_command("init")
@click.option(
    "--from",
    "source",
    metavar="PATH|TARGET",
    default="",
    envvar="ASSTCTL_FROM",
    help="Begin with what was saved of the Assistants API, or with what a target of the project file holds.",
)
def command(session: Session, source: str) -> ExitCode:
    """Start a project in this folder: one assistant, one conversation, ready to apply and test.

    With them come schemas for your editor, a pipeline that checks each pull request, and a line in .gitignore. Where
    manifests are there already only the rest is written; nothing is ever overwritten.

    --from brings the assistants of JSON files that somebody saved, as `asstctl migrate` does, or those that a target
    holds, as `asstctl pull --all` does.

    \b
    Examples:
      asstctl init
      mkdir my-project && asstctl -C my-project init
      asstctl init --from saved/
      asstctl init --from prod
    """
    import asyncio
    from pathlib import Path

    from asstctl.render import TEXT
    from asstctl.workspace.init import init, init_from, shown_once

    started = asyncio.run(init_from(session.workspace, source)) if source else init(Path.cwd())
    for name in shown_once(started.written):
        session.result(f"  + {name}")
    if started.unchecked:
        session.say(started.unchecked)
    if started.brought:
        session.show(started.brought, TEXT)
        return started.brought.exit_code
    session.say(f"Next: asstctl plan, then asstctl apply{', then asstctl test' if started.talks else ''}")
    return ExitCode.DONE
