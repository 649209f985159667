"""`asstctl undo`"""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from asstctl.cli import offers
from asstctl.cli.options import format_option, max_deletes_option, shared_command, yes_option
from asstctl.cli.session import Session
from asstctl.core.errors import WrongUsage
from asstctl.core.exit_codes import ExitCode
from asstctl.render import common_formats

if TYPE_CHECKING:
    from asstctl.core.outcome import Applied
    from asstctl.workspace.apply import Conduct


@shared_command("undo")
@click.argument("run", required=False, shell_complete=offers.run)
@click.option(
    "--journal",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Take back the run of this journal, say of a CI job.",
)
@yes_option
@max_deletes_option
@format_option("Applied", "Runs", of=common_formats)
def command(
    session: Session, run: str | None, journal: Path | None, yes: bool, max_deletes: int | None, form: str
) -> ExitCode:
    """Take back what an earlier apply did. Without RUN: list the runs.

    Shows the plan and asks first. What somebody changed since is left alone, and no more is deleted than the target
    allows. What was deleted is made again with a new id; files that were deleted are not on the provider any more,
    and git has them.

    \b
    Examples:
      asstctl undo
      asstctl undo 20261122-163000-k3x9
      asstctl undo 20261122-163000-k3x9 --max-deletes 12
      asstctl undo --journal artifacts/20261122-163000-k3x9.jsonl --yes
    """
    from asstctl.workspace.undo import record_of, runs, undo, way_on, workspace_for

    if run and journal:
        raise WrongUsage("undo takes a run or a journal, not both", hint="leave one of them out")
    if not run and not journal:
        found = runs(session.workspace)
        session.show(found, form)
        if found.runs:
            session.say(f"To take one back: {session.typed('undo RUN')}")
        return ExitCode.DONE

    from asstctl.cli.applying import Conducting, run_apply
    from asstctl.core.outcome import OutcomeStatus
    from asstctl.workspace.choices import Choices

    choices = Choices(max_deletes=max_deletes)
    record = record_of(session.workspace, run, journal)
    workspace_for(session.workspace, record.header)
    session.work_on(record.header.target)
    carried_out = False

    async def use_case(conduct: "Conduct") -> "Applied":
        nonlocal carried_out
        applied = await undo(session.workspace, record, conduct, choices, named=named)
        carried_out = applied.report is not None and bool(applied.report.with_status(OutcomeStatus.APPLIED))
        return applied

    named = record.header.run if journal is None else f"--journal {shlex.quote(str(journal))}"
    code = run_apply(
        session,
        use_case,
        name="undo",
        conducting=Conducting(yes, form),
        typed=session.typed(f"undo {named}"),
        options=choices.options,
    )
    for line in way_on(record) if carried_out else ():
        session.remark(line)
    return code
