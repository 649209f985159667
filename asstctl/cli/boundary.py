"""The error boundary: every way a command can end becomes an exit code and one clear message.

The errors of `core` end in the session, which knows how its user wants things shown; what is left to this
module is click's own, Ctrl-C, and our bugs.
"""

import os
import sys
from collections.abc import Callable

import click

from asstctl.core.exit_codes import ExitCode


def exit_code_of(command: Callable[[], object]) -> int:
    """Run a command. Returns its code; DONE if it returns nothing."""
    try:
        code = command()
        sys.stdout.flush()
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.UsageError as error:
        return _usage(error)
    except click.ClickException as error:
        return _said(ExitCode.FAILED, f"error: {error.format_message()}")
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        return ExitCode.INTERRUPTED
    except Exception as error:  # the last resort: it says that it is our bug
        return _bug(error)
    return code if isinstance(code, int) else ExitCode.DONE


def _usage(error: click.UsageError) -> int:
    more = (f"  {error.ctx.get_usage()}", f"  Help: {error.ctx.command_path} --help") if error.ctx else ()
    return _said(ExitCode.USAGE, f"error[usage]: {error.format_message()}", *more)


def _bug(error: Exception) -> int:
    if os.environ.get("ASSTCTL_DEBUG"):
        import traceback

        _said(ExitCode.FAILED, *_without_secrets("".join(traceback.format_exception(error))).splitlines())
    return _said(
        ExitCode.FAILED,
        f"error[bug]: {type(error).__name__}: {_without_secrets(str(error))}",
        "  This is a bug in asstctl. Set ASSTCTL_DEBUG=1 to see where it happened.",
    )


def _without_secrets(text: str) -> str:
    """The words of a bug, which may hold anything, without what the environment's names call secret."""
    from asstctl.core.hidden import SHORTEST, Hidden, looks_secret

    return Hidden(
        *(value for name, value in os.environ.items() if looks_secret(name) and len(value) >= SHORTEST)
    ).out_of(text)


def _said(code: ExitCode, *lines: str) -> ExitCode:
    """Say each of these as one line: what a person typed, or an exception says, may hold anything."""
    from asstctl.render.escape import defused, visible

    for line in lines:
        click.echo(defused(visible(line)), err=True)
    return code
