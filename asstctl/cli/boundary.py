"""The error boundary: every way a command can end becomes an exit code and one clear message.

The errors of `core` end in the session, which knows how its user wants things shown; what is left to this
module is click's own, Ctrl-C, and our bugs.
"""

import errno
import os
import sys
from collections.abc import Callable

import click

from asstctl.cli.talk import Talk
from asstctl.core.exit_codes import ExitCode

_STUCK = frozenset({errno.ENOSPC, errno.EBADF, errno.EIO})
"""Errors of a stream, which has no file name, that takes no more: those of help and of what is left to flush."""


def exit_code_of(command: Callable[[], object], talk: Talk | None = None) -> int:
    """Run a command, whose errors are said in this talk. Returns its code; DONE if it returns nothing."""
    talk = talk or Talk()
    with talk.alone():
        code = _code_of(command, talk)
    talk.ended(code)
    return code


def _code_of(command: Callable[[], object], talk: Talk) -> int:
    try:
        code = command()
        sys.stdout.flush()
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.UsageError as error:
        return _usage(error, talk)
    except click.ClickException as error:
        talk.broken("failed", ExitCode.FAILED, error.format_message())
        return ExitCode.FAILED
    except (click.Abort, KeyboardInterrupt):
        talk.broken("interrupted", ExitCode.INTERRUPTED, "Interrupted.", heading="")
        return ExitCode.INTERRUPTED
    except OSError as error:
        if error.errno not in _STUCK or error.filename is not None:
            return _bug(error, talk)
        talk.unheard(error)
        return ExitCode.FAILED
    except Exception as error:  # the last resort: it says that it is our bug
        return _bug(error, talk)
    return code if isinstance(code, int) else ExitCode.DONE


def _usage(error: click.UsageError, talk: Talk) -> int:
    usage = error.ctx.get_usage() if error.ctx else ""
    hint = f"Help: {error.ctx.command_path} --help" if error.ctx else ""
    heading = "error[usage]: "
    talk.broken("usage", ExitCode.USAGE, error.format_message(), detail=usage, hint=hint, heading=heading)
    return ExitCode.USAGE


def _bug(error: Exception, talk: Talk) -> int:
    detail = ""
    if os.environ.get("ASSTCTL_DEBUG"):
        import traceback

        detail = _without_secrets("".join(traceback.format_exception(error)))
    summary = f"{type(error).__name__}: {_without_secrets(str(error))}"
    hint = "This is a bug in asstctl. Set ASSTCTL_DEBUG=1 to see where it happened."
    talk.broken("bug", ExitCode.FAILED, summary, detail=detail, hint=hint, heading="error[bug]: ")
    return ExitCode.FAILED


def _without_secrets(text: str) -> str:
    """The words of a bug, which may hold anything, without what the environment's names call secret."""
    from asstctl.core.hidden import SHORTEST, Hidden, looks_secret

    return Hidden(
        *(value for name, value in os.environ.items() if looks_secret(name) and len(value) >= SHORTEST)
    ).out_of(text)
