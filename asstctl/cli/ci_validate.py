"""`asstctl ci validate`"""

from pathlib import Path

import click

from asstctl.cli.options import format_option, shared_command
from asstctl.cli.pipelines import InPipeline, place_options
from asstctl.cli.session import Session
from asstctl.core.exit_codes import ExitCode
from asstctl.render import TEXT, view

_ONLY_LOOKED_AT = (
    "This pull request comes out of a fork: its files are checked and its conversations may be had on a local target. "
    "No other target is asked anything, and nothing of it is run."
)


@shared_command("ci validate")
@place_options
@format_option("Validation")
@click.option("--strict", is_flag=True, envvar="ASSTCTL_STRICT", help="Warnings are errors.")
def command(session: Session, label: str | None, out: Path | None, form: str, strict: bool) -> ExitCode:
    """Check all files, and show what is wrong at their lines. Sends nothing.

    validate.sarif in DIR is for code scanning.

    \b
    Examples:
      asstctl ci validate
      asstctl ci validate --strict --out ci
    """
    with InPipeline(session, "validate", label=label, out=out, form=form) as run:
        return _validated(session, run, form, strict=strict)


def validated_instead(session: Session, run: InPipeline) -> ExitCode:
    """What is done for a fork, where more was asked for."""
    session.remark(_ONLY_LOOKED_AT)
    run.summary(f"{_ONLY_LOOKED_AT}\n")
    return _validated(session, run, TEXT, strict=False)


def _validated(session: Session, run: InPipeline, form: str, *, strict: bool) -> ExitCode:
    from asstctl.workspace.ci.annotations import validation_in_repository
    from asstctl.workspace.validate import validate

    found = validate(session.workspace, strict=strict)
    session.show(found, form)
    text = view(found, "markdown")(found)
    placed = validation_in_repository(found, run.folder)
    run.out.write("validate.md", text)
    run.out.write("validate.sarif", view(placed, "sarif")(placed))
    run.annotate(found.diagnostics)
    run.summary(text)
    if found.failed:
        run.outputs({"failure-reason": "invalid-input"})
    return ExitCode.FAILED if found.failed else ExitCode.DONE
