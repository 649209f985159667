"""`asstctl schema`"""

import shlex
from pathlib import Path

import click

from asstctl.cli.options import shared_command
from asstctl.cli.session import Session
from asstctl.core.exit_codes import ExitCode


@shared_command("schema")
@click.argument("name", required=False)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    envvar="ASSTCTL_OUT",
    help="Write them as files into this folder; a project keeps them in .schemas.",
)
@click.option("--check", is_flag=True, envvar="ASSTCTL_CHECK", help="Write nothing; exit 1 if one is not up to date.")
def command(session: Session, name: str | None, out: Path | None, check: bool) -> ExitCode:
    """Print the JSON Schema (draft-07) of what you write, for editors.

    NAME is project, manifest, conversation, replies or stubs; all of them without one, for --out. A file names its
    schema in its first line, relative to itself.

    \b
    Examples:
      asstctl schema manifest
      asstctl schema --out .schemas
      asstctl schema --out .schemas --check
      asstctl schema function tools/orders.py:get_order --out assistants/functions/get_order.yaml
    """
    from asstctl.core.errors import Refused, WrongUsage
    from asstctl.workspace.schema import FOLDER, chosen, stale_schemas, write_schemas

    schemas = chosen(name)
    if out is None:
        if check or name is None:
            what = "--check compares files" if check else "several schemas make several files"
            raise WrongUsage(what, hint=session.typed(f"schema --out {FOLDER}{' --check' if check else ''}"))
        session.result(schemas[name])
        return ExitCode.DONE
    if not check:
        written = write_schemas(out, schemas)
        session.remark(f"Wrote {', '.join(written)} to {out}." if written else f"{out} is up to date.")
        return ExitCode.DONE
    if stale := stale_schemas(out, schemas):
        words = ["schema", *([name] if name else []), "--out", shlex.quote(str(out))]
        raise Refused(
            f"{out} is not up to date", detail=f"differs: {', '.join(stale)}", hint=session.typed(" ".join(words))
        )
    session.remark(f"{out} is up to date.")
    return ExitCode.DONE
