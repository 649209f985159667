"""`asstctl test`"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from asstctl.cli.options import format_option, shared_command
from asstctl.cli.session import Session
from asstctl.core.exit_codes import ExitCode
from asstctl.render import TEXT

if TYPE_CHECKING:
    from asstctl.conversation.case import Case


@shared_command("test")
@click.argument("files", nargs=-1, metavar="[FILE|FOLDER]...")
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(1, 256),
    default=8,
    show_default=True,
    envvar="ASSTCTL_JOBS",
    help="How many conversations run at once.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(0.1),
    default=120.0,
    show_default=True,
    metavar="SECONDS",
    envvar="ASSTCTL_TIMEOUT",
    help="How long one turn may take.",
)
@click.option("--no-code", is_flag=True, envvar="ASSTCTL_NO_CODE", help="Skip conversations whose stubs run code.")
@click.option("--strict", is_flag=True, envvar="ASSTCTL_STRICT", help="Warnings are errors.")
@format_option("SuiteResult")
def command(
    session: Session, files: tuple[str, ...], jobs: int, timeout: float, no_code: bool, strict: bool, form: str
) -> ExitCode:
    """Talk to the assistants in scripted conversations and check how they behave.

    On a local target the files are what is tested; elsewhere an assistant that differs from its files is
    refused.

    \b
    Examples:
      asstctl test
      asstctl test assistants/schedule.convo.yaml
      asstctl test --target staging -j 20
    """
    import asyncio

    from asstctl.core.conversation import CaseResult
    from asstctl.render.test import Columns, case_text, columns_for
    from asstctl.workspace.test import Testing, test

    columns = Columns()

    def started(cases: "Sequence[Case]") -> None:
        nonlocal columns
        columns = columns_for((case.assistant, case.id) for case in cases)

    def ended(result: CaseResult) -> None:
        if form == TEXT:
            session.result(case_text(result, columns, session.look))

    testing = Testing(
        files,
        jobs=jobs,
        turn_timeout=timeout,
        allow_code=not no_code,
        strict=strict,
        on_start=started,
        on_result=ended,
        on_warning=lambda warning: session.remark(f"warning: {warning}"),
    )
    suite = asyncio.run(test(session.workspace, testing))
    session.show(suite, form)
    return suite.exit_code
