"""`asstctl test merge`"""

from pathlib import Path
from typing import Any

import click

from asstctl.cli.options import format_option, shared_command
from asstctl.cli.session import Session
from asstctl.core.exit_codes import ExitCode
from asstctl.render import TEXT

_REPORT = click.Path(path_type=Path, dir_okay=False)


@shared_command("test merge")
@click.argument(
    "files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path, dir_okay=False, exists=True)
)
@click.option("--html", type=_REPORT, metavar="FILE", envvar="ASSTCTL_HTML", help="Write one HTML page of all.")
@click.option("--junit", type=_REPORT, metavar="FILE", envvar="ASSTCTL_JUNIT", help="Write JUnit XML of all.")
@click.option("--jsonl", type=_REPORT, metavar="FILE", envvar="ASSTCTL_JSONL", help="Write JSON Lines of all.")
@format_option("SuiteResult")
def command(session: Session, files: tuple[Path, ...], form: str, **reports: Any) -> ExitCode:
    """Join the JSON Lines of several runs, such as the shards of one suite, into one result.

    It ends as one run of all of them would have ended. A conversation that was planned and is in no file was not run.

    \b
    Examples:
      asstctl test merge shard-1.jsonl shard-2.jsonl
      asstctl test merge shard-*.jsonl --junit junit.xml
    """
    from asstctl.cli.reports import Reports
    from asstctl.render.test import suite_text
    from asstctl.workspace.conversations.merge import merged

    suite = merged(files)
    Reports(reports).close(suite)
    if form == TEXT:
        session.result(suite_text(suite, session.look))
    else:
        session.show(suite, form)
    return suite.exit_code
