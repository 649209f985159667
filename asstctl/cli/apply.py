"""`asstctl apply`"""

from pathlib import Path
from typing import Any

import click

from asstctl.cli.options import (
    choice_options,
    conduct_options,
    expect_option,
    format_option,
    gate_options,
    shared_command,
    yes_option,
)
from asstctl.cli.session import Session
from asstctl.core.errors import WrongUsage
from asstctl.core.exit_codes import ExitCode


@shared_command("apply")
@click.argument("plan_file", required=False, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@yes_option
@choice_options
@expect_option
@conduct_options
@gate_options
@format_option("Applied")
def command(
    session: Session, plan_file: Path | None, yes: bool, expect: str | None, form: str, **options: Any
) -> ExitCode:
    """Make the target match the files. Shows the plan and asks first.

    What was changed on the target outside of git blocks its object until you say which side wins.

    With PLAN_FILE, which `asstctl plan --out` saved, nothing is asked: the file is the approval. The plan is made
    anew, from the files, for the saved plan's target and with its options, and carried out if nothing is in it that
    the saved one does not have. Otherwise the difference is shown, and nothing is changed. --expect does the same
    with the digest alone.

    With --gate, the conversations with that tag whose assistant the plan changes are had on copies first, which are
    removed again. Unless all of them pass, nothing is changed.

    \b
    Examples:
      asstctl apply
      asstctl apply --yes --target prod
      asstctl apply --prune --max-deletes 5
      asstctl apply --overwrite-drift assistant.guagua.temperature
      asstctl apply --gate smoke --yes
      asstctl apply plan.json
    """
    from asstctl.cli.applying import Conducting, run_apply
    from asstctl.workspace.apply import apply
    from asstctl.workspace.choices import Choices
    from asstctl.workspace.saved_plans import agreement_of

    conducting = Conducting.taken_from(options, yes=yes or bool(plan_file or expect), form=form)
    choices = Choices(**options)
    agreement = agreement_of(plan_file, expect)
    if plan_file and agreement:
        if choices != Choices():
            raise WrongUsage(
                "a saved plan has its own choices", hint="leave --only, --prune and their like out, or plan again"
            )
        choices = agreement.choices
        if session.shared.target is None and agreement.approved:
            session.work_on(agreement.approved.target)
    return run_apply(
        session,
        lambda conduct: apply(session.workspace, conduct, choices, agreement=agreement),
        name="apply",
        conducting=conducting,
        options=choices.options,
    )
