"""`asstctl init`"""

from asstctl.cli.options import shared_command
from asstctl.cli.session import Session


@shared_command("init")
def command(session: Session) -> None:
    """Start a project in this folder: one assistant, one conversation, ready to apply and test.

    \b
    Examples:
      asstctl init
      mkdir my-project && asstctl -C my-project init
    """
    from pathlib import Path

    from asstctl.workspace.init import init

    started = init(Path.cwd())
    for name in started.written:
        session.result(f"  + {name}")
    session.say("Next: asstctl plan, then asstctl apply, then asstctl test")
