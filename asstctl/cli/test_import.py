"""`asstctl test import`"""

import click

from asstctl.cli.options import shared_command
from asstctl.cli.session import Session


@shared_command("test import")
@click.argument("thread")
@click.option(
    "--into",
    metavar="FILE",
    default="",
    envvar="ASSTCTL_INTO",
    help="A new file that ends in .convo.yaml. Default: named after the thread.",
)
@click.option(
    "--assistant",
    metavar="KEY",
    default="",
    envvar="ASSTCTL_ASSISTANT",
    help="Whose conversation it is to be, where the project declares several.",
)
def command(session: Session, thread: str, into: str, assistant: str) -> None:
    """Write what was said in a thread as a conversation test.

    Messages become turns, calls are expected with their arguments, outputs become stubs; replies are kept beside, and
    nothing is expected of them. What was said is written as it is: look at it before you commit it.

    \b
    Examples:
      asstctl test import thread_abc123
      asstctl test import thread_abc123 --target prod --assistant guagua --into assistants/refund.convo.yaml
    """
    import asyncio

    from asstctl.cli.new_conversation import say_written
    from asstctl.workspace.conversations.import_thread import import_thread

    say_written(session, asyncio.run(import_thread(session.workspace, thread, into=into, assistant=assistant)))
