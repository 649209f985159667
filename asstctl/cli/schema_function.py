"""`asstctl schema function`"""

from pathlib import Path

import click

from asstctl.cli.options import shared_command
from asstctl.cli.session import Session
from asstctl.core.exit_codes import ExitCode


@shared_command("schema function")
@click.argument("function", metavar="FILE.py:NAME")
@click.option("--out", metavar="FILE", envvar="ASSTCTL_OUT", help="Write it into this file of the project.")
@click.option("--check", is_flag=True, envvar="ASSTCTL_CHECK", help="Write nothing; exit 1 if the file says otherwise.")
@click.option(
    "--strict/--no-strict",
    default=True,
    show_default=True,
    envvar="ASSTCTL_STRICT_FUNCTION",
    help="Require every argument; those with a default may be null.",
)
@click.option("--key", metavar="KEY", envvar="ASSTCTL_KEY", help="What assistants name it by. Default: its name.")
def command(session: Session, function: str, out: str | None, check: bool, strict: bool, key: str | None) -> ExitCode:
    """Make the manifest of a function from the signature and the docstring of a Python function.

    The source is read, and nothing of it is imported or run. NAME may be Class.method. Of a file that is there, only
    what comes from the source is changed.

    \b
    Examples:
      asstctl schema function tools/orders.py:get_order
      asstctl schema function tools/orders.py:get_order --out assistants/functions/get_order.yaml
      asstctl schema function tools/orders.py:get_order --out assistants/functions/get_order.yaml --check
    """
    from asstctl.core.errors import Refused, WrongUsage
    from asstctl.workspace.function_schema import difference, function_schema, write_function

    made = function_schema(Path.cwd(), function, key=key, strict=strict)
    if made.warnings:
        session.diagnostics(made.warnings)
    if out is None:
        if check:
            raise WrongUsage("--check compares a file", hint="name it: --out FILE")
        session.result(made.text)
        return ExitCode.DONE
    if not check:
        written = write_function(Path.cwd(), out, made)
        session.remark(f"Wrote {out}." if written else f"{out} is up to date.")
        return ExitCode.DONE
    if differs := difference(Path.cwd(), out, made):
        options = "" if strict else " --no-strict"
        options += "" if key is None else f" --key {key}"
        raise Refused(
            f"{out} is not what {function} says",
            detail=differs,
            hint=session.typed(f"schema function {function} --out {out}{options}"),
        )
    session.remark(f"{out} is up to date.")
    return ExitCode.DONE
