"""`asstctl completion`"""

import click

from asstctl.cli.options import shared_command
from asstctl.cli.session import Session

SHELLS = ("bash", "zsh", "fish", "powershell")


@shared_command("completion")
@click.argument("shell", type=click.Choice(SHELLS))
def command(session: Session, shell: str) -> None:
    """Print the completion script of a shell.

    \b
    Examples:
      asstctl completion bash > ~/.local/share/bash-completion/completions/asstctl
      asstctl completion zsh > "${fpath[1]}/_asstctl"
      asstctl completion fish > ~/.config/fish/completions/asstctl.fish
      asstctl completion powershell >> $PROFILE
    """
    from click.shell_completion import get_completion_class

    from asstctl.cli import cli

    found = get_completion_class(shell)
    assert found is not None
    session.result(found(cli, {}, "asstctl", "_ASSTCTL_COMPLETE").source())
