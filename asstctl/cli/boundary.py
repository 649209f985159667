"""The error boundary: every way a command can end becomes an exit code and one clear message."""

import os
import sys
from collections.abc import Callable

import click

from asstctl.core.errors import AsstctlError, WrongUsage
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
        return _failed(AsstctlError(error.format_message()))
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # whoever read stdout has seen enough; Python must not complain about it at exit either
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.DONE
    except AsstctlError as error:
        return _failed(error)
    except Exception as error:  # the last resort: it says that it is our bug
        return _bug(error)
    return code if isinstance(code, int) else ExitCode.DONE


def _usage(error: click.UsageError) -> int:
    from asstctl.render.escape import visible

    click.echo(f"error[usage]: {visible(error.format_message())}", err=True)
    if error.ctx is not None:
        click.echo(f"  {error.ctx.get_usage()}\n  Help: {error.ctx.command_path} --help", err=True)
    return ExitCode.USAGE


def _failed(error: AsstctlError) -> int:
    from asstctl.render.errors import error_text
    from asstctl.render.style import look_for

    click.echo(error_text(error, look_for(sys.stderr)), err=True, nl=False, color=True)
    return ExitCode.USAGE if isinstance(error, WrongUsage) else error.exit_code


def _bug(error: Exception) -> int:
    if os.environ.get("ASSTCTL_DEBUG"):
        import traceback

        traceback.print_exception(error)
    from asstctl.render.escape import visible

    click.echo(f"error[bug]: {type(error).__name__}: {visible(str(error))}", err=True)
    click.echo("  This is a bug in asstctl. Set ASSTCTL_DEBUG=1 to see where it happened.", err=True)
    return ExitCode.FAILED
