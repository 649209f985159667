"""`asstctl test gc`"""

import click

from asstctl.cli.options import format_option, shared_command
from asstctl.cli.session import Session
from asstctl.core.exit_codes import ExitCode


@shared_command("test gc")
@click.option(
    "--all",
    "every",
    is_flag=True,
    help="Also what was kept on purpose, and what runs of other machines left less than a day ago: only where none of "
    "them is going on.",
)
@format_option("Swept")
def command(session: Session, every: bool, form: str) -> ExitCode:
    """Remove what tests that were killed left on a target: threads, copies of assistants, vector stores, files.

    Each run of `asstctl test` writes down what it makes before it makes it, and removes all of it at its end. Of runs
    that are dead this removes what they had no time for. It asks nothing, because it deletes only what tests made. It
    leaves alone what a run that still goes on is using, and what was kept on purpose: with --keep-failed, `cleanup:
    never` or `cleanup: on-pass`, or by `chat --keep`.

    \b
    Examples:
      asstctl test gc
      asstctl test gc --target staging
      asstctl test gc --all --format json
    """
    import asyncio

    from asstctl.workspace.conversations.gc import gc

    swept = asyncio.run(gc(session.workspace, every=every))
    session.show(swept, form)
    if swept.spared:
        again = swept.target.command("test gc --all", named=2)
        session.remark(f"To remove what may be of other machines too: {again}")
    return swept.exit_code
