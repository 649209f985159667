"""`asstctl ci`"""

import click

from asstctl.cli import COMMANDS
from asstctl.cli.options import shared_command
from asstctl.cli.session import Session
from asstctl.core.errors import WrongUsage
from asstctl.core.suggest import nearest

_WORDS = {name.removeprefix("ci "): line for name, line in COMMANDS.items() if name.startswith("ci ")}


@shared_command("ci")
@click.argument(
    "words",
    nargs=-1,
    metavar="WORD",
    shell_complete=lambda ctx, param, typed: [] if ctx.params["words"] else [w for w in _WORDS if w.startswith(typed)],
)
def command(session: Session, words: tuple[str, ...]) -> None:
    """What a pipeline does around a pull request. Each word is a command of its own, with help of its own.

    \b
    Examples:
      asstctl ci validate
      asstctl ci plan --target prod --comment changes
      asstctl ci test --target staging --candidate --affected
      asstctl ci apply --target prod
      asstctl ci drift --all-targets
    """
    if words:
        near = nearest(words[0], _WORDS)
        hint = f"did you mean ci {near}?" if near else f"there are {', '.join(_WORDS)}"
        raise WrongUsage(f"there is no `ci {words[0]}`", hint=hint)
    for word, line in _WORDS.items():
        session.result(f"asstctl ci {word:<9} {line}")
    session.result("asstctl ci WORD --help says more.")
