"""What the command line reads from the environment, by name: every option's variable, and the one that is no option."""

from collections.abc import Mapping

import click

from asstctl.cli import COMMANDS, cli


def read_names() -> Mapping[str, str]:
    """The variables, and the options that they set. Imports every command."""
    context = click.Context(cli)
    commands = [command for name in COMMANDS if (command := cli.get_command(context, name)) is not None]
    found = {"ASSTCTL_DEBUG": "traces of bugs"}
    for command in (cli, *commands):
        for option in command.params:
            names = [option.envvar] if isinstance(option.envvar, str) else option.envvar or ()
            for name in names:
                found.setdefault(name, max(option.opts, key=len))
    return found
