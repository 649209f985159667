"""The command line: thin commands over `workspace`, one file each.

This module is all that `--help` and completion import, so it holds click and a static table; everything
else is imported by the command that runs. Adding a command is one file and one line in COMMANDS.
"""

import importlib
import os
from collections.abc import Sequence

import click

from asstctl.cli.options import TALK, Shared, shared_options
from asstctl.cli.talk import Talk
from asstctl.core.suggest import nearest

COMMANDS = {
    "init": "Start a project in this folder.",
    "validate": "Check the files; sends nothing.",
    "fmt": "Give the files their one layout; sends nothing.",
    "plan": "Show what apply would change.",
    "apply": "Make the target match the files.",
    "promote": "Bring a target to what another one holds.",
    "test": "Talk to the assistants and check how they behave.",
    "test merge": "Join the results of several runs into one.",
    "test import": "Write what was said in a thread as a conversation test.",
    "test gc": "Remove what tests that were killed left on a target.",
    "chat": "Talk to an assistant on the terminal.",
    "list": "List assistants and vector stores with their ids.",
    "show": "Show one of them in full, as it is live.",
    "explain": "Say where a value comes from, and what is live of it.",
    "pull": "Bring what was changed on a target into the files.",
    "adopt": "Take over an object that nobody owns.",
    "migrate": "Make a project of what was saved of the Assistants API.",
    "serve": "Serve the local assistants to programs of yours.",
    "undo": "Take back what an earlier apply did.",
    "destroy": "Delete what this project owns on a target.",
    "ci": "What a pipeline does around a pull request.",
    "ci validate": "Check the files, and show what is wrong at their lines.",
    "ci plan": "Plan for a pull request, and say so there.",
    "ci test": "Have conversations for a pull request, and say there how they went.",
    "ci apply": "Apply what was approved with the pull request that was merged.",
    "ci drift": "Find what was changed on targets outside of git.",
    "doctor": "Say what keeps the project and its targets from working.",
    "schema": "Print the JSON Schema of what you write, for editors.",
    "schema function": "Make a function's manifest of a Python function.",
    "completion": "Print the completion script of a shell.",
}
"""Every command with its line of help; the module of the same name in this package holds it.

Of two words the second is a command only directly behind the first: `test gc` is one, `test ./gc` names a file.
"""


class Commands(click.Group):
    """A group that imports a command only when it runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        # a shell completes one word; and `list` is a module of this package once that command ran
        return [name for name in COMMANDS if " " not in name]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"asstctl.cli.{cmd_name.replace(' ', '_')}")
        assert isinstance(module.command, click.Command)
        return module.command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if (two := " ".join(args[:2])) in COMMANDS and len(args) > 1:
            return two, self.get_command(ctx, two), args[2:]
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = nearest(args[0], COMMANDS)
            hint = f" Did you mean `{near}`?" if near else " See `asstctl --help`."
            raise click.UsageError(f"there is no command `{args[0]}`.{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([*COMMANDS.items()])


EPILOG = """\b
A first session, with no key and no network:
  asstctl init
  asstctl plan
  asstctl apply
  asstctl test
"""


@click.group(cls=Commands, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "-V", "--version", is_flag=True, is_eager=True, expose_value=False, callback=lambda c, _, v: _version(c, v)
)
@shared_options
@click.pass_context
def cli(ctx: click.Context, /, **values: object) -> None:
    """Terraform for AI assistants: YAML in git, plan, apply, and conversation tests."""
    ctx.meta[TALK] = ctx.obj or Talk()
    ctx.obj = Shared.typed(ctx, values)


def _version(ctx: click.Context, wanted: bool) -> None:
    if wanted:
        import platform

        from asstctl._version import __version__

        click.echo(f"asstctl {__version__} (Python {platform.python_version()})")
        ctx.exit()


def run(arguments: Sequence[str]) -> int:
    """Run one command. Returns its exit code; every error ends here, said on stderr."""
    from asstctl.cli.boundary import exit_code_of

    talk, words = Talk.meant(arguments, os.environ), [*arguments] or ["--help"]
    return exit_code_of(lambda: cli.main(args=words, prog_name="asstctl", standalone_mode=False, obj=talk), talk)
