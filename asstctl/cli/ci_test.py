"""`asstctl ci test`"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from asstctl.cli import offers
from asstctl.cli.options import format_option, shared_command
from asstctl.cli.pipelines import InPipeline, comment_option, place_options
from asstctl.cli.sections import Sectioned
from asstctl.cli.session import Session
from asstctl.cli.test import played
from asstctl.cli.test_options import BARE, SECTIONS, check_options, choice_of, test_options, testing_of
from asstctl.core.errors import WrongUsage
from asstctl.core.exit_codes import ExitCode
from asstctl.core.pipeline import SuiteReport
from asstctl.render import view

if TYPE_CHECKING:
    from asstctl.workspace.conversations.case_selection import Selection
    from asstctl.workspace.conversations.options import Testing

_FILES = {"html": "test.html", "junit": "junit.xml", "jsonl": "results.jsonl"}
_LOOKING = {"listed": "--list", "checked": "--check"}
"""Options of `test` that play nothing, which is nothing to tell a pull request."""

_FOR_A_FORK = (
    "This pull request comes out of a fork: its conversations are had on a local target, without code of theirs, "
    "without judges, and with tapes in the place of models."
)


@shared_command("ci test", cls=Sectioned, sections={"In a pipeline": ("label", "out", "policy"), **SECTIONS}, bare=BARE)
@click.argument("places", nargs=-1, metavar="[FILE|FOLDER|FILE::ID]...", shell_complete=offers.place)
@place_options
@comment_option
@test_options
@format_option("SuiteResult")
def command(session: Session, label: str | None, out: Path | None, policy: str, form: str, **values: Any) -> ExitCode:
    """Have conversations for a pull request, and say there how they went. Every option of `asstctl test` is one here.

    Reports are left in DIR, and what was not met is shown at its line. For a pull request out of a fork they are had
    on a local target, without code of theirs, without judges, and with tapes in the place of models.

    \b
    Examples:
      asstctl ci test
      asstctl ci test --target staging --candidate --affected
      asstctl ci test --tag smoke --no-skips --comment changes
    """
    from asstctl.workspace.ci.annotations import of_suite

    with InPipeline(session, "test", label=label, out=out, form=form, policy=policy) as run:
        check_options(values)
        if option := next((option for name, option in _LOOKING.items() if values[name]), None):
            raise WrongUsage(f"{option} has no result to tell of", hint=f"asstctl test {option}")
        testing, selection = _testing(session, run, values)
        files = {name: values[name] or run.out.file(file) for name, file in _FILES.items()}
        suite = played(session, testing, form, selection, {**values, **files})
        report = SuiteReport(suite, run.place)
        text = view(report, "markdown")(report)
        whole = view(suite, "markdown")(suite)
        run.out.write("test.md", whole)
        run.annotate(of_suite(suite))
        run.summary(whole, text)
        run.comment(text, worth_it=suite.exit_code is not ExitCode.DONE)
        if suite.exit_code is not ExitCode.DONE:
            run.outputs({"failure-reason": "test-failed" if suite.exit_code is ExitCode.FAILED else "no-verdict"})
        return suite.exit_code


def _testing(session: Session, run: InPipeline, values: dict[str, Any]) -> "tuple[Testing, Selection]":
    """The run as it was asked for, or as much of it as may be had for a fork."""
    from asstctl.workspace.ci.forks import harmless, local_target
    from asstctl.workspace.conversations.case_selection import Selection

    if run.is_fork:
        session.remark(_FOR_A_FORK)
        run.summary(f"{_FOR_A_FORK}\n")
        session.work_on(local_target(session.workspace))
    choice = choice_of(values)
    selection = Selection(choice, session.workspace.target.name)
    testing = testing_of(values, choice, select=selection, on_warning=session.warn)
    return (harmless(testing, session.workspace) if run.is_fork else testing), selection
